using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>
/// PBKDF2 (RFC 8018 §5.2) in the form of passlib: <c>$pbkdf2-sha256$rounds$salt$hash</c>, base64 with a dot for plus and without padding.
/// </summary>
internal sealed class Pbkdf2Hash : ImportedHash
{
    private readonly HashAlgorithmName _algorithm;
    private readonly int _rounds;
    private readonly byte[] _salt;

    private Pbkdf2Hash(HashAlgorithmName algorithm, int rounds, byte[] salt, byte[] hash) =>
        (_algorithm, _rounds, _salt, Expected) = (algorithm, rounds, salt, hash);

    protected override byte[] Expected { get; }

    public static Pbkdf2Hash? Parse(string[] parts, HashAlgorithmName algorithm, int length) =>
        parts.Length == 5
        && TryNumber(parts[2], 1_000, 10_000_000, out var rounds)
        && FromBase64(parts[3], '.') is { Length: >= 8 and <= 128 } salt
        && FromBase64(parts[4], '.') is { } hash
        && hash.Length == length
            ? new Pbkdf2Hash(algorithm, rounds, salt, hash)
            : null;

    protected override byte[] Hash(Secret secret) =>
        Rfc2898DeriveBytes.Pbkdf2(secret.RevealUtf8(), _salt, _rounds, _algorithm, Expected.Length);
}

using Konscious.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>Argon2id (RFC 9106) in the PHC string form: <c>$argon2id$v=19$m=..,t=..,p=..$salt$hash</c>.</summary>
internal sealed class Argon2Hash : ImportedHash
{
    private const int MaxKibibytes = 256 * 1024;

    private readonly int _kibibytes;
    private readonly int _passes;
    private readonly int _lanes;
    private readonly byte[] _salt;

    private Argon2Hash(int kibibytes, int passes, int lanes, byte[] salt, byte[] hash) =>
        (_kibibytes, _passes, _lanes, _salt, Expected) = (kibibytes, passes, lanes, salt, hash);

    protected override byte[] Expected { get; }

    public static Argon2Hash? Parse(string[] parts) =>
        parts is [_, _, "v=19", { } costs, { } saltText, { } hashText]
        && costs.Split(',') is [['m', '=', .. var m], ['t', '=', .. var t], ['p', '=', .. var p]]
        && TryNumber(t, 1, 16, out var passes)
        && TryNumber(p, 1, 16, out var lanes)
        && TryNumber(m, 8 * lanes, MaxKibibytes, out var kibibytes)
        && FromBase64(saltText, '+') is { Length: >= 8 and <= 64 } salt
        && FromBase64(hashText, '+') is { Length: >= 16 and <= 64 } hash
            ? new Argon2Hash(kibibytes, passes, lanes, salt, hash)
            : null;

    protected override byte[] Hash(Secret secret)
    {
        using var argon2 = new Argon2id(secret.RevealUtf8().ToArray())
        {
            Salt = _salt,
            MemorySize = _kibibytes,
            Iterations = _passes,
            DegreeOfParallelism = _lanes,
        };

        return argon2.GetBytes(Expected.Length);
    }
}

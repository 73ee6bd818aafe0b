using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Countersign.OAuth;

/// <summary>
/// The stored form of a secret: salted SHA-256 for the 256 random bits of secrets that we made, or an imported password hash, which
/// is slow and is replaced by the fast form once its secret has been seen.
/// </summary>
[DebuggerDisplay("(secret hash)")]
public sealed class SecretHash
{
    /// <summary>A longer secret is refused before any hashing.</summary>
    public const int MaxSecretLength = 512;

    private const string FastPrefix = "$sha256$";
    private const int SaltLength = 16;

    // Compared with when there is no client, so that an unknown client costs what a known one costs.
    private static readonly SecretHash Nothing =
        new(RandomNumberGenerator.GetBytes(SaltLength), RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes));

    private readonly byte[] _salt;
    private readonly byte[] _hash;
    private readonly ImportedHash? _imported;

    private SecretHash(byte[] salt, byte[] hash)
    {
        (_salt, _hash) = (salt, hash);
        Stored = $"{FastPrefix}{StrictBase64Url.Encode(salt)}${StrictBase64Url.Encode(hash)}";
    }

    private SecretHash(ImportedHash imported, string stored) => (_salt, _hash, _imported, Stored) = ([], [], imported, stored);

    /// <summary>Whether a comparison takes milliseconds, on purpose.</summary>
    public bool IsSlow => _imported is not null;

    /// <summary>The self-describing text that is kept.</summary>
    [JsonIgnore]
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public string Stored { get; }

    /// <summary>The fast form, for a secret of 112 bits or more.</summary>
    public static SecretHash Create(Secret secret)
    {
        ArgumentOutOfRangeException.ThrowIfZero(secret.Length, nameof(secret));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(secret.Length, MaxSecretLength, nameof(secret));
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        var hash = new byte[SHA256.HashSizeInBytes];
        Hash(salt, secret.RevealUtf8(), hash);

        return new SecretHash(salt, hash);
    }

    /// <summary>Reads the fast form or an imported one; false for every other form and for costs beyond the bounds.</summary>
    public static bool TryParse(string stored, [NotNullWhen(true)] out SecretHash? hash)
    {
        hash = stored.StartsWith(FastPrefix, StringComparison.Ordinal) ? ParseFast(stored)
            : ImportedHash.Parse(stored) is { } imported ? new SecretHash(imported, stored)
            : null;

        return hash is not null;
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(Secret secret)
    {
        if (secret.Length is 0 or > MaxSecretLength)
        {
            return false;
        }

        if (_imported is not null)
        {
            return _imported.Matches(secret);
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(_salt, secret.RevealUtf8(), hash);

        return CryptographicOperations.FixedTimeEquals(hash, _hash);
    }

    /// <summary>The work of <see cref="Matches"/> with nothing to match: an unknown client takes as long as a wrong secret.</summary>
    public static bool MatchesNothing(Secret secret)
    {
        _ = Nothing.Matches(secret);

        return false;
    }

    public override string ToString() => "(secret hash)";

    private static SecretHash? ParseFast(string stored)
    {
        var parts = stored.Split('$');

        return parts.Length == 4
            && StrictBase64Url.Decode(parts[2]) is { Length: SaltLength } salt
            && StrictBase64Url.Decode(parts[3]) is { Length: SHA256.HashSizeInBytes } hash
            ? new SecretHash(salt, hash)
            : null;
    }

    // The salt has one length, so salt and secret cannot be read as another pair.
    private static void Hash(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> secret, Span<byte> hash)
    {
        Span<byte> input = stackalloc byte[SaltLength + MaxSecretLength];
        salt.CopyTo(input);
        secret.CopyTo(input[SaltLength..]);
        input = input[..(SaltLength + secret.Length)];
        SHA256.HashData(input, hash);
        CryptographicOperations.ZeroMemory(input);
    }
}

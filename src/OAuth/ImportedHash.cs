using System.Globalization;
using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>A password hash that another system made. Costs are bounded, since a comparison runs before the caller is known.</summary>
internal abstract class ImportedHash
{
    /// <summary>The hash in a self-describing text, or null when the form is not known or its costs are out of bounds.</summary>
    public static ImportedHash? Parse(string stored)
    {
        if (stored.Length > 512)
        {
            return null;
        }

        var parts = stored.Split('$');

        return parts is not ["", { } kind, ..] ? null : kind switch
        {
            "pbkdf2-sha256" => Pbkdf2Hash.Parse(parts, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes),
            "pbkdf2-sha512" => Pbkdf2Hash.Parse(parts, HashAlgorithmName.SHA512, SHA512.HashSizeInBytes),
            "2a" or "2b" or "2y" => BcryptHash.Parse(stored, parts),
            "argon2id" => Argon2Hash.Parse(parts),
            _ => null,
        };
    }

    public bool Matches(Secret secret) => CryptographicOperations.FixedTimeEquals(Hash(secret), Expected);

    protected abstract byte[] Expected { get; }

    /// <summary>The hash of the secret, or nothing when this form cannot tell the secret from a shorter one.</summary>
    protected abstract byte[] Hash(Secret secret);

    /// <summary>A decimal number as it is canonically written, within bounds.</summary>
    protected static bool TryNumber(ReadOnlySpan<char> text, int least, int most, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
        && value >= least && value <= most && text[0] != '0';

    /// <summary>Base64 without padding whose two last characters are these, strictly.</summary>
    protected static byte[]? FromBase64(string text, char sixtyTwo) =>
        text.AsSpan().ContainsAny('-', '_') ? null : StrictBase64Url.Decode(text.Replace(sixtyTwo, '-').Replace('/', '_'));
}

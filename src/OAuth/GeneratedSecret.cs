using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.OAuth;

/// <summary>
/// Secrets that we make: a prefix that names the kind, 256 random bits and a checksum, so that a leak can be found by a regular
/// expression and a typing mistake by arithmetic. All characters pass unencoded through a Basic header.
/// </summary>
public static class GeneratedSecret
{
    public const string ClientSecret = "cs_secret_";
    public const string AppPassword = "cs_app_";
    public const string ApiKey = "cs_key_";

    /// <summary>For secret scanners: matches every generated secret wherever it stands in a text.</summary>
    public const string Pattern = "cs_(?:secret|app|key)_[0-9A-Za-z]{49}";

    private const int RandomLength = 43;
    private const int ChecksumLength = 6;

    // Fewer characters leave too little unknown beside a hint.
    private const int ShortestWithHint = 20;

    private static readonly SearchValues<byte> AnyDigit = SearchValues.Create(Digits);

    private static ReadOnlySpan<byte> Digits => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8;

    public static Secret Create(string prefix)
    {
        Span<byte> random = stackalloc byte[32];
        Span<byte> text = stackalloc byte[prefix.Length + RandomLength + ChecksumLength];
        var checkedLength = prefix.Length + RandomLength;

        RandomNumberGenerator.Fill(random);
        Encoding.ASCII.GetBytes(prefix, text);
        WriteBase62(random, text[prefix.Length..checkedLength]);
        WriteChecksum(text[..checkedLength], text[checkedLength..]);

        var secret = Secret.FromUtf8(text);
        CryptographicOperations.ZeroMemory(random);
        CryptographicOperations.ZeroMemory(text);

        return secret;
    }

    /// <summary>Whether the text has the form of a secret of this kind, its checksum included; says nothing about its being good.</summary>
    public static bool HasForm(ReadOnlySpan<byte> text, string prefix)
    {
        var checkedLength = prefix.Length + RandomLength;

        if (text.Length != checkedLength + ChecksumLength || !Ascii.Equals(text[..prefix.Length], prefix)
            || text[prefix.Length..checkedLength].ContainsAnyExcept(AnyDigit))
        {
            return false;
        }

        Span<byte> checksum = stackalloc byte[ChecksumLength];
        WriteChecksum(text[..checkedLength], checksum);

        return text[checkedLength..].SequenceEqual(checksum);
    }

    /// <summary>The last four characters, by which an operator tells one secret from another; empty for a short one.</summary>
    public static string Hint(Secret secret) => secret.Reveal() is { Length: >= ShortestWithHint } text ? text[^4..] : "";

    // The bytes as one big number in 43 digits, the most significant first; 62^43 > 2^256, so nothing is lost or folded.
    private static void WriteBase62(ReadOnlySpan<byte> bytes32, Span<byte> text)
    {
        Span<uint> limbs = stackalloc uint[8];

        for (var i = 0; i < limbs.Length; i++)
        {
            limbs[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes32[(4 * i)..]);
        }

        for (var at = text.Length - 1; at >= 0; at--)
        {
            ulong remainder = 0;

            for (var i = 0; i < limbs.Length; i++)
            {
                (var quotient, remainder) = Math.DivRem((remainder << 32) | limbs[i], 62);
                limbs[i] = (uint)quotient;
            }

            text[at] = Digits[(int)remainder];
        }

        limbs.Clear();
    }

    private static void WriteChecksum(ReadOnlySpan<byte> text, Span<byte> checksum)
    {
        var rest = Crc32(text);

        for (var at = checksum.Length - 1; at >= 0; at--)
        {
            (rest, var digit) = Math.DivRem(rest, 62);
            checksum[at] = Digits[(int)digit];
        }
    }

    // The common CRC-32 (reflected 0x04C11DB7), as zip and zlib have it; the texts are short, so without a table.
    private static uint Crc32(ReadOnlySpan<byte> text)
    {
        var crc = uint.MaxValue;

        foreach (var b in text)
        {
            crc ^= b;

            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
            }
        }

        return ~crc;
    }
}

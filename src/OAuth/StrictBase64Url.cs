using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Countersign.OAuth;

/// <summary>
/// Base64url as JOSE writes it (RFC 7515 §2): no padding, no white space, no line breaks, and one text only for each value
/// (RFC 4648 §3.5, unused bits are zero).
/// </summary>
public static class StrictBase64Url
{
    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <summary>Decodes the whole text, or nothing: false also when the destination is too small.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> destination, out int written)
    {
        written = 0;

        // The platform's decoder skips white space and takes padding, so the alphabet is checked first. It refuses unused bits itself.
        if (!text.ContainsAnyExcept(Alphabet) && Base64Url.DecodeFromUtf8(text, destination, out _, out written) == OperationStatus.Done)
        {
            return true;
        }

        written = 0;

        return false;
    }

    /// <summary>Writes the text of the bytes and returns its length, <see cref="EncodedLength"/>.</summary>
    public static int Encode(ReadOnlySpan<byte> bytes, Span<byte> destination) => Base64Url.EncodeToUtf8(bytes, destination);

    /// <summary>The text of the bytes.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>The length of the text of so many bytes.</summary>
    public static int EncodedLength(int bytes) => Base64Url.GetEncodedLength(bytes);

    /// <summary>The number of bytes in a well-formed text of so many characters.</summary>
    public static int DecodedLength(int text) => (int)((long)text * 3 / 4);

    /// <summary>Decodes a text held as characters; null when it is not strict.</summary>
    internal static byte[]? Decode(ReadOnlySpan<char> text)
    {
        var bytes = new byte[text.Length];
        var decoded = new byte[DecodedLength(text.Length)];

        return Ascii.FromUtf16(text, bytes, out _) == OperationStatus.Done && TryDecode(bytes, decoded, out _) ? decoded : null;
    }
}

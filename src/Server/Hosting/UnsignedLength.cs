using System.Text;

namespace Countersign.Server.Hosting;

/// <summary>
/// Decodes Content-Length so that a sign before the digits is no number (RFC 9110 §8.6): the web server's parser takes one, and another reader
/// of the same head would not (R5).
/// </summary>
internal sealed class UnsignedLength : ASCIIEncoding
{
    public static readonly Encoding Instance = new UnsignedLength();

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        // The web server leaves room for one character more than it takes.
        var count = base.GetChars(bytes[..Math.Min(bytes.Length, chars.Length)], chars);
        chars[..count].Replace('+', '?');

        return count;
    }
}

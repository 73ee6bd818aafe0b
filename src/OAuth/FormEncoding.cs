using System.Buffers;
using System.Text.Unicode;

namespace Countersign.OAuth;

/// <summary>Text in <c>application/x-www-form-urlencoded</c> (RFC 6749 App. B), decoded in place and strictly.</summary>
internal static class FormEncoding
{
    public const string BadEscape = "a percent escape is malformed";
    public const string NotUtf8 = "the text is not UTF-8";
    public const string HasControl = "the text holds a control character";

    private static readonly SearchValues<byte> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (byte)c), 0x7F]);

    /// <summary>
    /// Decodes one name or value in place, and says what is wrong with it, or null. What stands in <paramref name="text"/>
    /// unescaped has passed <see cref="Fault"/> before.
    /// </summary>
    public static string? Decode(Span<byte> text, out int length)
    {
        length = text.Length;
        var at = text.IndexOfAny((byte)'%', (byte)'+');

        if (at < 0)
        {
            return null;
        }

        var escaped = false;
        var to = at;

        for (; at < text.Length; at++)
        {
            var c = text[at];

            if (c == '%')
            {
                if (at + 2 >= text.Length || !TryHex(text[at + 1], out var high) || !TryHex(text[at + 2], out var low))
                {
                    return BadEscape;
                }

                c = (byte)((high << 4) | low);
                at += 2;
                escaped = true;
            }
            else if (c == '+')
            {
                c = (byte)' ';
            }

            text[to++] = c;
        }

        length = to;

        return escaped ? Fault(text[..to]) : null;
    }

    /// <summary>What is wrong with text that must be UTF-8 without control characters (C0, DEL, C1), or null.</summary>
    public static string? Fault(ReadOnlySpan<byte> text)
    {
        if (!text.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
        {
            return null;
        }

        if (!Utf8.IsValid(text))
        {
            return NotUtf8;
        }

        return text.ContainsAny(Controls) || HasC1(text) ? HasControl : null;
    }

    // U+0080 to U+009F are C2 80 to C2 9F.
    private static bool HasC1(ReadOnlySpan<byte> text)
    {
        for (var at = text.IndexOf((byte)0xC2); at >= 0; at = text.IndexOf((byte)0xC2))
        {
            if (text[at + 1] <= 0x9F)
            {
                return true;
            }

            text = text[(at + 2)..];
        }

        return false;
    }

    private static bool TryHex(byte c, out int value)
    {
        value = c switch
        {
            >= (byte)'0' and <= (byte)'9' => c - '0',
            >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
            >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
            _ => -1,
        };

        return value >= 0;
    }
}

using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Countersign.OAuth;

/// <summary>Writes JSON (RFC 8259) as UTF-8 into a buffer that is known to be large enough.</summary>
internal ref struct JsonText(Span<byte> destination)
{
    // At most this many bytes for one UTF-16 unit: \u001F.
    private const int LongestEscape = 6;

    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    private readonly Span<byte> _destination = destination;

    public int Length { get; private set; }

    /// <summary>An upper bound for what is written for a text.</summary>
    public static int MaxLength(string text) => 2 + (text.AsSpan().ContainsAnyExcept(Plain) ? LongestEscape * text.Length : text.Length);

    public void Raw(ReadOnlySpan<byte> json)
    {
        json.CopyTo(_destination[Length..]);
        Length += json.Length;
    }

    public void String(string text)
    {
        Raw("\""u8);

        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            // RFC 8259 §7: quotation mark, backslash and control characters are escaped, all else stands as it is.
            var at = IndexOfEscaped(rest);
            var plain = at < 0 ? rest : rest[..at];
            Length += Encoding.UTF8.GetBytes(plain, _destination[Length..]);
            rest = rest[plain.Length..];

            if (at >= 0)
            {
                Escape(rest[0]);
                rest = rest[1..];
            }
        }

        Raw("\""u8);
    }

    public void Number(long value)
    {
        Utf8Formatter.TryFormat(value, _destination[Length..], out var written);
        Length += written;
    }

    public void String(Guid value)
    {
        Raw("\""u8);
        value.TryFormat(_destination[Length..], out var written);
        Length += written;
        Raw("\""u8);
    }

    public void String(TokenId value)
    {
        Raw("\""u8);
        value.WriteText(_destination.Slice(Length, TokenId.TextLength));
        Length += TokenId.TextLength;
        Raw("\""u8);
    }

    private static int IndexOfEscaped(ReadOnlySpan<char> text)
    {
        var at = text.IndexOfAnyExcept(Plain);

        // Beyond ASCII nothing is escaped; look further only in a text that has such characters.
        while (at >= 0 && text[at] >= 0x7F)
        {
            var next = text[(at + 1)..].IndexOfAnyExcept(Plain);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return at;
    }

    private void Escape(char c)
    {
        Raw("\\"u8);

        if (c is '"' or '\\')
        {
            _destination[Length++] = (byte)c;
        }
        else
        {
            Raw("u00"u8);
            _destination[Length++] = (byte)(c < 0x10 ? '0' : '1');
            _destination[Length++] = "0123456789abcdef"u8[c & 0xF];
        }
    }
}

using System.Globalization;
using System.Text;

namespace Countersign.Cel;

/// <summary>Reads a text or bytes from the quotation mark on (cel-spec, "String and Bytes Values").</summary>
internal sealed class TextLiteral(string text, int quoteAt, bool isRaw, bool isBytes)
{
    private readonly StringBuilder _characters = new();
    private readonly List<byte> _octets = [];
    private readonly int _start = quoteAt;
    private int _at = quoteAt;

    public SyntaxFault? Fault { get; private set; }

    /// <summary>Behind the closing quotation mark.</summary>
    public int At => _at;

    public CelValue? Read()
    {
        var quote = text[_start];
        var isTriple = string.CompareOrdinal(text, _start, new string(quote, 3), 0, 3) == 0;
        var close = new string(quote, isTriple ? 3 : 1);
        _at += close.Length;

        while (string.CompareOrdinal(text, _at, close, 0, close.Length) != 0)
        {
            if (_at >= text.Length)
            {
                return Fail(_start, $"the text does not end: close it with {close}");
            }

            if (!isTriple && text[_at] is '\n' or '\r')
            {
                return Fail(_start, "a text ends on its line: write \\n, or put three quotation marks around it");
            }

            if (text[_at] == '\\' && !isRaw)
            {
                if (!Escape())
                {
                    return null;
                }
            }
            else
            {
                Rune.DecodeFromUtf16(text.AsSpan(_at), out var rune, out var length);
                Add(rune);
                _at += length;
            }
        }

        _at += close.Length;

        return isBytes ? CelValue.Of(_octets.ToArray()) : CelValue.Of(_characters.ToString());
    }

    private bool Escape()
    {
        var escape = _at + 1 < text.Length ? text[_at + 1] : '\0';

        switch (escape)
        {
            case 'x' or 'X':
                return Number(2, 2, NumberStyles.AllowHexSpecifier);
            case 'u' when !isBytes:
                return Number(2, 4, NumberStyles.AllowHexSpecifier);
            case 'U' when !isBytes:
                return Number(2, 8, NumberStyles.AllowHexSpecifier);
            case >= '0' and <= '3':
                return Number(1, 3, null);
        }

        var at = "abfnrtv\\?\"'`".IndexOf(escape, StringComparison.Ordinal);

        if (at < 0)
        {
            Fail(_at, isBytes && escape is 'u' or 'U'
                ? "bytes are not code points: write \\x and two digits for each"
                : "there is no such escape: write \\\\ for a backslash, or r before the quotation mark");

            return false;
        }

        Add(new Rune("\a\b\f\n\r\t\v\\?\"'`"[at]));
        _at += 2;

        return true;
    }

    /// <summary>Digits after the escape, hexadecimal or octal: a code point, in bytes an octet.</summary>
    private bool Number(int skip, int digits, NumberStyles? hex)
    {
        var from = _at + skip;
        var number = from + digits <= text.Length ? text.AsSpan(from, digits) : [];
        var value = 0u;
        var isNumber = hex is null
            ? Octal(number, out value)
            : uint.TryParse(number, hex.Value, CultureInfo.InvariantCulture, out value);

        if (!isNumber || (!isBytes && !Rune.IsValid(value)))
        {
            Fail(_at, isNumber ? "this is no code point: write one from 0 to 10FFFF that is no surrogate" : $"the escape has {digits} digits: write them all");

            return false;
        }

        if (isBytes)
        {
            _octets.Add((byte)value);
        }
        else
        {
            Add(new Rune(value));
        }

        _at = from + digits;

        return true;
    }

    private static bool Octal(ReadOnlySpan<char> digits, out uint value)
    {
        value = 0;

        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7')
            {
                return false;
            }

            value = (value * 8) + (uint)(digit - '0');
        }

        return !digits.IsEmpty;
    }

    private void Add(Rune rune)
    {
        if (!isBytes)
        {
            _characters.Append(rune);

            return;
        }

        Span<byte> octets = stackalloc byte[4];
        _octets.AddRange(octets[..rune.EncodeToUtf8(octets)]);
    }

    private CelValue? Fail(int at, string message)
    {
        Fault = new SyntaxFault(at, Math.Min(at + 2, text.Length), message);

        return null;
    }
}

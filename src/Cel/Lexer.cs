using System.Buffers;
using System.Text;

namespace Countersign.Cel;

/// <summary>Text to tokens (cel-spec, "Syntax"). After a fault there is only the end.</summary>
internal sealed class Lexer(string text)
{
    private static readonly string[] s_symbols =
        ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ",", ".", "(", ")", "[", "]", "{", "}"];

    private static readonly SearchValues<char> s_quoted =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./- ");

    private int _at;

    public SyntaxFault? Fault { get; private set; }

    public List<Token> Read()
    {
        var tokens = new List<Token>();

        if (text.Length > CelLimits.MostBytes || Encoding.UTF8.GetByteCount(text) > CelLimits.MostBytes)
        {
            Fail(0, 0, $"the expression is over {CelLimits.MostBytes} bytes: shorten it, or make more than one of it");
        }
        else if (HalfPair() is >= 0 and var half)
        {
            Fail(half, half + 1, "this is half of a surrogate pair: write the whole character");
        }

        while (Fault is null && SkipBlanks())
        {
            tokens.Add(Next());
        }

        if (Fault is not null)
        {
            tokens.Clear();
        }

        tokens.Add(new Token(TokenKind.End, text.Length, text.Length, "the end"));

        return tokens;
    }

    private static bool StartsName(char character) => char.IsAsciiLetter(character) || character == '_';

    private static bool ContinuesName(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';

    private char Peek(int ahead = 0) => _at + ahead < text.Length ? text[_at + ahead] : '\0';

    private int HalfPair()
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return i;
            }

            i++;
        }

        return -1;
    }

    private bool SkipBlanks()
    {
        while (_at < text.Length)
        {
            if (text[_at] is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                _at++;
            }
            else if (text[_at] == '/' && Peek(1) == '/')
            {
                var end = text.IndexOf('\n', _at);
                _at = end < 0 ? text.Length : end;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private Token Next()
    {
        var start = _at;
        var first = text[_at];

        if (StartsText(out var isRaw, out var isBytes))
        {
            return Text(start, isRaw, isBytes);
        }

        if (char.IsAsciiDigit(first) || (first == '.' && char.IsAsciiDigit(Peek(1))))
        {
            return Number();
        }

        if (StartsName(first))
        {
            while (ContinuesName(Peek()))
            {
                _at++;
            }

            return new Token(TokenKind.Name, start, _at, text[start.._at]);
        }

        if (first == '`')
        {
            return Quoted();
        }

        foreach (var symbol in s_symbols)
        {
            if (string.CompareOrdinal(text, _at, symbol, 0, symbol.Length) == 0)
            {
                _at += symbol.Length;

                return new Token(TokenKind.Symbol, start, _at, symbol);
            }
        }

        return Fail(start, start + 1, first switch
        {
            '&' or '|' => $"write {first}{first}",
            '=' => "write == to compare",
            _ => "this character has no meaning here: remove it, or write it between quotation marks",
        });
    }

    // The prefixes r and b in either order and case.
    private bool StartsText(out bool isRaw, out bool isBytes)
    {
        (isRaw, isBytes) = (false, false);

        for (var ahead = 0; ahead < 3; ahead++)
        {
            switch (Peek(ahead))
            {
                case '"' or '\'':
                    _at += ahead;

                    return true;
                case 'r' or 'R' when !isRaw:
                    isRaw = true;
                    break;
                case 'b' or 'B' when !isBytes:
                    isBytes = true;
                    break;
                default:
                    return false;
            }
        }

        return false;
    }

    private Token Text(int start, bool isRaw, bool isBytes)
    {
        var reader = new TextLiteral(text, _at, isRaw, isBytes);

        if (reader.Read() is not { } value)
        {
            return Fail(reader.Fault!.Start, reader.Fault.End, reader.Fault.Message);
        }

        _at = reader.At;

        return new Token(TokenKind.Literal, start, _at, text[start.._at], value);
    }

    private Token Number()
    {
        var start = _at;
        var kind = TokenKind.Int;

        if (Peek() == '0' && Peek(1) is 'x' or 'X' && char.IsAsciiHexDigit(Peek(2)))
        {
            _at += 2;
            Skip(char.IsAsciiHexDigit);
        }
        else
        {
            Skip(char.IsAsciiDigit);

            if (Peek() == '.' && char.IsAsciiDigit(Peek(1)))
            {
                kind = TokenKind.Double;
                _at++;
                Skip(char.IsAsciiDigit);
            }

            if (Peek() is 'e' or 'E' && (char.IsAsciiDigit(Peek(1)) || (Peek(1) is '+' or '-' && char.IsAsciiDigit(Peek(2)))))
            {
                kind = TokenKind.Double;
                _at += 2;
                Skip(char.IsAsciiDigit);
            }
        }

        var end = _at;

        if (kind == TokenKind.Int && Peek() is 'u' or 'U')
        {
            kind = TokenKind.Uint;
            _at++;
        }

        return ContinuesName(Peek())
            ? Fail(start, _at + 1, "a number and a name run together: separate them, or put quotation marks around a text")
            : new Token(kind, start, _at, text[start..end]);
    }

    private Token Quoted()
    {
        var start = _at++;
        var end = text.IndexOf('`', _at);

        if (end <= _at || text.AsSpan(_at, end - _at).ContainsAnyExcept(s_quoted))
        {
            return Fail(start, end < 0 ? text.Length : end + 1, "between backticks stands a member's name of letters, digits, and _ . / - or spaces");
        }

        var name = text[_at..end];
        _at = end + 1;

        return new Token(TokenKind.Quoted, start, _at, name);
    }

    private void Skip(Func<char, bool> belongs)
    {
        while (belongs(Peek()))
        {
            _at++;
        }
    }

    private Token Fail(int start, int end, string message)
    {
        Fault ??= new SyntaxFault(start, end, message);
        _at = text.Length;

        return new Token(TokenKind.End, start, end, "");
    }
}

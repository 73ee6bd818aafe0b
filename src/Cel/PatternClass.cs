using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Countersign.Cel;

/// <summary>A class of characters in RE2 syntax, written out for .NET.</summary>
internal sealed partial class PatternClass(string pattern, int start)
{
    private const string Digits = "0-9";
    private const string Words = "0-9A-Za-z_";
    private const string Blanks = @"\t\n\f\r\x20";

    private static readonly Dictionary<string, string> s_posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["digit"] = Digits,
        ["lower"] = "a-z",
        ["upper"] = "A-Z",
        ["word"] = Words,
        ["space"] = @"\t\n\v\f\r\x20",
        ["xdigit"] = "0-9A-Fa-f",
    };

    private int _at = start + 1;

    public int At => _at;

    public string Fault { get; private set; } = "";

    /// <summary>What an escape stands for; null when it stands for nothing that is known.</summary>
    public static string? Escape(string pattern, ref int at)
    {
        var escape = at + 1 < pattern.Length ? pattern[at + 1] : '\0';

        switch (escape)
        {
            case 'd' or 'w' or 's':
                at += 2;

                return $"[{Named(escape)}]";
            case 'D' or 'W' or 'S':
                at += 2;

                return Negated(Named(char.ToLowerInvariant(escape)));
            case 'p' or 'P' when Category().Match(pattern, at) is { Success: true } match && match.Index == at:
                at += match.Length;
                var name = match.Groups["name"].Value;

                return escape == 'p' ? $@"\p{{{name}}}" : Negated($@"\p{{{name}}}");
            default:
                return Character(pattern, ref at) is { } character ? $@"\u{(int)character:X4}" : null;
        }
    }

    public string? Read()
    {
        var isNegated = _at < pattern.Length && pattern[_at] == '^';
        _at += isNegated ? 1 : 0;
        var first = _at;
        var set = new StringBuilder();

        while (_at < pattern.Length && (pattern[_at] != ']' || _at == first))
        {
            if (Item() is not { } item)
            {
                return null;
            }

            set.Append(item);
        }

        if (_at >= pattern.Length)
        {
            Fault = "a class of characters is not closed: add ]";

            return null;
        }

        _at++;

        return isNegated ? Negated(set.ToString()) : $"[{set}]";
    }

    [GeneratedRegex(@"\\[pP](?:(?<name>[CLMNPSZ])|\{(?<name>[CLMNPSZ][a-z]?)\})")]
    private static partial Regex Category();

    private static string Negated(string set) => $@"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^{set}\uD800-\uDFFF])";

    private static string Named(char escape) => escape switch { 'd' => Digits, 'w' => Words, _ => Blanks };

    // A character that is written with a backslash.
    private static char? Character(string pattern, ref int at)
    {
        var escape = at + 1 < pattern.Length ? pattern[at + 1] : '\0';

        if (escape == 'x')
        {
            var isLong = at + 2 < pattern.Length && pattern[at + 2] == '{';
            var end = isLong ? pattern.IndexOf('}', at) : at + 4;
            var digits = end < 0 || end > pattern.Length ? "" : pattern[(at + (isLong ? 3 : 2))..end];

            if (digits.Length is 0 or > 4 || !ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                || char.IsSurrogate((char)code))
            {
                return null;
            }

            at = isLong ? end + 1 : end;

            return (char)code;
        }

        var known = "afnrtv".IndexOf(escape, StringComparison.Ordinal);

        if (known < 0 && !(char.IsAscii(escape) && char.IsPunctuation(escape)) && !(char.IsAscii(escape) && char.IsSymbol(escape)))
        {
            return null;
        }

        at += 2;

        return known < 0 ? escape : "\a\f\n\r\t\v"[known];
    }

    private string? Item()
    {
        if (string.CompareOrdinal(pattern, _at, "[:", 0, 2) == 0 && pattern.IndexOf(":]", _at, StringComparison.Ordinal) is > 0 and var end)
        {
            var name = pattern[(_at + 2)..end];
            _at = end + 2;

            return s_posix.GetValueOrDefault(name) ?? No($"there is no class [:{name}:]: write the characters");
        }

        if (_at + 1 < pattern.Length && pattern[_at] == '\\' && pattern[_at + 1] is 'd' or 'w' or 's' or 'p')
        {
            return Escape(pattern, ref _at) is { } named ? named.Trim('[', ']') : No("there is no such class: write the characters");
        }

        if (One() is not { } from)
        {
            return null;
        }

        if (_at + 1 >= pattern.Length || pattern[_at] != '-' || pattern[_at + 1] == ']')
        {
            return $@"\u{(int)from:X4}";
        }

        _at++;

        return One() is not { } to ? null
            : to < from ? No("the range goes backwards: write the smaller character first")
            : $@"\u{(int)from:X4}-\u{(int)to:X4}";
    }

    private char? One()
    {
        if (pattern[_at] == '\\')
        {
            if (Character(pattern, ref _at) is { } character)
            {
                return character;
            }

            No("between brackets this escape is not supported: write the characters");

            return null;
        }

        if (char.IsSurrogate(pattern[_at]))
        {
            No("between brackets characters are below 10000: write alternatives, as in (a|b)");

            return null;
        }

        return pattern[_at++];
    }

    private string? No(string message)
    {
        Fault = message;

        return null;
    }
}

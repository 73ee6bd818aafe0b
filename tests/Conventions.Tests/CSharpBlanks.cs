namespace Countersign.Conventions.Tests;

/// <summary>Blanks out what is not code in C# text, so that a pattern does not find its words in comments and strings.</summary>
internal static class CSharpBlanks
{
    public static string Apply(string text)
    {
        var code = text.ToCharArray();
        var at = 0;
        while (at < text.Length)
        {
            at = Step(text, code, at);
        }

        return new string(code);
    }

    // Moves over one comment, literal or character of code.
    private static int Step(string text, char[] code, int at)
    {
        var rest = text.AsSpan(at);
        if (rest.StartsWith("//"))
        {
            return Blank(code, at, End(text, "\n", at));
        }

        if (rest.StartsWith("/*"))
        {
            return Blank(code, at, End(text, "*/", at + 2) + 2);
        }

        if (rest[0] == '\'')
        {
            var close = rest[1] == '\\' ? End(text, "'", at + 3) : at + 2;
            return Blank(code, at, close + 1);
        }

        var prefix = rest.IndexOfAnyExcept('$', '@');
        if (prefix < 0 || rest[prefix] != '"')
        {
            return at + 1;
        }

        var interpolated = rest[..prefix].Contains('$');
        var verbatim = rest[..prefix].Contains('@');
        var quotes = rest[prefix..].IndexOfAnyExcept('"');

        return quotes >= 3 && !verbatim
            ? RawText(text, code, at + prefix, quotes)
            : PlainText(text, code, at + prefix, interpolated, verbatim);
    }

    // Holes in raw text are blanked with the rest.
    private static int RawText(string text, char[] code, int at, int quotes)
    {
        var end = End(text, new string('"', quotes), at + quotes) + quotes;
        while (end < text.Length && text[end] == '"')
        {
            end++;
        }

        return Blank(code, at, end);
    }

    private static int PlainText(string text, char[] code, int at, bool interpolated, bool verbatim)
    {
        at = Blank(code, at, at + 1);
        while (at < text.Length)
        {
            var two = text.AsSpan(at, Math.Min(2, text.Length - at));
            var escape = (verbatim ? two is "\"\"" : two[0] == '\\') || (interpolated && two is "{{");
            if (escape)
            {
                at = Blank(code, at, at + 2);
            }
            else if (interpolated && text[at] == '{')
            {
                at = Hole(text, code, at);
            }
            else
            {
                at = Blank(code, at, at + 1);
                if (two[0] == '"')
                {
                    break;
                }
            }
        }

        return at;
    }

    // What stands in a hole is code, with strings of its own.
    private static int Hole(string text, char[] code, int at)
    {
        var depth = 0;
        do
        {
            depth += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
            at = text[at] is '{' or '}' ? Blank(code, at, at + 1) : Step(text, code, at);
        }
        while (depth > 0 && at < text.Length);

        return at;
    }

    private static int End(string text, string mark, int from)
    {
        var end = text.IndexOf(mark, Math.Min(from, text.Length), StringComparison.Ordinal);
        return end < 0 ? text.Length : end;
    }

    private static int Blank(char[] code, int from, int to)
    {
        to = Math.Min(to, code.Length);
        for (var at = from; at < to; at++)
        {
            code[at] = code[at] == '\n' ? '\n' : ' ';
        }

        return to;
    }
}

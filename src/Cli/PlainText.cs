using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Countersign.Cli;

/// <summary>Text from elsewhere, made harmless for a terminal and for a line of a log.</summary>
internal static partial class PlainText
{
    /// <summary>One line: controls, escapes, direction marks and line breaks become visible escapes (R240).</summary>
    public static string Line(string text)
    {
        var plain = new StringBuilder(text.Length);

        foreach (var rune in text.EnumerateRunes())
        {
            // An unpaired surrogate arrives here as U+FFFD.
            var harmless = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned);

            _ = harmless ? plain.Append(rune) : plain.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }

        return plain.ToString();
    }

    /// <summary>Lines of our own making, each made harmless.</summary>
    public static string Lines(string text) => string.Join('\n', text.Split('\n').Select(Line));

    /// <summary>Hides what looks like a secret or a token: someone may have typed it where it does not belong.</summary>
    public static string WithoutSecrets(string text) => Secret().Replace(text, "(secret)");

    [GeneratedRegex(@"cs_[a-z]+_[A-Za-z0-9_-]{16,}|eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)+|\$(2[aby]|argon2|pbkdf2)[^\s'""]*"
        + @"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*|""(d|p|q|dp|dq|qi|k)""\s*:\s*""[^""]*""")]
    private static partial Regex Secret();
}

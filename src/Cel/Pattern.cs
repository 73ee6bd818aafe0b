using System.Text.RegularExpressions;

namespace Countersign.Cel;

/// <summary>The pattern of <c>matches</c>: RE2 syntax, found anywhere in a text in time that grows with its length only (R207).</summary>
internal sealed class Pattern
{
    // Never met by what the cost limit lets through; a last resort.
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(250);

    private readonly Regex _regex;
    private readonly int _size;

    private Pattern(Regex regex, int size) => (_regex, _size) = (regex, size);

    /// <summary>The pattern, or null and what to do about it.</summary>
    public static Pattern? Read(string text, out string fault)
    {
        if (text.Length > CelLimits.MostPatternCharacters)
        {
            fault = $"the pattern is over {CelLimits.MostPatternCharacters} characters: shorten it";

            return null;
        }

        var reader = new PatternReader(text);

        if (reader.Translate() is not { } translated)
        {
            fault = reader.Fault;

            return null;
        }

        fault = "";

        try
        {
            var regex = new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, s_longest);

            // What it prepares at its first use is prepared now.
            regex.IsMatch("");

            return new Pattern(regex, reader.Size);
        }
        catch (Exception refused) when (refused is ArgumentException or NotSupportedException or RegexMatchTimeoutException)
        {
            fault = "this is no pattern in RE2 syntax: correct it";

            return null;
        }
    }

    public CelValue Matches(Frame frame, CelValue text)
    {
        if (text.Kind != CelKind.String)
        {
            return CelValue.Failure($"matches does not take {CelType.Of(text.Kind)}");
        }

        // Until its states are known, a step takes a time that grows with the pattern: some 50 ns for each of its characters.
        if (!frame.Spend(((long)text.Text.Length * (_size + 1) / 2) + 1))
        {
            return frame.Halt;
        }

        try
        {
            return CelValue.Of(_regex.IsMatch(text.Text));
        }
        catch (RegexMatchTimeoutException)
        {
            return CelValue.Failure("the pattern took too long");
        }
    }
}

namespace Countersign.OAuth;

/// <summary>
/// A pattern over a whole text (R202): <c>*</c> is any run of characters without slash and colon, <c>**</c> any run at all, and every other
/// character is itself. The time is at most that of the text's length times the pattern's.
/// </summary>
public sealed class ClaimGlob
{
    public const int MaxLength = 256;

    // A star is kept as a character that no text holds: half of a surrogate pair.
    private const char Run = '\uD800';
    private const char AnyRun = '\uD801';

    private readonly string _steps;

    private ClaimGlob(string text, string steps) => (Text, _steps) = (text, steps);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Whether there is no text that it does not match, or none that is of one segment.</summary>
    public bool IsStarsAlone => _steps is [Run] or [AnyRun];

    /// <summary>The pattern of that text; null, and what to change, when it is none.</summary>
    public static ClaimGlob? Parse(string text, out string fault)
    {
        fault = text.Length is 0 or > MaxLength ? $"a glob has 1 to {MaxLength} characters"
            : !ClaimPath.IsUnicode(text) ? "a glob holds no NUL and no half of a surrogate pair"
            : text.Contains("***", StringComparison.Ordinal) ? "a glob has one star (within a segment) or two (across), not more in a row"
            : "";

        return fault.Length > 0 ? null : new ClaimGlob(text, text.Replace("**", $"{AnyRun}", StringComparison.Ordinal).Replace('*', Run));
    }

    /// <summary>Whether the whole text is of this pattern.</summary>
    public bool IsMatch(ReadOnlySpan<char> text)
    {
        // The steps that may come next, ascending: all ways through the pattern at once, so that none is gone twice.
        Span<short> states = stackalloc short[2 * (_steps.Length + 1)];
        var current = states[..(_steps.Length + 1)];
        var next = states[(_steps.Length + 1)..];
        var count = Add(current, 0, 0);

        foreach (var c in text)
        {
            var kept = 0;

            foreach (var step in current[..count])
            {
                if (step == _steps.Length)
                {
                    continue;
                }

                kept = _steps[step] switch
                {
                    AnyRun => Add(next, kept, step),
                    Run => c is '/' or ':' ? kept : Add(next, kept, step),
                    var own => own == c ? Add(next, kept, step + 1) : kept,
                };
            }

            if (kept == 0)
            {
                return false;
            }

            var spare = current;
            current = next;
            next = spare;
            count = kept;
        }

        return current[count - 1] == _steps.Length;
    }

    public override string ToString() => Text;

    /// <summary>Whether the text would be of it if one star crossed slashes and colons too.</summary>
    internal bool WouldMatchAcross(ReadOnlySpan<char> text) => new ClaimGlob(Text, _steps.Replace(Run, AnyRun)).IsMatch(text);

    // Ascending, so one that is in already is the last or before it. A star may be an empty run: with it comes the step behind it.
    private int Add(Span<short> states, int count, int step)
    {
        if (count > 0 && states[count - 1] >= step)
        {
            return count;
        }

        states[count++] = (short)step;

        if (step < _steps.Length && _steps[step] is (Run or AnyRun))
        {
            states[count++] = (short)(step + 1);
        }

        return count;
    }
}

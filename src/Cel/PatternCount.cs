using System.Globalization;

namespace Countersign.Cel;

/// <summary>A counted repetition of a pattern, as in {2,5}.</summary>
internal readonly record struct PatternCount(int Least, int Highest, int End)
{
    /// <summary>As in RE2.</summary>
    public const int Most = 1000;

    public bool IsSound => Least <= Highest && Highest <= Most;

    /// <summary>How often the part is written out.</summary>
    public int Times => Math.Max(1, Highest);

    /// <summary>The repetition whose brace is at this place; null when it is none.</summary>
    public static PatternCount? Read(string pattern, int at)
    {
        var end = pattern.IndexOf('}', at);
        var parts = end < 0 ? [] : pattern[(at + 1)..end].Split(',');

        if (parts.Length is < 1 or > 2 || Number(parts[0]) is not { } least)
        {
            return null;
        }

        int? highest = parts.Length == 1 ? least : parts[1].Length == 0 ? least + 1 : Number(parts[1]);

        return highest is { } known ? new PatternCount(least, known, end + 1) : null;
    }

    // More digits are more than is allowed.
    private static int? Number(string digits) =>
        digits.Length > 0 && !digits.AsSpan().ContainsAnyExceptInRange('0', '9')
            ? int.Parse(digits[..Math.Min(digits.Length, 5)], NumberStyles.None, CultureInfo.InvariantCulture)
            : null;
}

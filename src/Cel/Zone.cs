using System.Buffers;
using System.Globalization;

namespace Countersign.Cel;

/// <summary>Time zones: offsets from UTC, and the names of the IANA database where the machine has it.</summary>
internal static class Zone
{
    private const int LongestName = 64;

    private static readonly SearchValues<char> s_name = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/");

    /// <summary>[+-]hh:mm.</summary>
    public static bool IsOffset(ReadOnlySpan<char> text)
    {
        text = text is ['+' or '-', ..] ? text[1..] : text;

        return text is [>= '0' and <= '2', >= '0' and <= '9', ':', >= '0' and <= '5', >= '0' and <= '9']
            && int.Parse(text[..2], NumberStyles.None, CultureInfo.InvariantCulture) < 24;
    }

    public static TimeSpan Offset(ReadOnlySpan<char> text)
    {
        var digits = text is ['+' or '-', ..] ? text[1..] : text;
        var size = new TimeSpan(
            int.Parse(digits[..2], NumberStyles.None, CultureInfo.InvariantCulture),
            int.Parse(digits[3..], NumberStyles.None, CultureInfo.InvariantCulture),
            0);

        return text[0] == '-' ? -size : size;
    }

    /// <summary>The offset of a text that is one, or UTC; null for anything else.</summary>
    public static TimeSpan? Fixed(string text) => text is "UTC" or "Z" or "GMT" ? TimeSpan.Zero : IsOffset(text) ? Offset(text) : null;

    /// <summary>The zone of a name in the text of an expression: data of the machine is looked up for it once, and never for a claim.</summary>
    public static TimeZoneInfo? Named(string name) =>
        name.Length is > 0 and <= LongestName && !name.AsSpan().ContainsAnyExcept(s_name) && char.IsAsciiLetter(name[0])
        && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
            ? zone
            : null;

    public static TimeSpan OffsetAt(TimeZoneInfo zone, CelValue moment) =>
        zone.GetUtcOffset(new DateTime((moment.Bits + Moment.SecondsBefore1970) * TimeSpan.TicksPerSecond, DateTimeKind.Utc));
}

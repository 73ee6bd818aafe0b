using System.Globalization;

namespace Countersign.Cli;

/// <summary>Times as people type them: <c>now</c>, <c>30d</c>, <c>12h</c>, <c>2026-12-01</c>, <c>2026-12-01T08:00:00Z</c>.</summary>
internal static class Times
{
    public const string Forms = "now, 45s, 90m, 12h, 30d, 2w, or ISO 8601 in UTC";

    /// <summary>A length counts backwards from now.</summary>
    public static string? Past(string? text, DateTimeOffset now) => Wire(text, now, -1);

    /// <summary>Up to when tokens end. Now is the server's, and not said: the clock here is cut to seconds, and may be ahead.</summary>
    public static string? IssuedBefore(string? text, DateTimeOffset now) => text == "now" ? null : Past(text, now);

    /// <summary>A length counts forwards from now.</summary>
    public static string? Future(string? text, DateTimeOffset now) => Wire(text, now, 1);

    public static TimeSpan Length(string text) =>
        TryLength(text) ?? throw CommandFault.Usage($"'{text}' is not a length of time: 45s, 90m, 12h, 30d or 2w");

    private static string? Wire(string? text, DateTimeOffset now, int direction)
    {
        if (text is null)
        {
            return null;
        }

        var time = text == "now" ? now : TryLength(text) is { } length ? now + (length * direction) : Absolute(text);

        return time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    private static DateTimeOffset Absolute(string text) =>
        DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var time)
            ? time
            : throw CommandFault.Usage($"'{text}' is not a time: {Forms}");

    private static TimeSpan? TryLength(string text)
    {
        TimeSpan? unit = text is [.., var letter]
            ? letter switch
            {
                's' => TimeSpan.FromSeconds(1),
                'm' => TimeSpan.FromMinutes(1),
                'h' => TimeSpan.FromHours(1),
                'd' => TimeSpan.FromDays(1),
                'w' => TimeSpan.FromDays(7),
                _ => null,
            }
            : null;

        // Five digits: a hundred thousand weeks back from now are still a time that can be held.
        return unit is { } one
            && text.Length <= 6
            && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? one * count
            : null;
    }
}

using System.Globalization;

namespace Countersign.Cel;

/// <summary>Timestamps: seconds since 1970 and nanoseconds, in the years 0001 to 9999 (cel-spec, "Abstract Types").</summary>
internal static class Moment
{
    /// <summary>Of the years 0001 to 1969.</summary>
    public const long SecondsBefore1970 = 62135596800;

    private const long LastSecond = 253402300799;
    private const int SecondsOfDay = 86400;

    private static readonly CelValue s_beyond = CelValue.Failure("the timestamp is not in the years 0001 to 9999");

    public static CelValue Of(long seconds, int nanos) =>
        seconds is >= -SecondsBefore1970 and <= LastSecond ? CelValue.Timestamp(seconds, nanos) : s_beyond;

    /// <summary>A timestamp and a number of nanoseconds.</summary>
    public static CelValue Sum(CelValue moment, Int128 nanos)
    {
        var all = Nanos(moment) + nanos;
        var rest = (int)(((all % Span.NanosOfSecond) + Span.NanosOfSecond) % Span.NanosOfSecond);
        var seconds = (all - rest) / Span.NanosOfSecond;

        return seconds >= long.MinValue && seconds <= long.MaxValue ? Of((long)seconds, rest) : s_beyond;
    }

    public static Int128 Nanos(CelValue moment) => ((Int128)moment.Bits * Span.NanosOfSecond) + moment.Nanos;

    public static (DateOnly Date, int SecondOfDay) Local(CelValue moment, TimeSpan offset)
    {
        // Near either end an offset may lead out of the calendar; it ends there.
        var seconds = Math.Clamp(moment.Bits + (long)offset.TotalSeconds, -SecondsBefore1970, LastSecond) + SecondsBefore1970;

        return (DateOnly.FromDayNumber((int)(seconds / SecondsOfDay)), (int)(seconds % SecondsOfDay));
    }

    /// <summary>RFC 3339 in UTC, with as much of a fraction as there is.</summary>
    public static string Text(CelValue moment)
    {
        var (date, second) = Local(moment, TimeSpan.Zero);

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{date.Year:D4}-{date.Month:D2}-{date.Day:D2}T{second / 3600:D2}:{second / 60 % 60:D2}:{second % 60:D2}{Span.Fraction(moment.Nanos)}Z");
    }

    /// <summary>RFC 3339, up to nine digits of a fraction; null when it is none, an error when it is out of range.</summary>
    public static CelValue? Read(string text)
    {
        if (text.Length is < 20 or > 35 || text[10] is not ('T' or 't'))
        {
            return null;
        }

        var rest = text.AsSpan(19);
        var nanos = 0;

        if (rest[0] == '.')
        {
            var digits = rest[1..].IndexOfAnyExceptInRange('0', '9');

            if (digits is < 1 or > 9)
            {
                return null;
            }

            nanos = int.Parse(rest.Slice(1, digits), NumberStyles.None, CultureInfo.InvariantCulture);
            nanos *= (int)Math.Pow(10, 9 - digits);
            rest = rest[(digits + 1)..];
        }

        if (!DateTime.TryParseExact(text.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            || !TimeOnly.TryParseExact(text.AsSpan(11, 8), "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            || !(rest is "Z" or "z" || (rest is ['+' or '-', _, _, ':', _, _] && Zone.IsOffset(rest))))
        {
            return null;
        }

        var offset = rest.Length == 1 ? TimeSpan.Zero : Zone.Offset(rest);
        var seconds = ((date.Ticks + time.Ticks - offset.Ticks) / TimeSpan.TicksPerSecond) - SecondsBefore1970;

        return Of(seconds, nanos);
    }
}

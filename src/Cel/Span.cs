using System.Globalization;

namespace Countersign.Cel;

/// <summary>Durations: nanoseconds in 64 bits, 292 years either way (cel-spec, "Abstract Types").</summary>
internal static class Span
{
    public const long NanosOfSecond = 1_000_000_000;

    private const int LongestText = 64;

    private static readonly (string Name, long Nanos)[] s_units =
    [
        ("ns", 1),
        ("us", 1000),
        ("µs", 1000),
        ("ms", 1_000_000),
        ("h", 3600 * NanosOfSecond),
        ("m", 60 * NanosOfSecond),
        ("s", NanosOfSecond),
    ];

    public static CelValue Of(Int128 nanos) => nanos >= long.MinValue && nanos <= long.MaxValue
        ? CelValue.Duration((long)nanos)
        : CelValue.Failure("the duration is longer than 292 years");

    /// <summary>In seconds, as in 1.5s.</summary>
    public static string Text(long nanos)
    {
        var size = UInt128.CreateChecked(Int128.Abs(nanos));

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(nanos < 0 ? "-" : "")}{(ulong)size / NanosOfSecond}{Fraction((int)((ulong)size % NanosOfSecond))}s");
    }

    /// <summary>A point and the digits that count, nothing for zero.</summary>
    public static string Fraction(int nanos) => nanos == 0 ? "" : "." + nanos.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');

    /// <summary>Numbers with units, as in -1h30m or 1.5s; null when it is none, or too long.</summary>
    public static CelValue? Read(string text)
    {
        if (text.Length > LongestText)
        {
            return null;
        }

        var rest = text.AsSpan();
        var isNegative = rest is ['-', ..];
        rest = rest is ['-' or '+', ..] ? rest[1..] : rest;

        if (rest is "0")
        {
            return CelValue.Duration(0);
        }

        if (rest.IsEmpty)
        {
            return null;
        }

        Int128 sum = 0;

        while (!rest.IsEmpty)
        {
            if (Part(ref rest) is not { } part)
            {
                return null;
            }

            sum += part;
        }

        return Of(isNegative ? -sum : sum) is { IsError: false } duration ? duration : null;
    }

    // Digits of a fraction that are less than a nanosecond are dropped.
    private static Int128? Part(ref ReadOnlySpan<char> rest)
    {
        var digits = rest.IndexOfAnyExceptInRange('0', '9');
        var whole = digits > 0 ? rest[..digits] : [];
        rest = digits < 0 ? [] : rest[digits..];
        var fraction = ReadOnlySpan<char>.Empty;

        if (rest is ['.', ..])
        {
            digits = rest[1..].IndexOfAnyExceptInRange('0', '9');
            fraction = digits > 0 ? rest.Slice(1, digits) : [];
            rest = digits < 0 ? [] : rest[(digits + 1)..];
        }

        if ((whole.IsEmpty && fraction.IsEmpty) || whole.Length > 19)
        {
            return null;
        }

        foreach (var (name, nanos) in s_units)
        {
            if (rest.StartsWith(name, StringComparison.Ordinal))
            {
                rest = rest[name.Length..];
                var size = whole.IsEmpty ? 0 : Int128.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture) * nanos;

                return size + FractionOf(fraction, nanos);
            }
        }

        return null;
    }

    private static Int128 FractionOf(ReadOnlySpan<char> digits, long nanos)
    {
        Int128 value = 0;
        Int128 scale = 1;

        foreach (var digit in digits[..Math.Min(digits.Length, 18)])
        {
            value = (value * 10) + (digit - '0');
            scale *= 10;
        }

        return value * nanos / scale;
    }
}

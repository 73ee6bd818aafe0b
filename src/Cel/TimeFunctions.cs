namespace Countersign.Cel;

/// <summary>Functions of timestamps and durations (cel-spec, "Timestamps and Durations").</summary>
internal static class TimeFunctions
{
    private static readonly Dictionary<string, Func<CelValue, TimeSpan, long>> s_parts = new(StringComparer.Ordinal)
    {
        ["getFullYear"] = (moment, offset) => Moment.Local(moment, offset).Date.Year,
        ["getMonth"] = (moment, offset) => Moment.Local(moment, offset).Date.Month - 1,
        ["getDate"] = (moment, offset) => Moment.Local(moment, offset).Date.Day,
        ["getDayOfMonth"] = (moment, offset) => Moment.Local(moment, offset).Date.Day - 1,
        ["getDayOfWeek"] = (moment, offset) => (int)Moment.Local(moment, offset).Date.DayOfWeek,
        ["getDayOfYear"] = (moment, offset) => Moment.Local(moment, offset).Date.DayOfYear - 1,
        ["getHours"] = (moment, offset) => Moment.Local(moment, offset).SecondOfDay / 3600,
        ["getMinutes"] = (moment, offset) => Moment.Local(moment, offset).SecondOfDay / 60 % 60,
        ["getSeconds"] = (moment, offset) => Moment.Local(moment, offset).SecondOfDay % 60,
        ["getMilliseconds"] = (moment, _) => moment.Nanos / 1_000_000,
    };

    public static IEnumerable<Overload> Overloads { get; } =
    [
        .. s_parts.SelectMany(part => Part(part.Key, part.Value)),
        OfDuration("getHours", nanos => nanos / Span.NanosOfSecond / 3600),
        OfDuration("getMinutes", nanos => nanos / Span.NanosOfSecond / 60),
        OfDuration("getSeconds", nanos => nanos / Span.NanosOfSecond),
        OfDuration("getMilliseconds", nanos => nanos % Span.NanosOfSecond / 1_000_000),
        Operator("+", CelType.Timestamp, CelType.Timestamp, CelType.Duration, (_, a, b) => Moment.Sum(a, b.Bits)),
        Operator("+", CelType.Timestamp, CelType.Duration, CelType.Timestamp, (_, a, b) => Moment.Sum(b, a.Bits)),
        Operator("+", CelType.Duration, CelType.Duration, CelType.Duration, (_, a, b) => Span.Of((Int128)a.Bits + b.Bits)),
        Operator("-", CelType.Timestamp, CelType.Timestamp, CelType.Duration, (_, a, b) => Moment.Sum(a, -(Int128)b.Bits)),
        Operator("-", CelType.Duration, CelType.Timestamp, CelType.Timestamp, (_, a, b) => Span.Of(Moment.Nanos(a) - Moment.Nanos(b))),
        Operator("-", CelType.Duration, CelType.Duration, CelType.Duration, (_, a, b) => Span.Of((Int128)a.Bits - b.Bits)),
    ];

    /// <summary>The function with a zone that stands in the text; null when this is none such.</summary>
    public static Func<CelValue, CelValue>? InZone(Call call, out string? fault)
    {
        fault = null;

        if (call is not { Form: CallForm.Receiver, Operands: [_, Literal { Value: { Kind: CelKind.String } text }] }
            || !s_parts.TryGetValue(call.Function, out var part)
            || Zone.Fixed(text.Text) is not null)
        {
            return null;
        }

        if (Zone.Named(text.Text) is not { } zone)
        {
            fault = "there is no such time zone: write an offset as in '+02:00', or a name as in 'Europe/Berlin'";

            return null;
        }

        return moment => moment.Kind == CelKind.Timestamp
            ? CelValue.Of(part(moment, Zone.OffsetAt(zone, moment)))
            : CelValue.Failure($"{call.Function} with a time zone does not take {CelType.Of(moment.Kind)}");
    }

    private static IEnumerable<Overload> Part(string name, Func<CelValue, TimeSpan, long> part) =>
    [
        new(name, CallForm.Receiver, CelType.Int, [CelType.Timestamp], (_, a, _) => CelValue.Of(part(a, TimeSpan.Zero))),
        new(name, CallForm.Receiver, CelType.Int, [CelType.Timestamp, CelType.String], (_, a, b) => Zone.Fixed(b.Text) is { } offset
            ? CelValue.Of(part(a, offset))
            : CelValue.Failure("a time zone that is computed is an offset, as in '+02:00'")),
    ];

    private static Overload OfDuration(string name, Func<long, long> part) =>
        new(name, CallForm.Receiver, CelType.Int, [CelType.Duration], (_, a, _) => CelValue.Of(part(a.Bits)));

    private static Overload Operator(string name, CelType result, CelType left, CelType right, Body run) =>
        new(name, CallForm.Operator, result, [left, right], run);
}

namespace Countersign.Cel;

/// <summary>Sums and the like (cel-spec, "Numeric Values"): an int or a uint that overflows is an error, a double is not.</summary>
internal static class Arithmetic
{
    private static readonly CelValue s_overflow = CelValue.Failure("the result is beyond the 64 bits of its type");
    private static readonly CelValue s_zero = CelValue.Failure("there is no division by zero");

    public static IEnumerable<Overload> Overloads { get; } =
    [
        Of("+", CelType.Int, (_, a, b) => IntOf((Int128)a.Bits + b.Bits)),
        Of("+", CelType.Uint, (_, a, b) => UintOf((UInt128)a.AsUint() + b.AsUint())),
        Of("+", CelType.Double, (_, a, b) => CelValue.Of(a.AsDouble() + b.AsDouble())),
        Of("+", CelType.String, (f, a, b) => f.SpendLength((long)a.Text.Length + b.Text.Length) ? CelValue.Of(a.Text + b.Text) : f.Halt),
        Of("+", CelType.Bytes, (f, a, b) =>
            f.SpendLength((long)a.Octets.Length + b.Octets.Length) ? CelValue.Of((byte[])[.. a.Octets, .. b.Octets]) : f.Halt),
        Of("+", CelType.AnyList, (f, a, b) =>
            f.Spend((long)a.Items.Length + b.Items.Length) ? CelValue.Of((CelValue[])[.. a.Items, .. b.Items]) : f.Halt),
        Of("-", CelType.Int, (_, a, b) => IntOf((Int128)a.Bits - b.Bits)),
        Of("-", CelType.Uint, (_, a, b) => a.AsUint() >= b.AsUint() ? CelValue.Of(a.AsUint() - b.AsUint()) : s_overflow),
        Of("-", CelType.Double, (_, a, b) => CelValue.Of(a.AsDouble() - b.AsDouble())),
        Of("*", CelType.Int, (_, a, b) => IntOf((Int128)a.Bits * b.Bits)),
        Of("*", CelType.Uint, (_, a, b) => UintOf((UInt128)a.AsUint() * b.AsUint())),
        Of("*", CelType.Double, (_, a, b) => CelValue.Of(a.AsDouble() * b.AsDouble())),
        Of("/", CelType.Int, (_, a, b) => b.Bits == 0 ? s_zero : IntOf((Int128)a.Bits / b.Bits)),
        Of("/", CelType.Uint, (_, a, b) => b.Bits == 0 ? s_zero : CelValue.Of(a.AsUint() / b.AsUint())),
        Of("/", CelType.Double, (_, a, b) => CelValue.Of(a.AsDouble() / b.AsDouble())),
        Of("%", CelType.Int, (_, a, b) => b.Bits == 0 ? s_zero : IntOf((Int128)a.Bits % b.Bits)),
        Of("%", CelType.Uint, (_, a, b) => b.Bits == 0 ? s_zero : CelValue.Of(a.AsUint() % b.AsUint())),
        new("-", CallForm.Operator, CelType.Int, [CelType.Int], (_, a, _) => IntOf(-(Int128)a.Bits)),
        new("-", CallForm.Operator, CelType.Double, [CelType.Double], (_, a, _) => CelValue.Of(-a.AsDouble())),
        new("!", CallForm.Operator, CelType.Bool, [CelType.Bool], (_, a, _) => CelValue.Of(!a.IsTrue)),
        .. Ordered("<", order => order < 0),
        .. Ordered("<=", order => order <= 0),
        .. Ordered(">", order => order > 0),
        .. Ordered(">=", order => order >= 0),
    ];

    private static Overload Of(string name, CelType type, Body run) => new(name, CallForm.Operator, type, [type, type], run);

    private static CelValue IntOf(Int128 value) =>
        value >= long.MinValue && value <= long.MaxValue ? CelValue.Of((long)value) : s_overflow;

    private static CelValue UintOf(UInt128 value) => value <= ulong.MaxValue ? CelValue.Of((ulong)value) : s_overflow;

    private static IEnumerable<Overload> Ordered(string name, Func<int, bool> holds)
    {
        CelType[] numbers = [CelType.Int, CelType.Uint, CelType.Double];
        CelType[] others = [CelType.Bool, CelType.String, CelType.Bytes, CelType.Timestamp, CelType.Duration];

        CelValue Run(Frame frame, CelValue a, CelValue b)
        {
            var length = a.Kind == CelKind.String ? a.Text.Length : a.Kind == CelKind.Bytes ? a.Octets.Length : 0;

            return frame.SpendLength(length) ? CelValue.Of(Ordering.Of(a, b) is { } order && holds(order)) : frame.Halt;
        }

        return
        [
            .. numbers.SelectMany(a => numbers, (a, b) => new Overload(name, CallForm.Operator, CelType.Bool, [a, b], Run)),
            .. others.Select(type => new Overload(name, CallForm.Operator, CelType.Bool, [type, type], Run)),
        ];
    }
}

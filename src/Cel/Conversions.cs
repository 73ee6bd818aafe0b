using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Countersign.Cel;

/// <summary>From one type to another (cel-spec, "Type Conversions").</summary>
internal static class Conversions
{
    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo64 = 18446744073709551616.0;

    public static IEnumerable<Overload> Overloads { get; } =
    [
        To(CelType.Int, CelType.Int, (_, a) => a),
        To(CelType.Int, CelType.Uint, (_, a) => a.AsUint() <= long.MaxValue ? CelValue.Of((long)a.AsUint()) : Beyond("int")),
        To(CelType.Int, CelType.Double, (_, a) => a.AsDouble() is > -TwoTo63 and < TwoTo63 and var number ? CelValue.Of((long)number) : Beyond("int")),
        To(CelType.Int, CelType.String, (f, a) =>
            !f.SpendLength(a.Text.Length) ? f.Halt : Numbers.Read(a.Text, out long number) ? CelValue.Of(number) : No(a, "an int")),
        To(CelType.Int, CelType.Timestamp, (_, a) => CelValue.Of(a.Bits)),
        To(CelType.Uint, CelType.Uint, (_, a) => a),
        To(CelType.Uint, CelType.Int, (_, a) => a.Bits >= 0 ? CelValue.Of((ulong)a.Bits) : Beyond("uint")),
        To(CelType.Uint, CelType.Double, (_, a) => a.AsDouble() is >= 0 and < TwoTo64 and var number ? CelValue.Of((ulong)number) : Beyond("uint")),
        To(CelType.Uint, CelType.String, (f, a) =>
            !f.SpendLength(a.Text.Length) ? f.Halt : Numbers.Read(a.Text, out ulong number) ? CelValue.Of(number) : No(a, "a uint")),
        To(CelType.Double, CelType.Double, (_, a) => a),
        To(CelType.Double, CelType.Int, (_, a) => CelValue.Of((double)a.Bits)),
        To(CelType.Double, CelType.Uint, (_, a) => CelValue.Of((double)a.AsUint())),
        To(CelType.Double, CelType.String, (f, a) =>
            !f.SpendLength(a.Text.Length) ? f.Halt : Numbers.Read(a.Text, out double number) ? CelValue.Of(number) : No(a, "a double")),
        To(CelType.String, CelType.String, (_, a) => a),
        To(CelType.String, CelType.Int, (_, a) => CelValue.Of(a.Bits.ToString(CultureInfo.InvariantCulture))),
        To(CelType.String, CelType.Uint, (_, a) => CelValue.Of(a.AsUint().ToString(CultureInfo.InvariantCulture))),
        To(CelType.String, CelType.Double, (_, a) => CelValue.Of(TextOf(a.AsDouble()))),
        To(CelType.String, CelType.Bool, (_, a) => CelValue.Of(a.IsTrue ? "true" : "false")),
        To(CelType.String, CelType.Bytes, (f, a) =>
            !f.SpendLength(a.Octets.Length) ? f.Halt
            : Utf8.IsValid(a.Octets) ? CelValue.Of(Encoding.UTF8.GetString(a.Octets))
            : CelValue.Failure("the bytes are not UTF-8")),
        To(CelType.String, CelType.Timestamp, (_, a) => CelValue.Of(Moment.Text(a))),
        To(CelType.String, CelType.Duration, (_, a) => CelValue.Of(Span.Text(a.Bits))),
        To(CelType.Bytes, CelType.Bytes, (_, a) => a),
        To(CelType.Bytes, CelType.String, (f, a) => f.SpendLength(a.Text.Length) ? CelValue.OfUtf8(a.Text) : f.Halt),
        To(CelType.Bool, CelType.Bool, (_, a) => a),
        To(CelType.Bool, CelType.String, (_, a) => a.Text switch
        {
            "1" or "t" or "true" or "TRUE" or "True" => CelValue.True,
            "0" or "f" or "false" or "FALSE" or "False" => CelValue.False,
            _ => No(a, "a bool"),
        }),
        To(CelType.Timestamp, CelType.Timestamp, (_, a) => a),
        To(CelType.Timestamp, CelType.Int, (_, a) => Moment.Of(a.Bits, 0)),
        To(CelType.Timestamp, CelType.String, (_, a) => Moment.Read(a.Text) ?? No(a, "a timestamp as in '2026-01-31T23:59:59Z'")),
        To(CelType.Duration, CelType.Duration, (_, a) => a),
        To(CelType.Duration, CelType.String, (_, a) => Span.Read(a.Text) ?? No(a, "a duration as in '1h30m' within 292 years")),
        new("type", CallForm.Function, CelType.Type, [CelType.Dyn], (_, a, _) => CelValue.Of(CelType.Of(a.Kind))),
        new("dyn", CallForm.Function, CelType.Dyn, [CelType.Dyn], (_, a, _) => a),
    ];

    private static string TextOf(double value) =>
        double.IsInfinity(value) ? (value > 0 ? "+Inf" : "-Inf") : value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');

    private static Overload To(CelType result, CelType from, Func<Frame, CelValue, CelValue> run) =>
        new(result.ToString(), CallForm.Function, result, [from], (frame, value, _) => run(frame, value));

    private static CelValue Beyond(string type) => CelValue.Failure($"the number is beyond the range of {type}");

    private static CelValue No(CelValue value, string wanted) => CelValue.Failure($"{value} is not {wanted}");
}

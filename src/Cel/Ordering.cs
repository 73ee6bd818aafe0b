namespace Countersign.Cel;

/// <summary>What comes before what (cel-spec, "Ordering").</summary>
internal static class Ordering
{
    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo64 = 18446744073709551616.0;

    /// <summary>Less than, equal to or more than 0, exactly; null where one is NaN. It decides what is equal.</summary>
    public static int? Numbers(CelValue left, CelValue right) => (left.Kind, right.Kind) switch
    {
        (CelKind.Int, CelKind.Int) => left.Bits.CompareTo(right.Bits),
        (CelKind.Uint, CelKind.Uint) => left.AsUint().CompareTo(right.AsUint()),
        (CelKind.Int, CelKind.Uint) => left.Bits < 0 ? -1 : ((ulong)left.Bits).CompareTo(right.AsUint()),
        (CelKind.Double, CelKind.Double) => Doubles(left.AsDouble(), right.AsDouble()),
        (CelKind.Int, CelKind.Double) => WithDouble(left.Bits, right.AsDouble()),
        (CelKind.Uint, CelKind.Double) => WithDouble(left.AsUint(), right.AsDouble()),
        _ => -Numbers(right, left),
    };

    /// <summary>
    /// Less than, equal to or more than 0; null where one is NaN. Beside a double an int counts as the double that is nearest to it, as the
    /// conformance data has it ("lossy"). Kinds without an order do not come here.
    /// </summary>
    public static int? Of(CelValue left, CelValue right)
    {
        if (left.IsNumber && right.IsNumber)
        {
            return left.Kind == CelKind.Double || right.Kind == CelKind.Double ? Doubles(Rounded(left), Rounded(right)) : Numbers(left, right);
        }

        return left.Kind switch
        {
            CelKind.Bool or CelKind.Duration => left.Bits.CompareTo(right.Bits),
            CelKind.Timestamp => (left.Bits, left.Nanos).CompareTo((right.Bits, right.Nanos)),
            CelKind.String => Math.Sign(Texts(left.Text, right.Text)),
            CelKind.Bytes => Math.Sign(left.Octets.AsSpan().SequenceCompareTo(right.Octets)),
            _ => null,
        };
    }

    private static double Rounded(CelValue number) => number.Kind switch
    {
        CelKind.Int => number.Bits,
        CelKind.Uint => number.AsUint(),
        _ => number.AsDouble(),
    };

    private static int? Doubles(double left, double right) => double.IsNaN(left) || double.IsNaN(right) ? null : left.CompareTo(right);

    private static int? WithDouble(long left, double right)
    {
        if (double.IsNaN(right))
        {
            return null;
        }

        if (right >= TwoTo63 || right < -TwoTo63)
        {
            return right > 0 ? -1 : 1;
        }

        var whole = Math.Truncate(right);

        return left.CompareTo((long)whole) is not 0 and var order ? order : whole.CompareTo(right);
    }

    private static int? WithDouble(ulong left, double right)
    {
        if (double.IsNaN(right))
        {
            return null;
        }

        if (right is >= TwoTo64 or < 0)
        {
            return right > 0 ? -1 : 1;
        }

        var whole = Math.Truncate(right);

        return left.CompareTo((ulong)whole) is not 0 and var order ? order : whole.CompareTo(right);
    }

    // By code points, which differs from code units only where surrogates meet what lies behind them.
    private static int Texts(string left, string right)
    {
        var at = left.AsSpan().CommonPrefixLength(right);

        if (at == left.Length || at == right.Length)
        {
            return left.Length - right.Length;
        }

        var (a, b) = (left[at], right[at]);

        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a - b : char.IsSurrogate(a) ? 1 : -1;
    }
}

namespace Countersign.Cel;

/// <summary>What is equal to what (cel-spec, "Equality"): values of different kinds are not, but for numbers of the same size.</summary>
internal static class Equality
{
    /// <summary>As the language has it, without counting.</summary>
    public static bool AreEqual(CelValue left, CelValue right) => Compare(null, left, right) ?? false;

    /// <summary>As the language has it; null when the evaluation has been stopped.</summary>
    public static bool? Compare(Frame? frame, CelValue left, CelValue right)
    {
        if (left.Kind != right.Kind)
        {
            return left.IsNumber && right.IsNumber && ScalarsAreEqual(left, right);
        }

        switch (left.Kind)
        {
            case CelKind.List:
                return Lists(frame, left.Items, right.Items);
            case CelKind.Map:
                return Maps(frame, left.Map, right.Map);
            case CelKind.String:
                return frame is null || frame.SpendLength(Math.Min(left.Text.Length, right.Text.Length)) ? left.Text == right.Text : null;
            case CelKind.Bytes:
                return frame is null || frame.SpendLength(Math.Min(left.Octets.Length, right.Octets.Length))
                    ? left.Octets.AsSpan().SequenceEqual(right.Octets)
                    : null;
            default:
                return ScalarsAreEqual(left, right);
        }
    }

    /// <summary>For all but lists, maps and bytes.</summary>
    public static bool ScalarsAreEqual(CelValue left, CelValue right)
    {
        if (left.IsNumber && right.IsNumber)
        {
            return Ordering.Numbers(left, right) == 0;
        }

        return left.Kind == right.Kind && left.Kind switch
        {
            CelKind.String or CelKind.Type => left.Text == right.Text,
            _ => left.Bits == right.Bits && left.Nanos == right.Nanos,
        };
    }

    private static bool? Lists(Frame? frame, CelValue[] left, CelValue[] right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (var i = 0; i < left.Length; i++)
        {
            if (frame?.Spend(1) == false)
            {
                return null;
            }

            if (Compare(frame, left[i], right[i]) is not true and var answer)
            {
                return answer;
            }
        }

        return true;
    }

    private static bool? Maps(Frame? frame, CelMap left, CelMap right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        foreach (var (key, value) in left.Entries)
        {
            if (frame?.Spend(2) == false)
            {
                return null;
            }

            if (!right.Find(key, out var other))
            {
                return false;
            }

            if (Compare(frame, value, other) is not true and var answer)
            {
                return answer;
            }
        }

        return true;
    }
}

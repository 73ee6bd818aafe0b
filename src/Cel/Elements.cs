namespace Countersign.Cel;

/// <summary>Lists and maps: made, looked into and searched.</summary>
internal static class Elements
{
    public static CelValue Member(CelValue target, CelValue name) =>
        target.Kind != CelKind.Map ? CelValue.Failure($"{CelType.Of(target.Kind)} has no member {name.Text}")
        : target.Map.Find(name, out var value) ? value
        : CelValue.Failure($"there is no member {name.Text}: test for it with has()");

    public static CelValue At(Frame frame, CelValue target, CelValue key)
    {
        if (target.Kind == CelKind.Map)
        {
            return !frame.SpendKey(key) ? frame.Halt
                : target.Map.Find(key, out var value) ? value : CelValue.Failure($"there is no key {key}");
        }

        if (target.Kind != CelKind.List)
        {
            return CelValue.Failure($"{CelType.Of(target.Kind)} has no elements");
        }

        var at = key.Kind switch
        {
            CelKind.Int => key.Bits,
            CelKind.Uint when key.AsUint() <= long.MaxValue => key.Bits,
            CelKind.Double when key.AsDouble() is >= 0 and < int.MaxValue and var number && number == Math.Truncate(number) => (long)number,
            _ => -1,
        };

        return at >= 0 && at < target.Items.Length ? target.Items[at] : CelValue.Failure($"there is no element {key} in a list of {target.Items.Length}");
    }

    public static CelValue IsIn(Frame frame, CelValue element, CelValue target)
    {
        if (target.Kind == CelKind.Map)
        {
            return frame.SpendKey(element) ? CelValue.Of(target.Map.Find(element, out _)) : frame.Halt;
        }

        if (target.Kind != CelKind.List)
        {
            return CelValue.Failure($"in does not look into {CelType.Of(target.Kind)}");
        }

        foreach (var item in target.Items)
        {
            if (!frame.Spend(1))
            {
                return frame.Halt;
            }

            if (Equality.Compare(frame, element, item) is not false and var answer)
            {
                return Answer(frame, answer);
            }
        }

        return CelValue.False;
    }

    public static CelValue Answer(Frame frame, bool? answer) => answer is { } known ? CelValue.Of(known) : frame.Halt;

    public static Run List(Run[] items) => frame =>
    {
        var values = new CelValue[items.Length];

        for (var i = 0; i < items.Length; i++)
        {
            values[i] = items[i](frame);

            if (values[i].IsError || !frame.Spend(1))
            {
                return frame.Stopped ?? values[i];
            }
        }

        return CelValue.Of(values);
    };

    public static Run Map((Run Key, Run Value)[] entries) => frame =>
    {
        var map = new CelMap();

        foreach (var entry in entries)
        {
            var key = entry.Key(frame);
            var value = key.IsError ? key : entry.Value(frame);

            if (value.IsError || !frame.SpendKey(key))
            {
                return frame.Stopped ?? value;
            }

            if (!CelMap.CanBeKey(key.Kind))
            {
                return CelValue.Failure($"{CelType.Of(key.Kind)} cannot be the key of a map");
            }

            if (!map.Add(key, value))
            {
                return CelValue.Failure($"the key {key} stands twice in the map");
            }
        }

        return CelValue.Of(map);
    };
}

namespace Countersign.Cel;

/// <summary>The macros that walk over elements (cel-spec, "Macros").</summary>
internal static class Walks
{
    public static Run Run(WalkKind kind, int slot, Run target, Run? condition, Run? body) => frame =>
    {
        var value = target(frame);

        if (value.IsError)
        {
            return value;
        }

        if (value.Kind is not (CelKind.List or CelKind.Map))
        {
            return CelValue.Failure($"{CelType.Of(value.Kind)} has no elements to walk over");
        }

        // The keys are copied: that costs as well.
        if (value.Kind == CelKind.Map && !frame.Spend(value.Map.Count))
        {
            return frame.Halt;
        }

        var items = value.Kind == CelKind.List ? value.Items : value.Map.KeyList();
        var result = kind switch
        {
            WalkKind.All => Decided(frame, items, slot, condition!, decides: false),
            WalkKind.Exists => Decided(frame, items, slot, condition!, decides: true),
            WalkKind.ExistsOne => One(frame, items, slot, condition!),
            _ => Collected(frame, items, slot, condition, body),
        };

        return frame.Stopped ?? result;
    };

    // As && and || over the elements: an error counts only when no element decides.
    private static CelValue Decided(Frame frame, CelValue[] items, int slot, Run condition, bool decides)
    {
        CelValue? fault = null;

        foreach (var item in items)
        {
            if (!frame.Spend(1))
            {
                return frame.Halt;
            }

            frame.Locals[slot] = item;
            var value = condition(frame);

            if (value.Kind != CelKind.Bool)
            {
                fault ??= Fault(value);
            }
            else if (value.IsTrue == decides)
            {
                return value;
            }
        }

        return fault ?? CelValue.Of(!decides);
    }

    private static CelValue One(Frame frame, CelValue[] items, int slot, Run condition)
    {
        var count = 0;

        foreach (var item in items)
        {
            if (!frame.Spend(1))
            {
                return frame.Halt;
            }

            frame.Locals[slot] = item;
            var value = condition(frame);

            if (value.Kind != CelKind.Bool)
            {
                return Fault(value);
            }

            count += value.IsTrue ? 1 : 0;
        }

        return CelValue.Of(count == 1);
    }

    private static CelValue Collected(Frame frame, CelValue[] items, int slot, Run? condition, Run? body)
    {
        var results = new List<CelValue>();

        foreach (var item in items)
        {
            if (!frame.Spend(1))
            {
                return frame.Halt;
            }

            frame.Locals[slot] = item;
            var holds = condition is null ? CelValue.True : condition(frame);

            if (holds.Kind != CelKind.Bool)
            {
                return Fault(holds);
            }

            if (!holds.IsTrue)
            {
                continue;
            }

            var result = body is null ? item : body(frame);

            if (result.IsError)
            {
                return result;
            }

            results.Add(result);
        }

        return CelValue.Of(results.ToArray());
    }

    private static CelValue Fault(CelValue value) =>
        value.IsError ? value : CelValue.Failure($"the condition came to {CelType.Of(value.Kind)}, not to bool");
}

namespace Countersign.Cel;

/// <summary>One evaluation: its variables, and what it has cost.</summary>
internal sealed class Frame(CelValue[] variables, int locals, long limit, CelDeadline? deadline)
{
    // Looking at a clock costs as much as a few dozen operations.
    private const int UnitsBetweenLooks = 256;

    private long _nextLook = UnitsBetweenLooks;

    public CelValue[] Variables { get; } = variables;

    /// <summary>The variables of macros, by their depth.</summary>
    public CelValue[] Locals { get; } = locals == 0 ? [] : new CelValue[locals];

    public long Cost { get; private set; }

    /// <summary>The error that ended the evaluation; no operator turns it into a value.</summary>
    public CelValue? Stopped { get; private set; }

    public CelValue Halt => Stopped ?? default;

    public TraceLog? Trace { get; init; }

    /// <summary>Counts the cost of what is about to be done; false when it must not be done.</summary>
    public bool Spend(long units)
    {
        if (Stopped is not null)
        {
            return false;
        }

        if (units > limit - Cost)
        {
            Stopped = CelValue.Failure($"the evaluation reached the cost limit of {limit} units");

            return false;
        }

        Cost += units;

        if (Cost >= _nextLook && deadline is not null)
        {
            _nextLook = Cost + UnitsBetweenLooks;

            if (deadline.HasPassed)
            {
                Stopped = CelValue.Failure("the evaluation took too long and was cut off");

                return false;
            }
        }

        return true;
    }

    /// <summary>For a text or bytes of this length.</summary>
    public bool SpendLength(long length) => Spend((length / 8) + 1);

    /// <summary>For finding a key in a map.</summary>
    public bool SpendKey(CelValue key) => SpendLength(key.Kind == CelKind.String ? key.Text.Length : 0);
}

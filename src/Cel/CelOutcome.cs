using System.Diagnostics.CodeAnalysis;

namespace Countersign.Cel;

/// <summary>What an evaluation came to: a value, or an error.</summary>
public readonly struct CelOutcome
{
    private readonly CelValue _value;

    internal CelOutcome(CelValue value, long cost) => (_value, Cost) = (value, cost);

    /// <summary>The error, or null.</summary>
    public CelError? Error => _value.IsError ? _value.Error : null;

    /// <summary>In units, see <see cref="CelLimits.UsualCost"/>; never more than the environment allows.</summary>
    public long Cost { get; }

    /// <summary>Whether the expression is true: an error and any other value are no (R203).</summary>
    public bool IsTrue => _value.IsTrue;

    public bool Is(out CelValue value, [NotNullWhen(false)] out CelError? error)
    {
        error = Error;
        value = error is null ? _value : default;

        return error is null;
    }

    /// <summary>For people: the value or the error.</summary>
    public override string ToString() => _value.ToString();
}

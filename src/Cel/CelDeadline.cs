namespace Countersign.Cel;

/// <summary>When an evaluation is cut off, looked at every few hundred units of cost.</summary>
public sealed class CelDeadline(TimeProvider clock, TimeSpan after)
{
    /// <summary>What an expression gets: 5 ms (R207).</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(5);

    private readonly long _began = clock.GetTimestamp();

    internal bool HasPassed => clock.GetElapsedTime(_began) > after;
}

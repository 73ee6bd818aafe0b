namespace Countersign.Server.Tests.Framework;

/// <summary>
/// The system's clock, moved by a test. <see cref="Advance"/> sets the wall clock alone, as an operator would; <see cref="Elapse"/> lets time
/// pass for elapsed-time limits too. Timers keep real time.
/// </summary>
internal sealed class TestClock : TimeProvider
{
    private long _shift;
    private long _elapsed;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _shift));

    public override long GetTimestamp() =>
        base.GetTimestamp() + (long)(TimeSpan.FromTicks(Interlocked.Read(ref _elapsed)).TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _shift, by.Ticks);

    public void Elapse(TimeSpan by)
    {
        Advance(by);
        Interlocked.Add(ref _elapsed, by.Ticks);
    }
}

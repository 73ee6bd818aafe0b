namespace Countersign.Server.Clients;

/// <summary>
/// Lets every refusal of a credential take the same time (R38), whether the client was known, held in memory, or had a hash that is slow on
/// purpose: that of the slowest comparison lately, and longer than a look into the database.
/// </summary>
internal sealed class RefusalPace(TimeProvider time)
{
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private TimeSpan _pace = s_least;

    public long Begin() => time.GetTimestamp();

    /// <summary>Learns how long the slow comparison took that began then; a rare long one is forgotten again.</summary>
    public void Learn(long began)
    {
        var took = time.GetElapsedTime(began);

        lock (_lock)
        {
            var sooner = _pace - ((_pace - took) / 8);
            _pace = TimeSpan.FromTicks(Math.Clamp(Math.Max(took.Ticks, sooner.Ticks), s_least.Ticks, s_most.Ticks));
        }
    }

    /// <summary>Waits for what is left of the pace. A caller that leaves does not end it: its refusal is to be recorded.</summary>
    public async ValueTask KeepAsync(long began)
    {
        TimeSpan pace;

        lock (_lock)
        {
            pace = _pace;
        }

        // A timer counts by a coarser clock than this one and may ring some milliseconds early.
        for (var left = pace - time.GetElapsedTime(began); left > TimeSpan.Zero; left = pace - time.GetElapsedTime(began))
        {
            await Task.Delay(left + s_tick, time, CancellationToken.None);
        }
    }
}

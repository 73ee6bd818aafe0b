using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Data;

/// <summary>What keeps its memory true by the change feed.</summary>
internal interface IFollowChanges
{
    Task ApplyAsync(IReadOnlyList<ChangeRow> changes, CancellationToken ct);

    /// <summary>The feed no longer reaches back to where this node stopped: forget all that is held and read it anew.</summary>
    Task ForgetAsync(CancellationToken ct);
}

/// <summary>
/// Follows the changes of all nodes. This node's own are applied at once by <see cref="Store"/> and passed over when the feed brings them again.
/// </summary>
internal sealed partial class ChangeFeed(
    IDbContextFactory<Db> contexts, DatabaseEngine engine, TimeProvider time, ILogger<ChangeFeed> logger) : BackgroundService
{
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(1);
    private const int Page = 1000;

    private readonly ConcurrentDictionary<long, bool> _own = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private IFollowChanges? _follower;
    private long _seen = -1;
    private long _confirmedAt = time.GetTimestamp();

    /// <summary>How long ago this node last knew that it had seen every change.</summary>
    public TimeSpan Behind => time.GetElapsedTime(Interlocked.Read(ref _confirmedAt));

    /// <summary>Reads where the feed stands. What is loaded after this call is at least as new.</summary>
    public async Task StartFollowingAsync(IFollowChanges follower, CancellationToken ct)
    {
        _follower = follower;
        await using var db = contexts.CreateDbContext();
        _seen = await db.ChangeHead.Where(h => h.Id == 1).Select(h => h.Seq).SingleAsync(ct);
        Confirm();
    }

    /// <summary>Applies what this node has just committed.</summary>
    public async Task ApplyOwnAsync(IReadOnlyList<ChangeRow> changes, CancellationToken ct)
    {
        if (_follower is null)
        {
            return;
        }

        await _follower.ApplyAsync(changes, ct);

        foreach (var change in changes)
        {
            _own[change.Seq] = true;
        }
    }

    /// <summary>Reads and applies what came since the last time. One at a time: an older reading must not set back what a newer one saw.</summary>
    public async Task CatchUpAsync(CancellationToken ct)
    {
        await _reading.WaitAsync(ct);

        try
        {
            await ReadAsync(ct);
        }
        finally
        {
            _reading.Release();
        }
    }

    public override void Dispose()
    {
        _reading.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var down = false;

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await engine.WaitForAnnouncementAsync(s_poll, time, stoppingToken);

                if (_follower is not null)
                {
                    await CatchUpAsync(stoppingToken);
                }

                if (down)
                {
                    down = false;
                    LogBack();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // The database is away: go on with what is held; readiness tells how old it is (R243, R254).
                if (!down)
                {
                    down = true;
                    LogAway(exception.GetType().Name);
                }
            }
        }
    }

    private async Task ReadAsync(CancellationToken ct)
    {
        await using var db = contexts.CreateDbContext();

        while (true)
        {
            var asked = time.GetTimestamp();
            var from = _seen;
            var changes = await db.Changes.AsNoTracking().Where(c => c.Seq > from).OrderBy(c => c.Seq).Take(Page).ToListAsync(ct);

            if (changes.Count > 0 && changes[0].Seq != from + 1)
            {
                LogGap(from, changes[0].Seq);
                await _follower!.ForgetAsync(ct);
            }
            else
            {
                var others = changes.Where(c => !_own.TryRemove(c.Seq, out _)).ToList();
                await _follower!.ApplyAsync(others, ct);
            }

            _seen = changes.Count > 0 ? changes[^1].Seq : from;

            if (changes.Count < Page)
            {
                Interlocked.Exchange(ref _confirmedAt, asked);

                return;
            }
        }
    }

    private void Confirm() => Interlocked.Exchange(ref _confirmedAt, time.GetTimestamp());

    [LoggerMessage(LogLevel.Warning, "the change feed does not reach back to {Seen}, it starts at {First}: reading everything anew")]
    private partial void LogGap(long seen, long first);

    [LoggerMessage(LogLevel.Error, "the change feed cannot be read ({Kind}); trying again each second")]
    private partial void LogAway(string kind);

    [LoggerMessage(LogLevel.Information, "the change feed is read again")]
    private partial void LogBack();
}

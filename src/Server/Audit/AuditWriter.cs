using System.Threading.Channels;
using Countersign.Server.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Audit;

/// <summary>
/// Writes audit events of exchanges in groups: all that came while the last group was being committed make the next. Who needs to know that
/// an event is durable waits for its group.
/// </summary>
internal sealed partial class AuditWriter(Store store, RefusalBudget budget, TimeProvider time, ILogger<AuditWriter> logger) : BackgroundService
{
    private const int Group = 500;

    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(50);

    private readonly Channel<Item> _queue = Channel.CreateBounded<Item>(
        new BoundedChannelOptions(20_000) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long _lost;

    /// <summary>Adds an event without waiting. When the database is away for long, the newest are lost and counted.</summary>
    public void Add(AuditEventRow row)
    {
        if (!_queue.Writer.TryWrite(new Item(row, null)))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Adds an event and returns when it is committed.</summary>
    public async ValueTask AddDurableAsync(AuditEventRow row, CancellationToken ct)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Item(row, done), ct);
        await done.Task.WaitAsync(ct);
    }

    /// <summary>Returns when all that was added before is committed.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Item(null, done), ct);
        await done.Task.WaitAsync(ct);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Requests have ended: write what they left, then stop.
        _queue.Writer.TryComplete();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var group = new List<Item>(Group);

        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            Gather(group);

            if (group.TrueForAll(i => i.Done is null) && group.Count < Group && !stoppingToken.IsCancellationRequested)
            {
                // Nobody waits: a moment makes larger groups.
                await Task.Delay(s_gather, CancellationToken.None);
                Gather(group);
            }

            await WriteAsync(group);
            group.Clear();
        }
    }

    private void Gather(List<Item> group)
    {
        while (group.Count < Group && _queue.Reader.TryRead(out var item))
        {
            group.Add(item);
        }
    }

    private async Task WriteAsync(List<Item> group)
    {
        try
        {
            var rows = group.Select(i => i.Row).OfType<AuditEventRow>().Concat(budget.TurnOver()).ToList();

            if (Interlocked.Exchange(ref _lost, 0) is > 0 and var lost)
            {
                LogLost(lost);
            }

            if (rows.Count > 0)
            {
                await store.RecordAsync(
                    async db =>
                    {
                        db.AuditEvents.AddRange(rows);
                        await db.SaveChangesAsync();
                    },
                    CancellationToken.None);
            }

            group.ForEach(i => i.Done?.TrySetResult());
        }
        catch (Exception exception)
        {
            LogFailed(group.Count, exception.GetType().Name);
            group.ForEach(i => i.Done?.TrySetException(new DbUpdateException("the audit events could not be written")));
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, CancellationToken.None);
        }
    }

    [LoggerMessage(LogLevel.Error, "{Count} audit events could not be written ({Kind})")]
    private partial void LogFailed(int count, string kind);

    [LoggerMessage(LogLevel.Error, "{Count} audit events were lost: the database did not keep up")]
    private partial void LogLost(long count);

    private readonly record struct Item(AuditEventRow? Row, TaskCompletionSource? Done);
}

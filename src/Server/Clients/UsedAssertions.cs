using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Countersign.OAuth;
using Countersign.Server.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Clients;

/// <summary>
/// Remembers which assertions were used, durably and for all nodes, so that each is good once (R56). Written in groups: all that came while the
/// last group was being committed make the next, and each waits for its commit.
/// </summary>
internal sealed partial class UsedAssertions(Store store, ILogger<UsedAssertions> logger) : BackgroundService
{
    private const int Group = 200;
    private const int MostWaiting = 10_000;

    /// <summary>Rows deleted at a time.</summary>
    private const int Step = 2000;

    /// <summary>Seconds by which the floor rises at most at a time.</summary>
    private const long MostForgotten = 3600;

    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(30);

    // Kept longer than they are needed, for a node that started with a clock some minutes ahead of the others' (R252).
    private static readonly TimeSpan s_keptLonger = TimeSpan.FromMinutes(6);

    private readonly Lock _lock = new();
    private readonly AutoResetEvent _added = new(false);
    private List<Use> _waiting = [];
    private bool _stopping;
    private UseConnection? _connection;

    /// <summary>
    /// True for exactly one of all who present the assertion, on whatever node. Throws a fault of the database when nobody can say.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="assertion">The assertion.</param>
    /// <param name="until">When it is refused by its age anyway.</param>
    /// <param name="now">When it is used.</param>
    /// <param name="window">For how long after its first use it may be used again; zero: not at all.</param>
    public Task<bool> TryUseAsync(Guid tenantId, SignedAssertion assertion, DateTimeOffset until, DateTimeOffset now, TimeSpan window = default)
    {
        return RecordAsync(new Use(KeyOf(tenantId, assertion), until.ToUnixTimeSeconds(), now.ToUnixTimeSeconds(), (long)window.TotalSeconds));
    }

    /// <summary>The same of a proof of possession: one key's <c>jti</c> at one endpoint is good once (R138).</summary>
    public Task<bool> TryUseAsync(Guid tenantId, DpopProof proof, string path, DateTimeOffset now)
    {
        var text = Encoding.UTF8.GetBytes($"dpop|{tenantId}|{proof.Thumbprint}|{path.Length}|{path}|{proof.Id}");

        return RecordAsync(new Use(BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(text)), proof.UsableUntil.ToUnixTimeSeconds(), now.ToUnixTimeSeconds(), 0));
    }

    private Task<bool> RecordAsync(Use use)
    {

        lock (_lock)
        {
            if (_stopping || _waiting.Count >= MostWaiting)
            {
                throw new TimeoutException("more assertions wait for the database than it can record");
            }

            _waiting.Add(use);
        }

        _added.Set();

        // Who leaves meanwhile has used it all the same.
        return use.Won.Task;
    }

    /// <summary>Whether it was used, and would be refused for that now; nothing is recorded.</summary>
    /// <inheritdoc cref="TryUseAsync(Guid, SignedAssertion, DateTimeOffset, DateTimeOffset, TimeSpan)"/>
    public async Task<bool> WasUsedAsync(Guid tenantId, SignedAssertion assertion, DateTimeOffset now, TimeSpan window, CancellationToken ct)
    {
        var key = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(key, KeyOf(tenantId, assertion));
        await using var db = store.Open();

        return await db.UsedAssertions.AsNoTracking().SingleOrDefaultAsync(u => u.Key == key, ct) is { } row
            && (window == TimeSpan.Zero || row.UsedAt is not { } first || now.ToUnixTimeSeconds() - first >= window.TotalSeconds);
    }

    /// <summary>
    /// Forgets what is too old to be taken at that time, in small steps that hold nobody up. What is forgotten is refused from then on, by all
    /// nodes: a clock that was wrong, or is set back, makes no assertion fresh again whose record is gone (R252).
    /// </summary>
    public async Task ForgetAsync(DateTimeOffset now, CancellationToken ct)
    {
        var asked = (now - s_keptLonger).ToUnixTimeSeconds();
        var floor = 0L;

        // By an hour at most each time: a node whose clock is far ahead does little harm before somebody sees it.
        await store.RecordAsync(
            async db =>
            {
                await db.ReplayFloor
                    .Where(f => f.Id == 1 && f.ForgottenUntil < asked)
                    .ExecuteUpdateAsync(f => f.SetProperty(r => r.ForgottenUntil, r => r.ForgottenUntil > 0 && r.ForgottenUntil + MostForgotten < asked ? r.ForgottenUntil + MostForgotten : asked), ct);
                floor = await db.ReplayFloor.Where(f => f.Id == 1).Select(f => f.ForgottenUntil).SingleAsync(ct);
            },
            ct);

        for (var gone = Step; gone == Step;)
        {
            await store.RecordAsync(
                async db => gone = await db.Database.ExecuteSqlAsync(
                    $"DELETE FROM used_assertions WHERE key IN (SELECT key FROM used_assertions WHERE expires_at <= {floor} LIMIT {Step})", ct),
                ct);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _stopping = true;
        }

        _added.Set();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    // A thread of its own: it blocks for each commit, and one of the pool's would be missed by the requests.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(WriteGroups, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void WriteGroups()
    {
        while (true)
        {
            List<Use> group;
            bool last;

            lock (_lock)
            {
                (group, _waiting, last) = (_waiting, [], _stopping);
            }

            foreach (var part in group.Chunk(Group))
            {
                Write(part);
            }

            if (group.Count == 0)
            {
                if (last)
                {
                    Close();

                    return;
                }

                // A connection that nobody uses may be cut on the way without either end hearing of it.
                if (!_added.WaitOne(s_idle))
                {
                    Close();
                }
            }
        }
    }

    // A signature's bytes are not unique (R81): what counts is the jti, or what was signed. Each part says how long it is, so that no two run together.
    private static UInt128 KeyOf(Guid tenantId, SignedAssertion assertion)
    {
        var claims = assertion.Claims;

        // A trust domain's token may say anything in iss, and must not use up another issuer's (R67).
        var issuer = assertion.Issuer?.Issuer ?? claims.Issuer;
        var text = claims.Id is { } id
            ? Encoding.UTF8.GetBytes($"jti|{tenantId}|{issuer?.Length}|{issuer}|{id}")
            : [.. Encoding.UTF8.GetBytes($"signed|{tenantId}|"), .. assertion.Jws.SigningInput.Span];

        return BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(text));
    }

    private void Write(Use[] group)
    {
        var held = _connection is not null;

        try
        {
            HashSet<UInt128> winners;

            try
            {
                winners = Insert(group);
            }
            catch (DbException) when (held)
            {
                // The connection may have been lost since the last group. What the first try may have written is refused by the second.
                Close();
                winners = Insert(group);
            }

            // Of several with one key in the group, the first takes it out of the set.
            foreach (var use in group)
            {
                use.Won.TrySetResult(winners.Remove(use.Key) || (use.Window > 0 && use.UsedAt - _connection!.FirstUse(use.Key) < use.Window));
            }
        }
        catch (Exception exception)
        {
            LogFailed(group.Length, exception.GetType().Name);

            foreach (var use in group)
            {
                use.Won.TrySetException(new DbUpdateException("the use of an assertion could not be recorded"));
            }

            Close();
        }
    }

    private HashSet<UInt128> Insert(Use[] group)
    {
        // In one order everywhere, so that two nodes do not wait for each other in a circle.
        var rows = group.DistinctBy(u => u.Key).OrderBy(u => u.Key).ToArray();

        using (store.Engine.WriteTurnAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
        {
            return (_connection ??= new UseConnection(store.Open())).Insert(rows);
        }
    }

    private void Close()
    {
        var connection = _connection;
        _connection = null;

        try
        {
            connection?.Dispose();
        }
        catch (Exception exception)
        {
            // It is broken already; this thread goes on with the next one.
            LogFailed(0, exception.GetType().Name);
        }
    }

    [LoggerMessage(LogLevel.Error, "the use of {Count} assertions could not be recorded ({Kind}): they are refused")]
    private partial void LogFailed(int count, string kind);
}

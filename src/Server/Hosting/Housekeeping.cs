using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Hosting;

/// <summary>
/// Each minute: retires secrets that have been quiet long enough, and deletes what nothing needs any more. Expiry itself never waits for it.
/// </summary>
internal sealed partial class Housekeeping(
    Store store, TenantDirectory tenants, TokenUsage usage, UsedAssertions assertions, TimeProvider time, ILogger<Housekeeping> logger) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_feedKept = TimeSpan.FromHours(24);
    private static readonly TimeSpan s_answersKept = TimeSpan.FromHours(24);

    // By a clock that nobody can set: one that was put forward must not make the server forget which assertions were used (R252).
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly long _started = time.GetTimestamp();

    public async Task RunOnceAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var steady = _startedAt + time.GetElapsedTime(_started);

        // First, since this table grows with every request: a fault of the steps below must not keep it.
        await assertions.ForgetAsync(steady < now ? steady : now, ct);
        await usage.FlushAsync(ct);
        await RetireQuietSecretsAsync(ct);

        foreach (var tenant in tenants.All)
        {
            tenant.Revocations.Trim(now);
        }

        await store.RecordAsync(
            async db =>
            {
                await db.Revocations.Where(r => r.ExpiresAt < now).ExecuteDeleteAsync(ct);
                await db.Changes.Where(c => c.At < now - s_feedKept).ExecuteDeleteAsync(ct);
                await db.IdempotencyRecords.Where(i => i.CreatedAt < now - s_answersKept).ExecuteDeleteAsync(ct);
                await db.SetupTokens.Where(s => s.ExpiresAt < now).ExecuteDeleteAsync(ct);
            },
            ct);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodic.RunAsync(s_interval, time, RunOnceAsync, e => LogFailed(e.GetType().Name), stoppingToken);

    private async Task RetireQuietSecretsAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var read = store.Open();
        var waiting = await read.ClientSecrets.AsNoTracking().Where(s => s.RetiresWhenQuietHours != null && s.RetiresAt == null).ToListAsync(ct);

        foreach (var secret in waiting)
        {
            var quietSince = secret.LastUsedAt > secret.QuietSince ? secret.LastUsedAt : secret.QuietSince;

            if (quietSince?.AddHours(secret.RetiresWhenQuietHours!.Value) > now)
            {
                continue;
            }

            await using var db = store.Open();
            var row = await db.ClientSecrets.SingleOrDefaultAsync(s => s.Id == secret.Id, ct);
            var account = await db.ServiceAccounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == secret.AccountId, ct);

            if (row is null || account is null)
            {
                continue;
            }

            row.RetiresAt = now;

            try
            {
                await store.CommitAsync(
                    db,
                    AuditEvents.Change("secret.retired", row.TenantId, now, null, row.Id.ToString(), row.AccountId, account.GroupId, account.OrganizationId),
                    ct);
            }
            catch (DbUpdateConcurrencyException)
            {
                // Another node retired it, or somebody changed it: looked at again in a minute.
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "housekeeping failed ({Kind}); trying again in a minute")]
    private partial void LogFailed(string kind);
}

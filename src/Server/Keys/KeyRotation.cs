using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Keys;

/// <summary>Gives each key a successor in time: published ahead, then active, while the old one stays until its last token has died.</summary>
internal sealed partial class KeyRotation(Store store, MasterKey master, TimeProvider time, ILogger<KeyRotation> logger) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);

    /// <summary>Makes the next key of an algorithm.</summary>
    /// <param name="after">The newest generation that the caller has seen, which this one follows; null: whatever is the newest now.</param>
    /// <param name="activatesAt">When it takes over; at once for an emergency, else after it has been published long enough.</param>
    /// <exception cref="DbUpdateException">Another node made it first.</exception>
    public static async Task<TenantKeyRow> AddNextAsync(
        Db db, MasterKey master, Guid tenantId, string alg, int? after, DateTimeOffset now, DateTimeOffset activatesAt, CancellationToken ct)
    {
        var keys = await db.TenantKeys.Where(k => k.TenantId == tenantId && k.Alg == alg).ToListAsync(ct);
        var next = KeyRows.Create(master, tenantId, alg, (after ?? keys.Max(k => (int?)k.Generation) ?? 0) + 1, now, activatesAt);
        db.TenantKeys.Add(next);

        foreach (var key in keys.Where(k => k.WithdrawnAt is null && (k.RetiresAt is null || k.RetiresAt > activatesAt)))
        {
            key.RetiresAt = activatesAt;
        }

        return next;
    }

    public async Task RotateDueAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var read = store.Open();
        var tenants = await read.Tenants.AsNoTracking().Select(t => new { t.Id, t.SigningKeyDays }).ToListAsync(ct);

        foreach (var tenant in tenants)
        {
            var keys = await read.TenantKeys.AsNoTracking().Where(k => k.TenantId == tenant.Id).ToListAsync(ct);

            foreach (var generations in keys.GroupBy(k => k.Alg))
            {
                if (generations.Where(k => k.WithdrawnAt is null).MaxBy(k => k.Generation) is not { } newest)
                {
                    continue;
                }

                var due = newest.ActivatesAt.AddDays(tenant.SigningKeyDays);

                if (due - KeyTimes.PublishedAhead <= now)
                {
                    var activatesAt = due < now + KeyTimes.PublishedAhead ? now + KeyTimes.PublishedAhead : due;
                    await RotateAsync(tenant.Id, newest.Alg, generations.Max(k => k.Generation), now, activatesAt, ct);
                }
            }
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodic.RunAsync(s_interval, time, RotateDueAsync, e => LogFailed(e.GetType().Name), stoppingToken);

    private async Task RotateAsync(Guid tenantId, string alg, int after, DateTimeOffset now, DateTimeOffset activatesAt, CancellationToken ct)
    {
        await using var db = store.Open();

        try
        {
            var next = await AddNextAsync(db, master, tenantId, alg, after, now, activatesAt, ct);
            await store.CommitAsync(db, AuditEvents.Change("signing-key.created", tenantId, now, null, next.Id.ToString()), ct);
            LogRotated(tenantId, alg, next.Kid, activatesAt);
        }
        catch (DbUpdateException exception) when (store.Engine.IsUniqueViolation(exception))
        {
            // Another node made this generation; its key is the one (R169).
        }
    }

    [LoggerMessage(LogLevel.Information, "tenant {Tenant}: the next {Alg} key {Kid} is published and active from {ActivatesAt:O}")]
    private partial void LogRotated(Guid tenant, string alg, string kid, DateTimeOffset activatesAt);

    [LoggerMessage(LogLevel.Error, "key rotation failed ({Kind}); trying again in a minute")]
    private partial void LogFailed(string kind);
}

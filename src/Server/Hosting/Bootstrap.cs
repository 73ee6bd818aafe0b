using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Keys;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Hosting;

/// <summary>Brings the database to where this program needs it, before the first request: schema, default tenant, keys under the current master key.</summary>
internal sealed partial class Bootstrap(
    Store store, ServerSettings settings, MasterKey master, ChangeFeed feed, TenantDirectory tenants, TimeProvider time, ILogger<Bootstrap> logger)
{
    private static readonly TimeSpan s_setupTokenLife = TimeSpan.FromHours(1);

    public async Task RunAsync(CancellationToken ct)
    {
        await using (var db = store.Open())
        await using (await store.Engine.BeginStartAsync(db, ct))
        {
            await db.Database.MigrateAsync(ct);
            await EnsureDefaultTenantAsync(db, ct);
            await RewrapAsync(db, ct);
        }

        await feed.StartFollowingAsync(tenants, ct);
        await tenants.LoadAsync(ct);
    }

    /// <summary>Makes a one-time token for the first administrator, where the default tenant has none yet (R225).</summary>
    /// <returns>The token, to be shown once; null when there is an administrator, or a token was written to the file.</returns>
    public async Task<Secret?> OfferSetupAsync(CancellationToken ct)
    {
        await using var db = store.Open();
        var tenant = await db.Tenants.SingleAsync(t => t.NameKey == TenantSetup.DefaultName, ct);

        if (await db.RoleAssignments.AnyAsync(r => r.TenantId == tenant.Id, ct))
        {
            return null;
        }

        var now = time.GetUtcNow();
        var token = GeneratedSecret.Create("cs_setup_");
        db.SetupTokens.RemoveRange(await db.SetupTokens.Where(s => s.TenantId == tenant.Id).ToListAsync(ct));
        db.SetupTokens.Add(new SetupTokenRow
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenant.Id,
            Hash = SecretHash.Create(token).Stored,
            ExpiresAt = now + s_setupTokenLife,
        });
        await store.CommitAsync(db, AuditEvents.Change("setup-token.created", tenant.Id, now, null, null), ct);

        if (settings.SetupTokenFile is not { } path)
        {
            return token;
        }

        PrivateFile.Write(path, token.Reveal() + "\n", FileMode.Create);

        return null;
    }

    private async Task EnsureDefaultTenantAsync(Db db, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var issuer = settings.PublicUrl.GetLeftPart(UriPartial.Authority);
        var hosts = settings.Hosts.Prepend(settings.PublicUrl.Host).Select(h => h.ToLowerInvariant()).Distinct().ToArray();
        var tenant = await db.Tenants.Include(t => t.Hosts).SingleOrDefaultAsync(t => t.NameKey == TenantSetup.DefaultName, ct);

        if (tenant is null)
        {
            var made = TenantSetup.Add(db, master, TenantSetup.DefaultName, issuer, hosts, now);
            await store.CommitAsync(db, AuditEvents.Change("tenant.created", made.Tenant.Id, now, null, made.Tenant.Id.ToString()), ct);
        }
        else if (tenant.Issuer != issuer || hosts.Except(tenant.Hosts.Select(h => h.Host)).Any())
        {
            LogIssuerChanged(tenant.Issuer, issuer);
            tenant.Issuer = issuer;
            tenant.Hosts.AddRange(hosts.Except(tenant.Hosts.Select(h => h.Host)).Select(h => new TenantHostRow { Host = h, TenantId = tenant.Id }).ToList());
            tenant.UpdatedAt = now;
            await store.CommitAsync(db, AuditEvents.Change("tenant.updated", tenant.Id, now, null, "issuer and hosts by configuration"), ct);
        }

        db.ChangeTracker.Clear();
    }

    private async Task RewrapAsync(Db db, CancellationToken ct)
    {
        if (settings.PreviousMasterKeys.Length == 0)
        {
            return;
        }

        var keys = await db.TenantKeys.ToListAsync(ct);

        foreach (var key in keys.Where(k => !master.IsCurrent(k.Wrapped)))
        {
            var context = KeyRows.Context(key.Id, key.TenantId, key.Alg);
            key.Wrapped = master.Wrap(master.Unwrap(key.Wrapped, context), context);
        }

        if (db.ChangeTracker.HasChanges())
        {
            var tenant = await db.Tenants.AsNoTracking().SingleAsync(t => t.NameKey == TenantSetup.DefaultName, ct);
            await store.CommitAsync(db, AuditEvents.Change("master-key.changed", tenant.Id, time.GetUtcNow(), null, null), ct);
        }

        db.ChangeTracker.Clear();
    }

    [LoggerMessage(LogLevel.Warning, "the default tenant's issuer or host names change by configuration: {Before} becomes {After}")]
    private partial void LogIssuerChanged(string before, string after);
}

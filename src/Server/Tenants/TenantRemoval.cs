using Countersign.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Tenants;

/// <summary>Takes a tenant away with all that is its own, in one transaction. Its audit events stay.</summary>
internal static class TenantRemoval
{
    /// <summary>The most accounts that one transaction takes.</summary>
    public const int MostAccounts = 10_000;

    public static async Task MarkAsync(Db db, TenantRow tenant, CancellationToken ct)
    {
        var id = tenant.Id;
        db.RemoveRange(await db.ServiceAccounts.Where(a => a.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.TrustedIssuers.Where(i => i.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.Roles.Include(r => r.Scopes).Where(r => r.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.Apis.Include(a => a.Scopes).Where(a => a.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.Organizations.Where(o => o.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.Groups.Where(g => g.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.TenantKeys.Where(k => k.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.Revocations.Where(r => r.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.IdempotencyRecords.Where(i => i.TenantId == id).ToListAsync(ct));
        db.RemoveRange(await db.SetupTokens.Where(s => s.TenantId == id).ToListAsync(ct));
        db.Tenants.Remove(tenant);
    }
}

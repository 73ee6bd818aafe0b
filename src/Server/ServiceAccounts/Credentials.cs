using Countersign.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

/// <summary>Credentials of every kind, by their id.</summary>
internal static class Credentials
{
    /// <summary>The account that a credential belongs to, or null.</summary>
    public static Task<Guid?> OwnerAsync(Db db, Guid tenantId, Guid credential, CancellationToken ct) =>
        db.ClientSecrets.Where(s => s.TenantId == tenantId && s.Id == credential).Select(s => (Guid?)s.AccountId)
            .Concat(db.AccountKeys.Where(k => k.TenantId == tenantId && k.Id == credential).Select(k => (Guid?)k.AccountId))
            .Concat(db.JwksUrls.Where(u => u.TenantId == tenantId && u.Id == credential).Select(u => (Guid?)u.AccountId))
            .FirstOrDefaultAsync(ct);
}

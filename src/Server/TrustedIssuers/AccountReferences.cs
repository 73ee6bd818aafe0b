using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.ServiceAccounts;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Accounts as rules name them: asked for by either name, shown with both.</summary>
internal static class AccountReferences
{
    /// <summary>The ids of accounts, each named by id or client id; null when one is missing.</summary>
    public static async Task<Guid[]?> IdsAsync(AdminCaller caller, Db db, string[] names, CancellationToken ct)
    {
        var ids = names.Select(n => Guid.TryParse(n, out var id) ? id : (Guid?)null).OfType<Guid>().ToArray();
        var clientIds = names.Where(n => ClientIds.Fault(n) is null).ToArray();
        var found = await db.ServiceAccounts.AsNoTracking()
            .Where(a => a.TenantId == caller.TenantId && (ids.Contains(a.Id) || clientIds.Contains(a.ClientId)))
            .Select(a => new AccountReference(a.Id, a.ClientId))
            .ToListAsync(ct);

        // By its id first: no client id may be that of another account.
        var accounts = Array.ConvertAll(names, n => (found.Find(a => Guid.TryParse(n, out var id) && a.Id == id) ?? found.Find(a => a.ClientId == n))?.Id);

        return Array.TrueForAll(accounts, a => a is not null) ? [.. accounts.OfType<Guid>().Distinct()] : null;
    }

    /// <summary>The client ids of these accounts, of those that are there.</summary>
    public static Task<Dictionary<Guid, string>> ClientIdsAsync(AdminCaller caller, Db db, IEnumerable<Guid> accounts, CancellationToken ct)
    {
        var ids = accounts.Distinct().ToArray();

        return db.ServiceAccounts.AsNoTracking().Where(a => a.TenantId == caller.TenantId && ids.Contains(a.Id)).ToDictionaryAsync(a => a.Id, a => a.ClientId, ct);
    }
}

using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Admin;

/// <summary>What keeps an administrator from reaching further than its own reach (R218).</summary>
internal sealed class Safeguards(Db db)
{
    /// <summary>An account that is an administrator too may be changed only by one that reaches at least as far.</summary>
    public async Task<Refusal?> AgainstStrongerAsync(AdminCaller caller, Guid accountId, CancellationToken ct)
    {
        if (await caller.Tenant.Accounts.FindAsync(accountId, ct) is not { } account)
        {
            return null;
        }

        foreach (var (permission, reach) in account.EntitlementsIn(caller.Snapshot).Permissions)
        {
            if (!await CoversAsync(caller.Reach(permission), reach, ct))
            {
                return Refusal.Forbidden($"the account holds {permission} further than you do");
            }
        }

        return null;
    }

    /// <summary>
    /// A new credential for an account that holds granted scopes is a way to those scopes: it needs the whole tenant, unless the tenant leaves
    /// granting to owners.
    /// </summary>
    public async Task<Refusal?> AgainstCredentialAsync(AdminCaller caller, Guid accountId, CancellationToken ct)
    {
        if (await AgainstStrongerAsync(caller, accountId, ct) is { } stronger)
        {
            return stronger;
        }

        return caller.Snapshot.GrantingByOwner || caller.ReachesTenant("credentials.write")
            || await caller.Tenant.Accounts.FindAsync(accountId, ct) is not { } account
            || account.EntitlementsIn(caller.Snapshot).AllScopes.Count == 0
            ? null
            : Refusal.Forbidden("the account holds granted scopes: changing its credentials needs super-admin, unless the tenant's setting granting is owner");
    }

    /// <summary>Granting scopes of an API.</summary>
    public Refusal? AgainstGrant(AdminCaller caller, ApiFacts api)
    {
        if (api.IsAdmin)
        {
            return Refusal.Forbidden("scopes of the admin API are given by roles");
        }

        var reach = caller.Reach("grants.write");

        return reach.WholeTenant || (caller.Snapshot.GrantingByOwner && reach.Covers(api.GroupId, api.OrganizationId))
            ? null
            : Refusal.Forbidden("granting scopes of this API needs super-admin, or its owner where the tenant's setting granting is owner");
    }

    /// <summary>The same of several APIs; one that is gone grants nothing.</summary>
    public Refusal? AgainstGrants(AdminCaller caller, IEnumerable<Guid> apis) =>
        apis.Select(caller.Snapshot.Apis.GetValueOrDefault).OfType<ApiFacts>().Select(api => AgainstGrant(caller, api)).FirstOrDefault(r => r is not null);

    /// <summary>Giving out a role, as far as <paramref name="reach"/>.</summary>
    public async Task<Refusal?> AgainstRoleAsync(AdminCaller caller, IEnumerable<(Guid ApiId, string Scope)> scopes, Reach reach, CancellationToken ct)
    {
        foreach (var (apiId, scope) in scopes)
        {
            if (caller.Snapshot.Apis.GetValueOrDefault(apiId) is not { } api)
            {
                continue;
            }

            if (!api.IsAdmin)
            {
                if (AgainstGrant(caller, api) is { } refusal)
                {
                    return refusal;
                }
            }
            else if (!await CoversAsync(caller.Reach(scope), reach, ct))
            {
                return Refusal.Forbidden($"the role holds {scope} further than you do");
            }
        }

        return null;
    }

    /// <summary>
    /// One enabled account with the role super-admin over the tenant and a credential in use stays; without it nobody could mend anything.
    /// </summary>
    /// <param name="credentialId">The credential that goes; null where the account or its role does.</param>
    public async Task<Refusal?> AgainstLockoutAsync(AdminCaller caller, Guid accountId, CancellationToken ct, Guid? credentialId = null)
    {
        var role = await db.Roles.SingleAsync(r => r.TenantId == caller.TenantId && r.BuiltIn && r.NameKey == AdminApi.SuperAdmin, ct);
        var secretsBesideKeys = await db.Tenants.Where(t => t.Id == caller.TenantId).Select(t => t.AllowSecretsBesideKeys).SingleAsync(ct);
        var holders = await HoldersAsync(caller.TenantId, caller.Now, credentialId, ct);

        if (!holders.Exists(h => h.Id == accountId))
        {
            return null;
        }

        if (!holders.Exists(h => (h.Id != accountId || credentialId != null) && (h.HasKey || (h.HasSecret && (h.UsesSecrets || secretsBesideKeys)))))
        {
            return Refusal.Conflict("this is the tenant's last super-admin: make another one first");
        }

        // Two that remove each other at the same moment both change this row, and one of them fails.
        db.Entry(role).Property(r => r.Name).IsModified = true;

        return null;
    }

    /// <summary>
    /// Ending a migration stops the secrets of accounts that sign: a super-admin must be left that authenticates by its own method.
    /// </summary>
    public async Task<Refusal?> AgainstEndOfMigrationAsync(Guid tenantId, DateTimeOffset now, CancellationToken ct) =>
        (await HoldersAsync(tenantId, now, null, ct)).Exists(h => h.UsesSecrets || h.HasKey)
            ? null
            : Refusal.Conflict("no super-admin would be left that can sign in: give one a key that works, or a secret to one without keys, first");

    /// <summary>The enabled accounts with the role super-admin over the tenant, and what each could still sign in by.</summary>
    /// <param name="without">A credential that does not count, or null.</param>
    private Task<List<Holder>> HoldersAsync(Guid tenantId, DateTimeOffset now, Guid? without, CancellationToken ct) => (
        from assignment in db.RoleAssignments
        join role in db.Roles on assignment.RoleId equals role.Id
        join account in db.ServiceAccounts on assignment.AccountId equals account.Id
        where role.TenantId == tenantId && role.BuiltIn && role.NameKey == AdminApi.SuperAdmin
            && assignment.ReachGroupId == null && assignment.ReachOrganizationId == null && !account.Disabled

            // Whom a policy may shut out, or who needs a proof of a key, is not sure to come in.
            && account.AccessPolicy == null && !account.DpopBoundAccessTokens
        select new Holder(
            account.Id,
            account.AuthMethod == AuthMethods.ClientSecret,
            db.ClientSecrets.Any(
                s => s.AccountId == account.Id && s.Id != without && (s.RetiresAt == null || s.RetiresAt > now) && (s.ExpiresAt == null || s.ExpiresAt > now)),

            // A URL that never gave a key that was used is no way in.
            db.AccountKeys.Any(
                k => k.AccountId == account.Id && k.Id != without && !k.Disabled && (k.ExpiresAt == null || k.ExpiresAt > now)
                    && (account.AssertionAlg == null || account.AssertionAlg == k.Alg))
            || db.JwksUrls.Any(u => u.AccountId == account.Id && u.Id != without && u.LastUsedAt != null))).ToListAsync(ct);

    private async Task<bool> CoversAsync(Reach mine, Reach other, CancellationToken ct)
    {
        if (mine.WholeTenant || other.Organizations.Count == 0)
        {
            return mine.Covers(other, _ => null);
        }

        var ids = other.Organizations.ToArray();
        var groups = await db.Organizations.AsNoTracking().Where(o => ids.Contains(o.Id)).ToDictionaryAsync(o => o.Id, o => (Guid?)o.GroupId, ct);

        return mine.Covers(other, id => groups.GetValueOrDefault(id));
    }

    private sealed record Holder(Guid Id, bool UsesSecrets, bool HasSecret, bool HasKey);
}

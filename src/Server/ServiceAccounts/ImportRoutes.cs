using Countersign.Server.Admin;
using Countersign.Server.Apis;
using Countersign.Server.Data;
using Countersign.Server.Organizations;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

internal sealed record ImportBody(ImportedAccount[] Accounts);

internal sealed record ImportedAccount(
    string ClientId, string Name, OwnerBody? Owner = null, string? Description = null, string? SecretHash = null, GrantCreate[]? Grants = null);

internal sealed record ImportView(int Created, string[] Skipped);

/// <summary>
/// Many accounts at once, with hashes of their secrets from elsewhere. One call is one transaction; accounts whose client id is there already are
/// skipped, so an import that broke off is simply repeated.
/// </summary>
internal static class ImportRoutes
{
    public const int Most = 1000;

    public static void Map(IEndpointRouteBuilder admin) =>
        admin.MapPost("/service-accounts/import", ImportAsync).Requires("accounts.write").WithTags("service-accounts");

    private static async Task<Results<Ok<ImportView>, ProblemHttpResult>> ImportAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, ImportBody body, CancellationToken ct)
    {
        if (body.Accounts.Length is 0 or > Most)
        {
            return Problems.Of(caller, Refusal.Invalid("accounts", $"must hold 1 to {Most} accounts"));
        }

        var clientIds = body.Accounts.Select(a => a.ClientId).ToArray();

        // Before the database is asked for them.
        if (Array.FindIndex(clientIds, c => ClientIds.Fault(c) is not null) is >= 0 and var bad)
        {
            return Problems.Of(caller, At(bad, Refusal.Invalid("client_id", ClientIds.Fault(clientIds[bad])!)));
        }

        if (clientIds.GroupBy(c => c, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            return Problems.Of(caller, Refusal.Invalid("accounts", $"names the client_id {twice.Key} twice"));
        }

        var there = (await db.ServiceAccounts.Where(a => a.TenantId == caller.TenantId && clientIds.Contains(a.ClientId)).Select(a => a.ClientId).ToListAsync(ct))
            .ToHashSet(StringComparer.Ordinal);

        if (await ClientIds.TakenAsync(db, caller.TenantId, clientIds.Except(there), ct) is { } taken)
        {
            return Problems.Of(caller, At(Array.IndexOf(clientIds, taken), Refusal.Invalid("client_id", "is the id of another account")));
        }

        if (await ClientIds.TrustedAsync(db, caller.TenantId, clientIds, ct) is { } issuer)
        {
            return Problems.Of(caller, At(Array.IndexOf(clientIds, issuer), Refusal.Invalid("client_id", ClientIds.IsIssuer)));
        }

        var owners = new Dictionary<OwnerBody, Owner>();
        var none = new OwnerBody();
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        var created = 0;

        for (var i = 0; i < body.Accounts.Length; i++)
        {
            var account = body.Accounts[i];

            if (there.Contains(account.ClientId))
            {
                continue;
            }

            if (!owners.TryGetValue(account.Owner ?? none, out var owner))
            {
                if (!(await Ownership.ResolveAsync(db, caller, "accounts.write", account.Owner, ct)).Is(out owner, out var refusal))
                {
                    return Problems.Of(caller, At(i, refusal));
                }

                owners[account.Owner ?? none] = owner;
            }

            if (Add(caller, db, safeguards, account, owner) is { } fault)
            {
                return Problems.Of(caller, At(i, fault));
            }

            created++;
        }

        if (created > 0)
        {
            await store.CommitAsync(db, caller.Event("service-accounts.imported", $"{created} accounts"), ct);
        }

        return TypedResults.Ok(new ImportView(created, [.. there]));
    }

    private static Refusal? Add(AdminCaller caller, Db db, Safeguards safeguards, ImportedAccount account, Owner owner)
    {
        if (Names.Fault(account.Name) is { } nameFault)
        {
            return Refusal.Invalid("name", nameFault);
        }

        if (Names.DescriptionFault(account.Description) is { } descriptionFault)
        {
            return Refusal.Invalid("description", descriptionFault);
        }

        var row = TenantSetup.NewAccount(caller.TenantId, owner.GroupId, owner.OrganizationId, account.Name, caller.Now);
        row.ClientId = account.ClientId;
        row.Description = account.Description;
        db.ServiceAccounts.Add(row);
        db.AuditEvents.Add(caller.Event("service-account.imported", row.Id.ToString(), row, row.Id));

        if (account.SecretHash is { } hash)
        {
            if (!caller.Reach("credentials.write").Covers(owner))
            {
                return Refusal.Forbidden("importing secrets needs the permission credentials.write");
            }

            if (ClientSecrets.ImportedHashFault(hash) is { } hashFault)
            {
                return Refusal.Invalid("secret_hash", hashFault);
            }

            db.ClientSecrets.Add(new ClientSecretRow
            {
                Id = Guid.CreateVersion7(caller.Now),
                TenantId = caller.TenantId,
                AccountId = row.Id,
                Hash = hash,
                Origin = "imported",
                CreatedAt = caller.Now,
                ExpiresAt = caller.Now.AddDays(caller.Snapshot.MaxSecretLifetimeDays),
            });
        }

        var granted = new HashSet<Guid>();

        foreach (var grant in account.Grants ?? [])
        {
            if (ApiRoutes.Find(caller, "grants.write", grant.Api) is not { } api)
            {
                return Refusal.NotFound("API");
            }

            if (!granted.Add(api.Id))
            {
                return Refusal.Invalid("grants", $"name {api.Identifier} twice");
            }

            var scopes = grant.Scopes.Distinct().ToArray();
            var defaults = (grant.DefaultScopes ?? []).Distinct().ToArray();

            if ((safeguards.AgainstGrant(caller, api) ?? GrantRoutes.Fault(api, scopes, defaults)) is { } refusal)
            {
                return refusal;
            }

            db.Grants.Add(new GrantRow
            {
                Id = Guid.CreateVersion7(caller.Now),
                TenantId = caller.TenantId,
                AccountId = row.Id,
                ApiId = api.Id,
                Scopes = scopes,
                DefaultScopes = defaults,
                CreatedAt = caller.Now,
            });
        }

        return null;
    }

    private static Refusal At(int index, Refusal refusal) =>
        refusal with
        {
            Detail = $"accounts[{index}]: {refusal.Detail}",
            Errors = refusal.Errors?.ToDictionary(e => $"accounts[{index}].{e.Key}", e => e.Value),
        };
}

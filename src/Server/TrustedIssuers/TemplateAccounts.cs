using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.ServiceAccounts;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.TrustedIssuers;

/// <summary>The accounts that rules make on first sight of a token, as many as the rule allows.</summary>
internal sealed class TemplateAccounts(Store store)
{
    /// <summary>The account that the claims name, made if need be; or why there is none.</summary>
    public async ValueTask<(Account? Account, FailedCheck? Failed)> FindOrMakeAsync(TrustRule rule, NamedAccount named, Exchange exchange, CancellationToken ct)
    {
        var found = await FindAsync(rule, named, exchange, ct);

        return found is { Account: null, Failed: null } ? await MakeAsync(rule, named, exchange, ct) : found;
    }

    /// <summary>The same without making it: the account as it would be.</summary>
    public async ValueTask<(Account? Account, FailedCheck? Failed)> FindOrPreviewAsync(TrustRule rule, NamedAccount named, Exchange exchange, CancellationToken ct)
    {
        var found = await FindAsync(rule, named, exchange, ct);

        if (found is not { Account: null, Failed: null })
        {
            return found;
        }

        await using var db = store.Open();
        var template = rule.Template!.Text;

        if (await db.ServiceAccounts.CountAsync(a => a.MadeByRule == rule.Id, ct) >= template.MaxAccounts)
        {
            return (null, CapReached(named, template));
        }

        if (await OwnerFaultAsync(db, template, ct) is { } ownerless)
        {
            return (null, ownerless);
        }

        var row = NewRow(rule, named, exchange);

        return (AccountLoader.OfTemplate(row, GrantsOf(template, row, exchange)), null);
    }

    /// <summary>The account, when it was made already; neither account nor reason: it would be made.</summary>
    public static async ValueTask<(Account? Account, FailedCheck? Failed)> FindAsync(TrustRule rule, NamedAccount named, Exchange exchange, CancellationToken ct)
    {
        return await exchange.Tenant.Accounts.FindAsync(named.ClientId, ct) is { } account ? Judge(account, rule, named) : (null, null);
    }

    private static (Account? Account, FailedCheck? Failed) Judge(Account account, TrustRule rule, NamedAccount named) =>
        account.MadeByRule == rule.Id && account.TemplateKey == named.Key
            ? (account, null)
            : (null, new FailedCheck(
                "template-account", "the client id that the template makes is another account's", named.ClientId, $"an account made by the rule {rule.Name} for these claims", "name more claims in the template's client_id, or rename that account"));

    private async ValueTask<(Account? Account, FailedCheck? Failed)> MakeAsync(TrustRule rule, NamedAccount named, Exchange exchange, CancellationToken ct)
    {
        var template = rule.Template!.Text;
        var row = NewRow(rule, named, exchange);
        var audit = AuditEvents.Change("service-account.made", exchange.Tenant.Id, exchange.Now, null, row.Id.ToString(), row.Id, row.GroupId, row.OrganizationId);
        (audit.ClientId, audit.CredentialId, audit.Source) = (row.ClientId, rule.Id, exchange.Source?.ToString());

        try
        {
            await using var db = store.Open();

            if (await ClientIds.TakenAsync(db, exchange.Tenant.Id, [row.ClientId], ct) is not null)
            {
                return (null, new FailedCheck("template-account", "the client id that the template makes is another account's id", row.ClientId));
            }

            if (await OwnerFaultAsync(db, template, ct) is { } ownerless)
            {
                return (null, ownerless);
            }

            db.ServiceAccounts.Add(row);
            db.Grants.AddRange(GrantsOf(template, row, exchange));
            await store.CommitAsync(db, audit, inside => LimitAsync(inside, rule, template.MaxAccounts, ct), ct);
        }
        catch (TooManyAccountsException)
        {
            // It may be the last one itself, made by another request at the same moment.
            var last = await FindMadeAsync(rule, named, exchange, ct);

            return last is { Account: null, Failed: null } ? (null, CapReached(named, template)) : last;
        }
        catch (DbUpdateException exception) when (store.Engine.IsUniqueViolation(exception))
        {
            // Another request made it at the same moment: the one that is there is judged as any.
        }

        return await FindMadeAsync(rule, named, exchange, ct);
    }

    // By its id: another node may have made it, and this one still know that the client id is nobody's.
    private async Task<(Account? Account, FailedCheck? Failed)> FindMadeAsync(TrustRule rule, NamedAccount named, Exchange exchange, CancellationToken ct)
    {
        await using var db = store.Open();
        var id = await db.ServiceAccounts.Where(a => a.TenantId == exchange.Tenant.Id && a.ClientId == named.ClientId).Select(a => (Guid?)a.Id).SingleOrDefaultAsync(ct);

        return id is { } made && await exchange.Tenant.Accounts.FindAsync(made, ct) is { } account ? Judge(account, rule, named) : (null, null);
    }

    private static ServiceAccountRow NewRow(TrustRule rule, NamedAccount named, Exchange exchange) => new()
    {
        // A dry run may ask about any time, and such ids begin in 1970.
        Id = Guid.CreateVersion7(exchange.Now < DateTimeOffset.UnixEpoch ? DateTimeOffset.UnixEpoch : exchange.Now),
        TenantId = exchange.Tenant.Id,
        GroupId = rule.Template!.Text.GroupId,
        OrganizationId = rule.Template.Text.OrganizationId,
        ClientId = named.ClientId,
        Name = named.Name,
        NameKey = Names.Key(named.Name),
        MadeByRule = rule.Id,
        TemplateKey = named.Key,
        CreatedAt = exchange.Now,
        UpdatedAt = exchange.Now,
    };

    // A template does not hold its owner, which may be deleted meanwhile.
    private static async Task<FailedCheck?> OwnerFaultAsync(Db db, TemplateText template, CancellationToken ct) =>
        (template.GroupId is { } group && !await db.Groups.AnyAsync(g => g.Id == group, ct))
        || (template.OrganizationId is { } organization && !await db.Organizations.AnyAsync(o => o.Id == organization, ct))
            ? new FailedCheck("template-account", "the owner that the template gives its accounts is gone", Hint: "name another owner in the rule's template")
            : null;

    private static FailedCheck CapReached(NamedAccount named, TemplateText template) => new(
        "template-cap", "the rule has made as many accounts as it may", named.ClientId, $"at most {template.MaxAccounts} accounts", "raise max_accounts of the rule's template, or delete accounts that it made and nobody uses");

    // The row of the rule is held until the commit, so that two who make accounts of it count one after the other.
    private static async Task LimitAsync(Db db, TrustRule rule, int most, CancellationToken ct)
    {
        await db.TrustRules.Where(r => r.Id == rule.Id).ExecuteUpdateAsync(r => r.SetProperty(x => x.LastUsedAt, x => x.LastUsedAt), ct);

        if (await db.ServiceAccounts.CountAsync(a => a.MadeByRule == rule.Id, ct) >= most)
        {
            throw new TooManyAccountsException();
        }
    }

    private static IEnumerable<GrantRow> GrantsOf(TemplateText template, ServiceAccountRow account, Exchange exchange)
    {
        foreach (var grant in template.Grants)
        {
            // An API or a scope that is gone since is granted to nobody.
            if (exchange.Snapshot.Apis.GetValueOrDefault(grant.Api) is { IsAdmin: false } api)
            {
                yield return new GrantRow
                {
                    Id = Guid.CreateVersion7(exchange.Now),
                    TenantId = account.TenantId,
                    AccountId = account.Id,
                    ApiId = api.Id,
                    Scopes = [.. grant.Scopes.Where(api.Scopes.Contains)],
                    DefaultScopes = [.. grant.DefaultScopes.Where(api.Scopes.Contains)],
                    CreatedAt = exchange.Now,
                };
            }
        }
    }

    private sealed class TooManyAccountsException : Exception;
}

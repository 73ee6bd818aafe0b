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

        var row = NewRow(rule, named, exchange);

        return (AccountLoader.OfTemplate(row, GrantsOf(template, row, exchange)), null);
    }

    /// <summary>The account, when it was made already; neither account nor reason: it would be made.</summary>
    public static async ValueTask<(Account? Account, FailedCheck? Failed)> FindAsync(TrustRule rule, NamedAccount named, Exchange exchange, CancellationToken ct)
    {
        if (await exchange.Tenant.Accounts.FindAsync(named.ClientId, ct) is not { } account)
        {
            return (null, null);
        }

        return account.MadeByRule == rule.Id && account.TemplateKey == named.Key
            ? (account, null)
            : (null, new FailedCheck(
                "template-account", "the client id that the template makes is another account's", named.ClientId, $"an account made by the rule {rule.Name} for these claims", "name more claims in the template's client_id, or rename that account"));
    }

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

            db.ServiceAccounts.Add(row);
            db.Grants.AddRange(GrantsOf(template, row, exchange));
            await store.CommitAsync(db, audit, inside => LimitAsync(inside, rule, template.MaxAccounts, ct), ct);
        }
        catch (TooManyAccountsException)
        {
            return (null, CapReached(named, template));
        }
        catch (DbUpdateException exception) when (store.Engine.IsUniqueViolation(exception))
        {
            // Another request made it at the same moment: the one that is there is judged as any.
        }

        return await FindAsync(rule, named, exchange, ct);
    }

    private static ServiceAccountRow NewRow(TrustRule rule, NamedAccount named, Exchange exchange) => new()
    {
        Id = Guid.CreateVersion7(exchange.Now),
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

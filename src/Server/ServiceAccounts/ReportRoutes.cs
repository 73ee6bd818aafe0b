using Countersign.Server.Admin;
using Countersign.Server.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

internal sealed record ExpiringSecretView(Guid Account, string ClientId, Guid Secret, string? Hint, DateTimeOffset ExpiresAt);

internal sealed record ExpiringKeyView(Guid Account, string ClientId, Guid Key, string Kid, DateTimeOffset ExpiresAt);

internal sealed record RelaxedAssertionsView(Guid Account, string ClientId, string Audience, bool RequireJti);

/// <summary>Lists that tell of trouble ahead.</summary>
internal static class ReportRoutes
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/reports").WithTags("reports");
        routes.MapGet("/expiring-secrets", ExpiringSecretsAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapGet("/expiring-keys", ExpiringKeysAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapGet("/relaxed-assertions", RelaxedAssertionsAsync).Requires(ServiceAccountRoutes.Read);
    }

    private static async Task<Ok<Page<ExpiringSecretView>>> ExpiringSecretsAsync(
        AdminCaller caller, Db db, PageRequest page, [FromQuery(Name = "within_days")] int? withinDays, CancellationToken ct)
    {
        var until = Until(caller, withinDays);
        var after = page.AfterId;
        var rows =
            from secret in db.ClientSecrets
            join account in Accounts(caller, db) on secret.AccountId equals account.Id
            where secret.TenantId == caller.TenantId
                && secret.ExpiresAt > caller.Now && secret.ExpiresAt <= until
                && (secret.RetiresAt == null || secret.RetiresAt > caller.Now)
                && secret.Id > after
            orderby secret.Id
            select new ExpiringSecretView(account.Id, account.ClientId, secret.Id, secret.Hint, secret.ExpiresAt!.Value);

        return TypedResults.Ok(await page.ReadAsync(rows, r => r, r => r.Secret.ToString(), ct));
    }

    private static async Task<Ok<Page<ExpiringKeyView>>> ExpiringKeysAsync(
        AdminCaller caller, Db db, PageRequest page, [FromQuery(Name = "within_days")] int? withinDays, CancellationToken ct)
    {
        var until = Until(caller, withinDays);
        var after = page.AfterId;
        var rows =
            from key in db.AccountKeys
            join account in Accounts(caller, db) on key.AccountId equals account.Id
            where key.TenantId == caller.TenantId && key.ExpiresAt > caller.Now && key.ExpiresAt <= until && !key.Disabled && key.Id > after
            orderby key.Id
            select new ExpiringKeyView(account.Id, account.ClientId, key.Id, key.Kid, key.ExpiresAt!.Value);

        return TypedResults.Ok(await page.ReadAsync(rows, r => r, r => r.Key.ToString(), ct));
    }

    /// <summary>The accounts whose assertions are judged less strictly than the standard wants (R53).</summary>
    private static async Task<Ok<Page<RelaxedAssertionsView>>> RelaxedAssertionsAsync(AdminCaller caller, Db db, PageRequest page, CancellationToken ct)
    {
        var after = page.AfterId;
        var rows = Accounts(caller, db)
            .Where(a => (a.AssertionAudience != "issuer" || !a.RequireJti) && a.Id > after)
            .OrderBy(a => a.Id)
            .Select(a => new RelaxedAssertionsView(a.Id, a.ClientId, a.AssertionAudience, a.RequireJti));

        return TypedResults.Ok(await page.ReadAsync(rows, r => r, r => r.Account.ToString(), ct));
    }

    private static IQueryable<ServiceAccountRow> Accounts(AdminCaller caller, Db db) => ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AsNoTracking();

    private static DateTimeOffset Until(AdminCaller caller, int? withinDays) =>
        withinDays is null or (>= 1 and <= 3650)
            ? caller.Now.AddDays(withinDays ?? 30)
            : throw new InvalidQueryException("within_days must be a number from 1 to 3650");
}

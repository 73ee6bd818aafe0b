using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Organizations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Server.ServiceAccounts;

internal sealed record ExpiringSecretView(Guid Account, string ClientId, Guid Secret, string? Hint, DateTimeOffset ExpiresAt);

/// <summary>Lists that tell of trouble ahead.</summary>
internal static class ReportRoutes
{
    public static void Map(IEndpointRouteBuilder admin) =>
        admin.MapGet("/reports/expiring-secrets", ExpiringSecretsAsync).Requires(ServiceAccountRoutes.Read).WithTags("reports");

    private static async Task<Ok<Page<ExpiringSecretView>>> ExpiringSecretsAsync(
        AdminCaller caller, Db db, PageRequest page, [FromQuery(Name = "within_days")] int? withinDays, CancellationToken ct)
    {
        if (withinDays is < 1 or > 3650)
        {
            throw new InvalidQueryException("within_days must be a number from 1 to 3650");
        }

        var until = caller.Now.AddDays(withinDays ?? 30);
        var after = page.AfterId;
        var accounts = db.ServiceAccounts.Where(a => a.TenantId == caller.TenantId).Within(caller.Reach(ServiceAccountRoutes.Read));
        var rows =
            from secret in db.ClientSecrets
            join account in accounts on secret.AccountId equals account.Id
            where secret.TenantId == caller.TenantId
                && secret.ExpiresAt > caller.Now && secret.ExpiresAt <= until
                && (secret.RetiresAt == null || secret.RetiresAt > caller.Now)
                && secret.Id > after
            orderby secret.Id
            select new ExpiringSecretView(account.Id, account.ClientId, secret.Id, secret.Hint, secret.ExpiresAt!.Value);

        return TypedResults.Ok(await page.ReadAsync(rows, r => r, r => r.Secret.ToString(), ct));
    }
}

using System.Globalization;
using System.Net;
using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Data;
using Countersign.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Tenants;

internal sealed record SetupBody(string SetupToken);

internal sealed record AdministratorView(string ClientId, string ClientSecret);

/// <summary>The first administrator, by the one-time token of the first start; closed for good once it is there (R225).</summary>
internal static class SetupRoutes
{
    private const string Limited = "(setup)";

    private const string Refused = "the setup token is unknown, used or older than an hour: a restart makes a new one while there is no administrator";

    public static void Map(IEndpointRouteBuilder admin) => admin.MapPost("/setup", SetUpAsync).WithMetadata(new OpenToAll()).WithTags("setup");

    private static async Task<Results<Created<AdministratorView>, ProblemHttpResult>> SetUpAsync(
        HttpContext http, Db db, Store store, AuditWriter audit, FailureLimiter limiter, TimeProvider time, SetupBody body, CancellationToken ct)
    {
        var tenant = http.GetTenant();
        var source = http.Connection.RemoteIpAddress ?? IPAddress.None;
        var now = time.GetUtcNow();

        if (limiter.Wait(tenant.Id, Limited, source) is { } wait)
        {
            return TooMany(http, wait);
        }

        var offered = await db.SetupTokens.Where(s => s.TenantId == tenant.Id).ToListAsync(ct);
        var reason = await db.RoleAssignments.AnyAsync(r => r.TenantId == tenant.Id, ct)
            ? "there is an administrator already"
            : Fault(offered, Secret.FromText(body.SetupToken), now);

        if (reason is not null)
        {
            var row = Event("setup", tenant.Id, now, http, source);
            (row.Outcome, row.Error, row.Detail) = ("refused", "invalid_token", reason);
            audit.Add(row);

            return limiter.Failed(tenant.Id, Limited, source) is { } locked
                ? TooMany(http, locked)
                : TypedResults.Problem(Problems.Details(new Refusal(StatusCodes.Status401Unauthorized, Refused), row.Id));
        }

        var organization = await db.Organizations.OrderBy(o => o.Id).FirstAsync(o => o.TenantId == tenant.Id, ct);
        var superAdmin = await db.Roles.SingleAsync(r => r.TenantId == tenant.Id && r.BuiltIn && r.NameKey == AdminApi.SuperAdmin, ct);
        var (account, secret) = TenantSetup.AddAdministrator(
            db, tenant.Id, organization.GroupId, organization.Id, superAdmin.Id, "first administrator", now, tenant.Snapshot.MaxSecretLifetimeDays);

        // All of them: nodes that started together have each offered one. Of two that come at once the version lets one through.
        foreach (var token in offered)
        {
            token.UsedAt = now;
            token.Version++;
        }

        var created = Event("administrator.created", tenant.Id, now, http, source);
        (created.Target, created.AccountId) = (account.Id.ToString(), account.Id);
        await store.CommitAsync(db, created, ct);

        return TypedResults.Created($"/admin/v1/service-accounts/{account.Id}", new AdministratorView(account.ClientId, secret.Reveal()));
    }

    private static string? Fault(List<SetupTokenRow> offered, Secret given, DateTimeOffset now)
    {
        var found = offered.Find(s => SecretHash.TryParse(s.Hash, out var hash) && hash.Matches(given));

        return found is null ? "no such setup token was offered"
            : found.UsedAt is not null ? "the setup token was used"
            : found.ExpiresAt <= now ? $"the setup token expired {found.ExpiresAt:O}"
            : null;
    }

    private static AuditEventRow Event(string kind, Guid tenantId, DateTimeOffset now, HttpContext http, IPAddress source)
    {
        var row = AuditEvents.Change(kind, tenantId, now, null, null);
        row.Source = source.ToString();
        row.Method = $"POST {http.Request.Path}";

        return row;
    }

    private static ProblemHttpResult TooMany(HttpContext http, TimeSpan wait)
    {
        http.Response.Headers.RetryAfter = ((long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

        return TypedResults.Problem(Problems.Details(new Refusal(StatusCodes.Status429TooManyRequests, "too many attempts: wait"), null));
    }
}

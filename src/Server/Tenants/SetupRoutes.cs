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
    public static void Map(IEndpointRouteBuilder admin) => admin.MapPost("/setup", SetUpAsync).WithMetadata(new OpenToAll()).WithTags("setup");

    private static async Task<Results<Created<AdministratorView>, ProblemHttpResult>> SetUpAsync(
        HttpContext http, Db db, Store store, FailureLimiter limiter, TimeProvider time, SetupBody body, CancellationToken ct)
    {
        var tenant = http.GetTenant();
        var source = http.Connection.RemoteIpAddress ?? IPAddress.None;
        var now = time.GetUtcNow();
        var given = Secret.FromText(body.SetupToken);
        var offered = await db.SetupTokens.Where(s => s.TenantId == tenant.Id && s.UsedAt == null && s.ExpiresAt > now).ToListAsync(ct);
        var found = offered.Find(s => SecretHash.TryParse(s.Hash, out var hash) && hash.Matches(given));

        if (limiter.Wait(tenant.Id, "(setup)", source) is not null || found is null)
        {
            limiter.Failed(tenant.Id, "(setup)", source);

            return TypedResults.Problem(Problems.Details(
                new Refusal(StatusCodes.Status401Unauthorized, "the setup token is unknown, used or older than an hour: a restart makes a new one while there is no administrator"), null));
        }

        var organization = await db.Organizations.OrderBy(o => o.Id).FirstAsync(o => o.TenantId == tenant.Id, ct);
        var superAdmin = await db.Roles.SingleAsync(r => r.TenantId == tenant.Id && r.BuiltIn && r.NameKey == AdminApi.SuperAdmin, ct);
        var (account, secret) = TenantSetup.AddAdministrator(
            db, tenant.Id, organization.GroupId, organization.Id, superAdmin.Id, "first administrator", now, tenant.Snapshot.MaxSecretLifetimeDays);
        found.UsedAt = now;
        found.Version++;

        // Two that use the token at once: the version lets one through.
        await store.CommitAsync(db, AuditEvents.Change("administrator.created", tenant.Id, now, null, account.Id.ToString(), account.Id), ct);

        return TypedResults.Created($"/admin/v1/service-accounts/{account.Id}", new AdministratorView(account.ClientId, secret.Reveal()));
    }
}

using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.ServiceAccounts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Apis;

/// <param name="Account">Id or client id.</param>
internal sealed record ResourceServerAdd(string Account);

internal sealed record ResourceServerView(Guid Account, string ClientId);

/// <summary>Accounts that act as an API: they may introspect its tokens.</summary>
internal static class ResourceServerRoutes
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/apis/{id:guid}/resource-servers").WithTags("apis");
        routes.MapGet("/", ListAsync).Requires("apis.read");
        routes.MapPost("/", AddAsync).Requires("apis.write");
        routes.MapDelete("/{accountId:guid}", RemoveAsync).Requires("apis.write");
    }

    private static async Task<Results<Ok<Page<ResourceServerView>>, ProblemHttpResult>> ListAsync(
        AdminCaller caller, Db db, PageRequest page, Guid id, CancellationToken ct)
    {
        if (!await Organizations.Ownership.WithinOrShared(db.Apis.Where(a => a.TenantId == caller.TenantId), caller.Reach("apis.read")).AnyAsync(a => a.Id == id, ct))
        {
            return Problems.Of(caller, Refusal.NotFound("API"));
        }

        var after = page.AfterId;
        var rows =
            from server in db.ResourceServers
            join account in ServiceAccountRoutes.Visible(db, caller, "apis.read") on server.AccountId equals account.Id
            where server.ApiId == id && account.Id > after
            orderby account.Id
            select new ResourceServerView(account.Id, account.ClientId);

        return TypedResults.Ok(await page.ReadAsync(rows, r => r, r => r.Account.ToString(), ct));
    }

    private static async Task<Results<Created<ResourceServerView>, ProblemHttpResult>> AddAsync(
        AdminCaller caller, Db db, Store store, Guid id, ResourceServerAdd body, CancellationToken ct)
    {
        if (!(await ApiRoutes.WritableAsync(db, caller, id, ct)).Is(out var api, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        var accounts = ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AsNoTracking();
        var account = (Guid.TryParse(body.Account, out var accountId) ? await accounts.SingleOrDefaultAsync(a => a.Id == accountId, ct) : null)
            ?? (ClientIds.Fault(body.Account) is null ? await accounts.SingleOrDefaultAsync(a => a.ClientId == body.Account, ct) : null);

        if (account is null)
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        if (await db.ResourceServers.AnyAsync(r => r.ApiId == id && r.AccountId == account.Id, ct))
        {
            return Problems.Of(caller, Refusal.Conflict("the account acts as this API already"));
        }

        db.ResourceServers.Add(new ResourceServerRow { ApiId = id, AccountId = account.Id, TenantId = caller.TenantId });
        await store.CommitAsync(db, caller.Event("resource-server.added", api.Identifier, account, account.Id), ct);

        return TypedResults.Created($"/admin/v1/apis/{id}/resource-servers/{account.Id}", new ResourceServerView(account.Id, account.ClientId));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        AdminCaller caller, Db db, Store store, Guid id, Guid accountId, CancellationToken ct)
    {
        if (!(await ApiRoutes.WritableAsync(db, caller, id, ct)).Is(out var api, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.ResourceServers.SingleOrDefaultAsync(r => r.ApiId == id && r.AccountId == accountId, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("resource server"));
        }

        db.ResourceServers.Remove(row);
        await store.CommitAsync(db, caller.Event("resource-server.removed", api.Identifier, api, accountId), ct);

        return TypedResults.NoContent();
    }
}

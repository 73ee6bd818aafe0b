using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

internal sealed record GrantCreate(string Api, string[] Scopes, string[]? DefaultScopes = null);

internal sealed record GrantPatch
{
    public Patch<string[]> Scopes { get; init; }

    public Patch<string[]?> DefaultScopes { get; init; }
}

internal sealed record ApiReference(Guid Id, string Identifier);

internal sealed record GrantView(Guid Id, ApiReference Api, string[] Scopes, string[] DefaultScopes, DateTimeOffset CreatedAt)
{
    public static GrantView Of(GrantRow row, TenantSnapshot tenant) => new(
        row.Id,
        new ApiReference(row.ApiId, tenant.Apis.GetValueOrDefault(row.ApiId)?.Identifier ?? ""),
        row.Scopes,
        row.DefaultScopes,
        row.CreatedAt);
}

/// <summary>Grants: which scopes of an API an account may request, and which it gets when it names none.</summary>
internal static class GrantRoutes
{
    private const string Write = "grants.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/service-accounts/{id:guid}/grants").WithTags("grants");
        routes.MapGet("/", ListAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapPost("/", CreateAsync).Requires(Write);
        routes.MapGet("/{grantId:guid}", GetAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapPatch("/{grantId:guid}", PatchAsync).Requires(Write);
        routes.MapDelete("/{grantId:guid}", DeleteAsync).Requires(Write);
    }

    /// <summary>What is wrong with the scopes of a grant, or null.</summary>
    public static Refusal? Fault(ApiFacts api, string[] scopes, string[] defaults)
    {
        if (scopes.Length == 0)
        {
            return Refusal.Invalid("scopes", "must name at least one scope");
        }

        if (scopes.FirstOrDefault(s => !api.Scopes.Contains(s)) is { } unknown)
        {
            return Refusal.Invalid("scopes", $"names {unknown}, which the API does not have; it has {string.Join(", ", api.Scopes.Order(StringComparer.Ordinal))}");
        }

        // A token must fit 4 KiB whatever it carries (R131).
        return scopes.Sum(s => s.Length + 1) > Apis.ApiRoutes.MostScopeText ? Refusal.Invalid("scopes", $"must not be longer than {Apis.ApiRoutes.MostScopeText} characters together")
            : defaults.FirstOrDefault(d => !scopes.Contains(d)) is { } stray ? Refusal.Invalid("default_scopes", $"names {stray}, which is not granted")
            : null;
    }

    private static async Task<Results<Ok<Page<GrantView>>, ProblemHttpResult>> ListAsync(AdminCaller caller, Db db, PageRequest page, Guid id, CancellationToken ct)
    {
        if (!await ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AnyAsync(a => a.Id == id, ct))
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        var after = page.AfterId;
        var rows = db.Grants.AsNoTracking().Where(g => g.AccountId == id && g.Id > after).OrderBy(g => g.Id);

        return TypedResults.Ok(await page.ReadAsync(rows, g => GrantView.Of(g, caller.Snapshot), g => g.Id.ToString(), ct));
    }

    private static async Task<Results<Created<GrantView>, ProblemHttpResult>> CreateAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, HttpContext http, Guid id, GrantCreate body, CancellationToken ct)
    {
        if (await ServiceAccountRoutes.Visible(db, caller, Write).AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, ct) is not { } account)
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        if (Apis.ApiRoutes.Find(caller, Write, body.Api) is not { } api)
        {
            return Problems.Of(caller, Refusal.NotFound("API"));
        }

        var scopes = body.Scopes.Distinct().ToArray();
        var defaults = (body.DefaultScopes ?? []).Distinct().ToArray();
        var refusal = safeguards.AgainstGrant(caller, api) ?? await safeguards.AgainstStrongerAsync(caller, id, ct) ?? Fault(api, scopes, defaults);

        if (refusal is not null)
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.Grants.AnyAsync(g => g.AccountId == id && g.ApiId == api.Id, ct))
        {
            return Problems.Of(caller, Refusal.Conflict("the account holds a grant of this API: change that one"));
        }

        var row = new GrantRow
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            AccountId = id,
            ApiId = api.Id,
            Scopes = scopes,
            DefaultScopes = defaults,
            CreatedAt = caller.Now,
        };
        db.Grants.Add(row);
        await store.CommitAsync(db, caller.Event("grant.created", $"{api.Identifier} {string.Join(' ', scopes)}", account, id), ct);
        Precondition.Tag(http, row);

        return TypedResults.Created($"/admin/v1/service-accounts/{id}/grants/{row.Id}", GrantView.Of(row, caller.Snapshot));
    }

    private static async Task<Results<Ok<GrantView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, HttpContext http, Guid id, Guid grantId, CancellationToken ct)
    {
        if (!await ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AnyAsync(a => a.Id == id, ct)
            || await db.Grants.AsNoTracking().SingleOrDefaultAsync(g => g.Id == grantId && g.AccountId == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("grant"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(GrantView.Of(row, caller.Snapshot));
    }

    private static async Task<Results<Ok<GrantView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, HttpContext http, Guid id, Guid grantId, GrantPatch body, CancellationToken ct)
    {
        if (await ServiceAccountRoutes.Visible(db, caller, Write).AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, ct) is not { } account
            || await db.Grants.SingleOrDefaultAsync(g => g.Id == grantId && g.AccountId == id, ct) is not { } row
            || caller.Snapshot.Apis.GetValueOrDefault(row.ApiId) is not { } api)
        {
            return Problems.Of(caller, Refusal.NotFound("grant"));
        }

        var scopes = body.Scopes.Is(out var asked) ? (asked ?? []).Distinct().ToArray() : row.Scopes;
        var defaults = body.DefaultScopes.Is(out var askedDefaults) ? (askedDefaults ?? []).Distinct().ToArray() : row.DefaultScopes.Where(scopes.Contains).ToArray();
        var refusal = Precondition.Check(http, caller, row)
            ?? safeguards.AgainstGrant(caller, api)
            ?? await safeguards.AgainstStrongerAsync(caller, id, ct)
            ?? Fault(api, scopes, defaults);

        if (refusal is not null)
        {
            return Problems.Of(caller, refusal);
        }

        (row.Scopes, row.DefaultScopes) = (scopes, defaults);
        await store.CommitAsync(db, caller.Event("grant.updated", $"{api.Identifier} {string.Join(' ', scopes)}", account, id), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(GrantView.Of(row, caller.Snapshot));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, HttpContext http, Guid id, Guid grantId, CancellationToken ct)
    {
        if (await ServiceAccountRoutes.Visible(db, caller, Write).AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, ct) is not { } account
            || await db.Grants.SingleOrDefaultAsync(g => g.Id == grantId && g.AccountId == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("grant"));
        }

        var refusal = Precondition.Check(http, caller, row) ?? await safeguards.AgainstStrongerAsync(caller, id, ct);

        if (refusal is not null)
        {
            return Problems.Of(caller, refusal);
        }

        db.Grants.Remove(row);
        await store.CommitAsync(db, caller.Event("grant.deleted", row.Id.ToString(), account, id), ct);

        return TypedResults.NoContent();
    }
}

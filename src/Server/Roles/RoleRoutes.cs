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

namespace Countersign.Server.Roles;

/// <param name="Api">Id or identifier of the API.</param>
internal sealed record RoleScopeBody(string Api, string Scope);

internal sealed record RoleCreate(string Name, RoleScopeBody[] Scopes, OwnerBody? Owner = null);

internal sealed record RolePatch
{
    public Patch<string> Name { get; init; }

    public Patch<RoleScopeBody[]> Scopes { get; init; }
}

internal sealed record RoleView(Guid Id, string Name, OwnerView? Owner, bool BuiltIn, RoleScopeBody[] Scopes, DateTimeOffset CreatedAt)
{
    public static RoleView Of(RoleRow row, TenantSnapshot tenant) => new(
        row.Id,
        row.Name,
        OwnerView.Of(row),
        row.BuiltIn,
        [
            .. row.Scopes
                .Select(s => new RoleScopeBody(tenant.Apis.GetValueOrDefault(s.ApiId)?.Identifier ?? s.ApiId.ToString(), s.Scope))
                .OrderBy(s => s.Api, StringComparer.Ordinal).ThenBy(s => s.Scope, StringComparer.Ordinal),
        ],
        row.CreatedAt);
}

/// <summary>Roles: named sets of scopes and admin permissions.</summary>
internal static class RoleRoutes
{
    private const string Read = "roles.read";
    private const string Write = "roles.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/roles").WithTags("roles");
        routes.MapGet("/", ListAsync).Requires(Read);
        routes.MapPost("/", CreateAsync).Requires(Write, sensitive: true);
        routes.MapGet("/{id:guid}", GetAsync).Requires(Read);
        routes.MapPatch("/{id:guid}", PatchAsync).Requires(Write, sensitive: true);
        routes.MapDelete("/{id:guid}", DeleteAsync).Requires(Write, sensitive: true);
    }

    /// <summary>A role that the caller may use, by id or name.</summary>
    public static async Task<RoleRow?> FindAsync(Db db, AdminCaller caller, string permission, string idOrName, CancellationToken ct)
    {
        var rows = db.Roles.AsNoTracking().Include(r => r.Scopes).Where(r => r.TenantId == caller.TenantId).WithinOrShared(caller.Reach(permission));
        var key = Names.Key(idOrName);

        return Guid.TryParse(idOrName, out var id)
            ? await rows.SingleOrDefaultAsync(r => r.Id == id, ct)
            : await rows.SingleOrDefaultAsync(r => r.NameKey == key, ct);
    }

    private static async Task<Ok<Page<RoleView>>> ListAsync(AdminCaller caller, Db db, PageRequest page, CancellationToken ct)
    {
        var after = page.AfterId;
        var rows = db.Roles.AsNoTracking().Include(r => r.Scopes)
            .Where(r => r.TenantId == caller.TenantId && r.Id > after).WithinOrShared(caller.Reach(Read)).OrderBy(r => r.Id);

        return TypedResults.Ok(await page.ReadAsync(rows, r => RoleView.Of(r, caller.Snapshot), r => r.Id.ToString(), ct));
    }

    private static async Task<Results<Created<RoleView>, ProblemHttpResult>> CreateAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, HttpContext http, RoleCreate body, CancellationToken ct)
    {
        if (Names.Fault(body.Name) is { } fault)
        {
            return Problems.Of(caller, Refusal.Invalid("name", fault));
        }

        var owner = new Owner(null, null);

        if (body.Owner is not null || !caller.ReachesTenant(Write))
        {
            if (!(await Ownership.ResolveAsync(db, caller, Write, body.Owner, ct)).Is(out owner, out var refusal))
            {
                return Problems.Of(caller, refusal);
            }
        }

        var row = new RoleRow
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            GroupId = owner.GroupId,
            OrganizationId = owner.OrganizationId,
            Name = body.Name,
            NameKey = Names.Key(body.Name),
            CreatedAt = caller.Now,
        };

        if (await SetScopesAsync(caller, safeguards, row, body.Scopes, ct) is { } scopeFault)
        {
            return Problems.Of(caller, scopeFault);
        }

        db.Roles.Add(row);
        await store.CommitAsync(db, caller.Event("role.created", row.Name, row), ct);
        Precondition.Tag(http, row);

        return TypedResults.Created($"/admin/v1/roles/{row.Id}", RoleView.Of(row, caller.Snapshot));
    }

    private static async Task<Results<Ok<RoleView>, ProblemHttpResult>> GetAsync(AdminCaller caller, Db db, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await FindAsync(db, caller, Read, id.ToString(), ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("role"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(RoleView.Of(row, caller.Snapshot));
    }

    private static async Task<Results<Ok<RoleView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, HttpContext http, Guid id, RolePatch body, CancellationToken ct)
    {
        if (!(await WritableAsync(db, caller, http, id, ct)).Is(out var row, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (body.Name.Is(out var name))
        {
            if (Names.Fault(name) is { } fault)
            {
                return Problems.Of(caller, Refusal.Invalid("name", fault));
            }

            (row.Name, row.NameKey) = (name!, Names.Key(name!));
        }

        if (body.Scopes.Is(out var scopes)
            && (scopes is null ? Refusal.Invalid("scopes", "must be a list") : await SetScopesAsync(caller, safeguards, row, scopes, ct)) is { } scopeFault)
        {
            return Problems.Of(caller, scopeFault);
        }

        db.Entry(row).Property(r => r.Name).IsModified = true;
        await store.CommitAsync(db, caller.Event("role.updated", row.Name, row), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(RoleView.Of(row, caller.Snapshot));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, CancellationToken ct)
    {
        if (!(await WritableAsync(db, caller, http, id, ct)).Is(out var row, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.RoleAssignments.AnyAsync(r => r.RoleId == id, ct))
        {
            return Problems.Of(caller, Refusal.Conflict("accounts hold this role: take it from them first"));
        }

        db.Roles.Remove(row);
        await store.CommitAsync(db, caller.Event("role.deleted", row.Name, row), ct);

        return TypedResults.NoContent();
    }

    private static async Task<Outcome<RoleRow>> WritableAsync(Db db, AdminCaller caller, HttpContext http, Guid id, CancellationToken ct)
    {
        var row = await db.Roles.Include(r => r.Scopes).Where(r => r.TenantId == caller.TenantId).Within(caller.Reach(Write)).SingleOrDefaultAsync(r => r.Id == id, ct);

        return row is null ? Refusal.NotFound("role")
            : row.BuiltIn ? Refusal.Conflict("the built-in roles stay as they are: make a role of your own")
            : Precondition.Check(http, caller, row) is { } stale ? stale
            : row;
    }

    // What enters a role reaches everybody who holds it, so it must be the caller's to give over the whole tenant (R218).
    private static async Task<Refusal?> SetScopesAsync(AdminCaller caller, Safeguards safeguards, RoleRow row, RoleScopeBody[] scopes, CancellationToken ct)
    {
        var wanted = new List<RoleScopeRow>();

        foreach (var scope in scopes)
        {
            // What the role holds already may stay, whoever owns the API.
            if ((ApiRoutes.Find(caller, Write, scope.Api)
                ?? (ApiRoutes.Find(caller.Snapshot, scope.Api) is { } held && row.Scopes.Any(s => s.ApiId == held.Id && s.Scope == scope.Scope) ? held : null)) is not { } api)
            {
                return Refusal.NotFound("API");
            }

            if (!api.Scopes.Contains(scope.Scope))
            {
                return Refusal.Invalid("scopes", $"names a scope that {api.Identifier} does not have");
            }

            if (!wanted.Any(w => w.ApiId == api.Id && w.Scope == scope.Scope))
            {
                wanted.Add(new RoleScopeRow { RoleId = row.Id, ApiId = api.Id, Scope = scope.Scope });
            }
        }

        var added = wanted.Where(w => !row.Scopes.Any(s => s.ApiId == w.ApiId && s.Scope == w.Scope)).ToList();
        var everywhere = new Reach();
        everywhere.Add(null, null);

        if (await safeguards.AgainstRoleAsync(caller, added.Select(a => (a.ApiId, a.Scope)), everywhere, ct) is { } refusal)
        {
            return refusal;
        }

        row.Scopes.RemoveAll(s => !wanted.Any(w => w.ApiId == s.ApiId && w.Scope == s.Scope));
        row.Scopes.AddRange(added);

        return null;
    }
}

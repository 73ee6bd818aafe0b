using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Organizations;

internal sealed record GroupCreate(string Name);

internal sealed record GroupPatch
{
    public Patch<string> Name { get; init; }
}

internal sealed record GroupView(Guid Id, string Name, DateTimeOffset CreatedAt)
{
    public static GroupView Of(GroupRow row) => new(row.Id, row.Name, row.CreatedAt);
}

/// <summary>Groups of a tenant; they hold organizations, and own accounts, roles and APIs themselves.</summary>
internal static class GroupRoutes
{
    private const string Read = "organizations.read";
    private const string Write = "organizations.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/groups").WithTags("groups");
        routes.MapGet("/", ListAsync).Requires(Read);
        routes.MapPost("/", CreateAsync).Requires(Write);
        routes.MapGet("/{id:guid}", GetAsync).Requires(Read);
        routes.MapPatch("/{id:guid}", PatchAsync).Requires(Write);
        routes.MapDelete("/{id:guid}", DeleteAsync).Requires(Write);
    }

    private static async Task<Ok<Page<GroupView>>> ListAsync(AdminCaller caller, Db db, PageRequest page, CancellationToken ct)
    {
        var after = page.AfterId;

        return TypedResults.Ok(await page.ReadAsync(
            Visible(db, caller, Read).AsNoTracking().Where(g => g.Id > after).OrderBy(g => g.Id), GroupView.Of, g => g.Id.ToString(), ct));
    }

    private static async Task<Results<Created<GroupView>, ProblemHttpResult>> CreateAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, GroupCreate body, CancellationToken ct)
    {
        if (!caller.ReachesTenant(Write))
        {
            return Problems.Of(caller, Refusal.Forbidden($"making groups needs {Write} over the whole tenant"));
        }

        if (Names.Fault(body.Name) is { } fault)
        {
            return Problems.Of(caller, Refusal.Invalid("name", fault));
        }

        var row = new GroupRow
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            Name = body.Name,
            NameKey = Names.Key(body.Name),
            CreatedAt = caller.Now,
        };
        db.Groups.Add(row);
        await store.CommitAsync(db, caller.Event("group.created", row.Id.ToString(), new Owner(row.Id, null)), ct);
        Precondition.Tag(http, row);

        return TypedResults.Created($"/admin/v1/groups/{row.Id}", GroupView.Of(row));
    }

    private static async Task<Results<Ok<GroupView>, ProblemHttpResult>> GetAsync(AdminCaller caller, Db db, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await Visible(db, caller, Read).AsNoTracking().SingleOrDefaultAsync(g => g.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("group"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(GroupView.Of(row));
    }

    private static async Task<Results<Ok<GroupView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, GroupPatch body, CancellationToken ct)
    {
        if (await Visible(db, caller, Write).SingleOrDefaultAsync(g => g.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("group"));
        }

        if (Precondition.Check(http, caller, row) is { } stale)
        {
            return Problems.Of(caller, stale);
        }

        if (body.Name.Is(out var name))
        {
            if (Names.Fault(name) is { } fault)
            {
                return Problems.Of(caller, Refusal.Invalid("name", fault));
            }

            (row.Name, row.NameKey) = (name!, Names.Key(name!));
        }

        await store.CommitAsync(db, caller.Event("group.updated", row.Id.ToString(), new Owner(row.Id, null)), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(GroupView.Of(row));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await Visible(db, caller, Write).SingleOrDefaultAsync(g => g.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("group"));
        }

        if (Precondition.Check(http, caller, row) is { } stale)
        {
            return Problems.Of(caller, stale);
        }

        if (!caller.ReachesTenant(Write))
        {
            return Problems.Of(caller, Refusal.Forbidden($"deleting groups needs {Write} over the whole tenant"));
        }

        db.Groups.Remove(row);
        await store.CommitAsync(db, caller.Event("group.deleted", row.Id.ToString(), new Owner(row.Id, null)), ct);

        return TypedResults.NoContent();
    }

    private static IQueryable<GroupRow> Visible(Db db, AdminCaller caller, string permission)
    {
        var reach = caller.Reach(permission);
        var rows = db.Groups.Where(g => g.TenantId == caller.TenantId);

        if (reach.WholeTenant)
        {
            return rows;
        }

        var groups = reach.Groups.ToArray();

        return rows.Where(g => groups.Contains(g.Id));
    }
}

using System.Globalization;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Organizations;

internal sealed record OrganizationCreate(string Name, string? Group = null);

internal sealed record OrganizationPatch
{
    public Patch<string> Name { get; init; }
}

internal sealed record OrganizationView(Guid Id, string Name, Guid Group, DateTimeOffset CreatedAt)
{
    public static OrganizationView Of(OrganizationRow row) => new(row.Id, row.Name, row.GroupId, row.CreatedAt);
}

/// <summary>Organizations of a tenant; they own accounts, roles and APIs.</summary>
internal static class OrganizationRoutes
{
    private const string Read = "organizations.read";
    private const string Write = "organizations.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/organizations").WithTags("organizations");
        routes.MapGet("/", ListAsync).Requires(Read);
        routes.MapPost("/", CreateAsync).Requires(Write);
        routes.MapGet("/{id:guid}", GetAsync).Requires(Read);
        routes.MapPatch("/{id:guid}", PatchAsync).Requires(Write);
        routes.MapDelete("/{id:guid}", DeleteAsync).Requires(Write);
    }

    private static async Task<Ok<Page<OrganizationView>>> ListAsync(AdminCaller caller, Db db, PageRequest page, Guid? group, CancellationToken ct)
    {
        var rows = Visible(db, caller, Read).AsNoTracking();

        if (group is not null)
        {
            rows = rows.Where(o => o.GroupId == group);
        }

        var after = page.AfterId;

        return TypedResults.Ok(await page.ReadAsync(rows.Where(o => o.Id > after).OrderBy(o => o.Id), OrganizationView.Of, o => o.Id.ToString(), ct));
    }

    private static async Task<Results<Created<OrganizationView>, ProblemHttpResult>> CreateAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, OrganizationCreate body, CancellationToken ct)
    {
        if (Names.Fault(body.Name) is { } fault)
        {
            return Problems.Of(caller, Refusal.Invalid("name", fault));
        }

        var groups = db.Groups.AsNoTracking().Where(g => g.TenantId == caller.TenantId);
        var reach = caller.Reach(Write);
        var key = Names.Key(body.Group ?? TenantSetup.DefaultName);
        var group = Guid.TryParse(body.Group, CultureInfo.InvariantCulture, out var id)
            ? await groups.SingleOrDefaultAsync(g => g.Id == id, ct)
            : await groups.SingleOrDefaultAsync(g => g.NameKey == key, ct);

        if (group is null || !reach.Covers(group.Id, null))
        {
            return Problems.Of(caller, Refusal.NotFound("group"));
        }

        var row = new OrganizationRow
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            GroupId = group.Id,
            Name = body.Name,
            NameKey = Names.Key(body.Name),
            CreatedAt = caller.Now,
        };
        db.Organizations.Add(row);
        await store.CommitAsync(db, caller.Event("organization.created", row.Id.ToString(), new Owner(row.GroupId, row.Id)), ct);
        Precondition.Tag(http, row);

        return TypedResults.Created($"/admin/v1/organizations/{row.Id}", OrganizationView.Of(row));
    }

    private static async Task<Results<Ok<OrganizationView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await Visible(db, caller, Read).AsNoTracking().SingleOrDefaultAsync(o => o.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("organization"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(OrganizationView.Of(row));
    }

    private static async Task<Results<Ok<OrganizationView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, OrganizationPatch body, CancellationToken ct)
    {
        if (await Visible(db, caller, Write).SingleOrDefaultAsync(o => o.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("organization"));
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

        await store.CommitAsync(db, caller.Event("organization.updated", row.Id.ToString(), new Owner(row.GroupId, row.Id)), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(OrganizationView.Of(row));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await Visible(db, caller, Write).SingleOrDefaultAsync(o => o.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("organization"));
        }

        if (Precondition.Check(http, caller, row) is { } stale)
        {
            return Problems.Of(caller, stale);
        }

        db.Organizations.Remove(row);
        await store.CommitAsync(db, caller.Event("organization.deleted", row.Id.ToString(), new Owner(row.GroupId, row.Id)), ct);

        return TypedResults.NoContent();
    }

    private static IQueryable<OrganizationRow> Visible(Db db, AdminCaller caller, string permission)
    {
        var reach = caller.Reach(permission);
        var rows = db.Organizations.Where(o => o.TenantId == caller.TenantId);

        if (reach.WholeTenant)
        {
            return rows;
        }

        var groups = reach.Groups.ToArray();
        var organizations = reach.Organizations.ToArray();

        return rows.Where(o => groups.Contains(o.GroupId) || organizations.Contains(o.Id));
    }
}

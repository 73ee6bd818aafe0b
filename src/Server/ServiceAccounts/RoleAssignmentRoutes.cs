using System.Text.Json;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Organizations;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

/// <param name="Role">Id or name of the role.</param>
/// <param name="Reach"><c>"tenant"</c>, or an organization or a group; where none is given, the owner of the account.</param>
internal sealed record RoleAssign(string Role, JsonElement? Reach = null);

internal sealed record RoleReference(Guid Id, string Name);

internal sealed record RoleAssignmentView(Guid Id, RoleReference Role, object Reach, DateTimeOffset CreatedAt)
{
    public static RoleAssignmentView Of(RoleAssignmentRow row, string? role) => new(
        row.Id,
        new RoleReference(row.RoleId, role ?? ""),
        row.ReachOrganizationId is null && row.ReachGroupId is null
            ? "tenant"
            : new OwnerView(row.ReachOrganizationId, row.ReachOrganizationId is null ? row.ReachGroupId : null),
        row.CreatedAt);
}

/// <summary>Roles of an account, each with its reach.</summary>
internal static class RoleAssignmentRoutes
{
    private const string Write = "roles.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/service-accounts/{id:guid}/roles").WithTags("role-assignments");
        routes.MapGet("/", ListAsync).Requires("roles.read");
        routes.MapPost("/", AssignAsync).Requires(Write, sensitive: true);
        routes.MapDelete("/{assignmentId:guid}", UnassignAsync).Requires(Write, sensitive: true);
    }

    private static async Task<Results<Ok<Page<RoleAssignmentView>>, ProblemHttpResult>> ListAsync(
        AdminCaller caller, Db db, PageRequest page, Guid id, CancellationToken ct)
    {
        if (!await ServiceAccountRoutes.Visible(db, caller, "roles.read").AnyAsync(a => a.Id == id, ct))
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        var after = page.AfterId;
        var rows = db.RoleAssignments.AsNoTracking().Where(r => r.AccountId == id && r.Id > after).OrderBy(r => r.Id);

        return TypedResults.Ok(await page.ReadAsync(
            rows, r => RoleAssignmentView.Of(r, caller.Snapshot.Roles.GetValueOrDefault(r.RoleId)?.Name), r => r.Id.ToString(), ct));
    }

    private static async Task<Results<Created<RoleAssignmentView>, ProblemHttpResult>> AssignAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, Guid id, RoleAssign body, CancellationToken ct)
    {
        if (await ServiceAccountRoutes.Visible(db, caller, Write).AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, ct) is not { } account)
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        if (await Roles.RoleRoutes.FindAsync(db, caller, "roles.read", body.Role, ct) is not { } role)
        {
            return Problems.Of(caller, Refusal.NotFound("role"));
        }

        if (!(await ReachAsync(db, caller, account, body.Reach, ct)).Is(out var owner, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        var reach = new Reach();
        reach.Add(owner.GroupId, owner.OrganizationId);
        refusal = await safeguards.AgainstRoleAsync(caller, role.Scopes.Select(s => (s.ApiId, s.Scope)), reach, ct)
            ?? await safeguards.AgainstStrongerAsync(caller, id, ct);

        if (refusal is not null)
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.RoleAssignments.AnyAsync(
            r => r.AccountId == id && r.RoleId == role.Id && r.ReachGroupId == owner.GroupId && r.ReachOrganizationId == owner.OrganizationId, ct))
        {
            return Problems.Of(caller, Refusal.Conflict("the account holds this role with this reach"));
        }

        var row = new RoleAssignmentRow
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            AccountId = id,
            RoleId = role.Id,
            ReachGroupId = owner.GroupId,
            ReachOrganizationId = owner.OrganizationId,
            CreatedAt = caller.Now,
        };
        db.RoleAssignments.Add(row);
        await store.CommitAsync(db, caller.Event("role.assigned", role.Name, account, id), ct);

        return TypedResults.Created($"/admin/v1/service-accounts/{id}/roles/{row.Id}", RoleAssignmentView.Of(row, role.Name));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> UnassignAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, Guid id, Guid assignmentId, CancellationToken ct)
    {
        if (await ServiceAccountRoutes.Visible(db, caller, Write).AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, ct) is not { } account
            || await db.RoleAssignments.SingleOrDefaultAsync(r => r.Id == assignmentId && r.AccountId == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("role assignment"));
        }

        var refusal = await safeguards.AgainstStrongerAsync(caller, id, ct);

        if (refusal is null && row is { ReachGroupId: null, ReachOrganizationId: null }
            && caller.Snapshot.Roles.GetValueOrDefault(row.RoleId) is { BuiltIn: true, Name: AdminApi.SuperAdmin })
        {
            refusal = await safeguards.AgainstLockoutAsync(caller, id, ct);
        }

        if (refusal is not null)
        {
            return Problems.Of(caller, refusal);
        }

        // Two that gave the same role at the same moment have given it twice: it goes whole.
        db.RoleAssignments.RemoveRange(await db.RoleAssignments
            .Where(r => r.AccountId == id && r.RoleId == row.RoleId && r.ReachGroupId == row.ReachGroupId && r.ReachOrganizationId == row.ReachOrganizationId)
            .ToListAsync(ct));
        await store.CommitAsync(db, caller.Event("role.unassigned", row.RoleId.ToString(), account, id), ct);

        return TypedResults.NoContent();
    }

    private static async Task<Outcome<Owner>> ReachAsync(Db db, AdminCaller caller, ServiceAccountRow account, JsonElement? asked, CancellationToken ct)
    {
        switch (asked?.ValueKind)
        {
            case null or JsonValueKind.Null:
                return new Owner(account.OrganizationId is null ? account.GroupId : null, account.OrganizationId);
            case JsonValueKind.String when asked.Value.GetString() == "tenant":
                return new Owner(null, null);
            case JsonValueKind.Object:
                OwnerBody? body;

                try
                {
                    body = asked.Value.Deserialize<OwnerBody>(AdminJson.Options);
                }
                catch (JsonException)
                {
                    body = null;
                }

                if (body is null or { Organization: null, Group: null })
                {
                    break;
                }

                return (await Ownership.ResolveAsync(db, caller, Write, body, ct)).Is(out var owner, out var refusal)
                    ? new Owner(owner.OrganizationId is null ? owner.GroupId : null, owner.OrganizationId)
                    : refusal;
        }

        return Refusal.Invalid("reach", "is \"tenant\", {\"organization\": …} or {\"group\": …}");
    }
}

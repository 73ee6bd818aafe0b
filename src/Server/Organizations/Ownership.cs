using System.Text.Json.Serialization;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Organizations;

/// <summary>Who owns a thing, as written: an organization or a group, by id or name.</summary>
internal sealed record OwnerBody(string? Organization = null, string? Group = null);

/// <summary>Who owns a thing, as shown: an organization or a group. Null in its place: the tenant itself.</summary>
internal sealed record OwnerView(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Organization,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Group)
{
    public static OwnerView? Of(IOwned row) =>
        row.OrganizationId is not null ? new OwnerView(row.OrganizationId, null) : row.GroupId is not null ? new OwnerView(null, row.GroupId) : null;
}

/// <summary>An owner found in this tenant and within the caller's reach.</summary>
internal sealed record Owner(Guid? GroupId, Guid? OrganizationId) : IOwned;

internal static class Ownership
{
    /// <summary>The rows that the reach covers. It stands in the query, so that no page, count or search sees more.</summary>
    public static IQueryable<T> Within<T>(this IQueryable<T> rows, Reach reach)
        where T : class, IOwned
    {
        if (reach.WholeTenant)
        {
            return rows;
        }

        var groups = reach.Groups.ToArray();
        var organizations = reach.Organizations.ToArray();

        return rows.Where(r =>
            (r.GroupId != null && groups.Contains(r.GroupId.Value)) || (r.OrganizationId != null && organizations.Contains(r.OrganizationId.Value)));
    }

    /// <summary>As <see cref="Within"/>, and with what the tenant itself owns: all may read and use that, few may change it.</summary>
    public static IQueryable<T> WithinOrShared<T>(this IQueryable<T> rows, Reach reach)
        where T : class, IOwned
    {
        if (reach.WholeTenant)
        {
            return rows;
        }

        var groups = reach.Groups.ToArray();
        var organizations = reach.Organizations.ToArray();

        return rows.Where(r =>
            (r.GroupId == null && r.OrganizationId == null)
            || (r.GroupId != null && groups.Contains(r.GroupId.Value))
            || (r.OrganizationId != null && organizations.Contains(r.OrganizationId.Value)));
    }

    public static bool Covers(this Reach reach, IOwned row) => reach.Covers(row.GroupId, row.OrganizationId);

    /// <summary>Finds the owner that is named; where none is, the default organization, or the one that the caller administers.</summary>
    public static async Task<Outcome<Owner>> ResolveAsync(Db db, AdminCaller caller, string permission, OwnerBody? body, CancellationToken ct)
    {
        var reach = caller.Reach(permission);

        if (body is { Organization: not null, Group: not null })
        {
            return Refusal.Invalid("owner", "names an organization or a group, not both");
        }

        if (body?.Group is { } group)
        {
            var found = await FindAsync(db.Groups.AsNoTracking().Where(g => g.TenantId == caller.TenantId), group, ct);

            return found is not null && reach.Covers(found.Id, null) ? new Owner(found.Id, null) : Refusal.NotFound("group");
        }

        var organizations = db.Organizations.AsNoTracking().Where(o => o.TenantId == caller.TenantId);
        var organization = body?.Organization is { } name
            ? await FindAsync(organizations, name, ct)
            : reach.WholeTenant
                ? await organizations.OrderBy(o => o.Id).FirstOrDefaultAsync(o => o.NameKey == TenantSetup.DefaultName, ct)
                : reach.Organizations.Count == 1 ? await organizations.SingleOrDefaultAsync(o => o.Id == reach.Organizations.First(), ct) : null;

        if (organization is null && body?.Organization is null)
        {
            return Refusal.Invalid("owner", "is needed: name an organization or a group");
        }

        return organization is not null && reach.Covers(organization.GroupId, organization.Id)
            ? new Owner(organization.GroupId, organization.Id)
            : Refusal.NotFound("organization");
    }

    private static async Task<T?> FindAsync<T>(IQueryable<T> rows, string idOrName, CancellationToken ct)
        where T : class
    {
        if (Guid.TryParse(idOrName, out var id))
        {
            return await rows.SingleOrDefaultAsync(r => EF.Property<Guid>(r, "Id") == id, ct);
        }

        var key = Names.Key(idOrName);
        var named = await rows.Where(r => EF.Property<string>(r, "NameKey") == key).Take(2).ToListAsync(ct);

        return named.Count == 1 ? named[0] : null;
    }
}

using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Mvc;

namespace Countersign.Server.ServiceAccounts;

/// <summary>What a list of accounts may be narrowed to; each member is a bound parameter of the query (R220).</summary>
internal sealed class ServiceAccountFilter
{
    /// <summary>Part of the name, in any case.</summary>
    public string? Name { get; set; }

    /// <summary>The whole client id.</summary>
    [FromQuery(Name = "client_id")]
    public string? ClientId { get; set; }

    public Guid? Organization { get; set; }

    public Guid? Group { get; set; }

    public bool? Disabled { get; set; }

    /// <summary>Not used at or after this time; never used counts too.</summary>
    [FromQuery(Name = "unused_since")]
    public DateTimeOffset? UnusedSince { get; set; }

    public IQueryable<ServiceAccountRow> Apply(IQueryable<ServiceAccountRow> rows)
    {
        if (Name is { } name)
        {
            var key = Names.Key(name);

            if (key.Length == 0)
            {
                throw new InvalidQueryException("name must hold a visible character");
            }

            rows = rows.Where(a => a.NameKey.Contains(key));
        }

        if (ClientId is { } clientId)
        {
            rows = rows.Where(a => a.ClientId == clientId);
        }

        if (Organization is { } organization)
        {
            rows = rows.Where(a => a.OrganizationId == organization);
        }

        if (Group is { } group)
        {
            rows = rows.Where(a => a.GroupId == group);
        }

        if (Disabled is { } disabled)
        {
            rows = rows.Where(a => a.Disabled == disabled);
        }

        if (UnusedSince is { } since)
        {
            since = since.ToUniversalTime();
            rows = rows.Where(a => a.LastUsedAt == null || a.LastUsedAt < since);
        }

        return rows;
    }
}

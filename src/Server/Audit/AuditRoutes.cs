using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Audit;

internal sealed record AuditEventView(
    Guid Id,
    DateTimeOffset At,
    string Kind,
    string Outcome,
    Guid? Actor,
    string? ClientId,
    Guid? Account,
    Guid? Credential,
    string? Source,
    string? Method,
    string? Error,
    string? Detail,
    string? Target,
    string? TokenHash)
{
    public static AuditEventView Of(AuditEventRow row) => new(
        row.Id, row.At, row.Kind, row.Outcome, row.ActorId, row.ClientId, row.AccountId, row.CredentialId, row.Source, row.Method, row.Error, row.Detail, row.Target, row.TokenHash);
}

internal sealed record Explanation(
    Guid Id,
    DateTimeOffset At,
    string Kind,
    string Outcome,
    string? Error,
    string? ErrorDescription,
    string? ClientId,
    Guid? Account,
    Guid? Credential,
    string? Source,
    string? Method,
    string? Detail,
    IReadOnlyList<CheckLine> Checks,
    string? Hint,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Proposal)
{
    public static Explanation Of(AuditEventRow row)
    {
        var checks = row.Checks is null ? [] : JsonSerializer.Deserialize(row.Checks, AuditJson.Default.ListCheckLine) ?? [];

        return new Explanation(
            row.Id, row.At, row.Kind, row.Outcome, row.Error, row.ErrorDescription, row.ClientId, row.AccountId, row.CredentialId, row.Source, row.Method, row.Detail, checks, checks.Find(c => !c.Passed)?.Hint, row.Proposal is null ? null : JsonElement.Parse(row.Proposal));
    }
}

internal sealed record TokenUsageView(
    Guid Account, string ClientId, Guid Credential, string Scope, string Audience, string Source, DateTimeOffset Minute, long Count);

internal sealed class AuditFilter
{
    public string? Kind { get; set; }

    public Guid? Account { get; set; }

    public string? Outcome { get; set; }

    [FromQuery(Name = "client_id")]
    public string? ClientId { get; set; }

    public DateTimeOffset? Since { get; set; }

    public DateTimeOffset? Until { get; set; }
}

internal sealed class UsageFilter
{
    public Guid? Account { get; set; }

    public Guid? Credential { get; set; }

    public DateTimeOffset? Since { get; set; }

    public DateTimeOffset? Until { get; set; }
}

/// <summary>What happened, what each credential obtained, and why a request was refused.</summary>
internal static class AuditRoutes
{
    private const string Read = "audit.read";

    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/audit-events", ListAsync).Requires(Read).WithTags("audit");
        admin.MapGet("/audit-events/{id:guid}", GetAsync).Requires(Read).WithTags("audit");
        admin.MapGet("/explanations/{id:guid}", ExplainAsync).Requires(Read).WithTags("audit");
        admin.MapGet("/token-usage", UsageAsync).Requires(Read).WithTags("audit");
    }

    private static async Task<Ok<Page<AuditEventView>>> ListAsync(
        AdminCaller caller, Db db, AuditWriter writer, PageRequest page, [AsParameters] AuditFilter filter, CancellationToken ct)
    {
        await writer.FlushAsync(ct);
        var rows = Visible(db, caller);

        if (filter.Kind is { } kind)
        {
            rows = rows.Where(a => a.Kind == kind);
        }

        if (filter.Account is { } account)
        {
            rows = rows.Where(a => a.AccountId == account);
        }

        if (filter.Outcome is { } outcome)
        {
            rows = rows.Where(a => a.Outcome == outcome);
        }

        if (filter.ClientId is { } clientId)
        {
            rows = rows.Where(a => a.ClientId == clientId);
        }

        if (filter.Since?.ToUniversalTime() is { } since)
        {
            rows = rows.Where(a => a.At >= since);
        }

        if (filter.Until?.ToUniversalTime() is { } until)
        {
            rows = rows.Where(a => a.At < until);
        }

        if (page.After is not null)
        {
            var after = page.AfterId;
            rows = rows.Where(a => a.Id < after);
        }

        return TypedResults.Ok(await page.ReadAsync(rows.OrderByDescending(a => a.Id), AuditEventView.Of, a => a.Id.ToString(), ct));
    }

    private static async Task<Results<Ok<AuditEventView>, ProblemHttpResult>> GetAsync(AdminCaller caller, Db db, AuditWriter writer, Guid id, CancellationToken ct)
    {
        await writer.FlushAsync(ct);

        return await Visible(db, caller).SingleOrDefaultAsync(a => a.Id == id, ct) is { } row
            ? TypedResults.Ok(AuditEventView.Of(row))
            : Problems.Of(caller, Refusal.NotFound("audit event"));
    }

    private static async Task<Results<Ok<Explanation>, ProblemHttpResult>> ExplainAsync(AdminCaller caller, Db db, AuditWriter writer, Guid id, CancellationToken ct)
    {
        await writer.FlushAsync(ct);

        return await Visible(db, caller).SingleOrDefaultAsync(a => a.Id == id, ct) is { } row
            ? TypedResults.Ok(Explanation.Of(row))
            : Problems.Of(caller, Refusal.NotFound($"trace (of one address {RefusalBudget.PerMinute} refusals a minute are kept; the rest are counted)"));
    }

    private static async Task<Ok<Page<TokenUsageView>>> UsageAsync(
        AdminCaller caller, Db db, TokenUsage usage, PageRequest page, [AsParameters] UsageFilter filter, CancellationToken ct)
    {
        await usage.FlushAsync(ct);
        var reach = caller.Reach(Read);
        var groups = reach.Groups.ToArray();
        var organizations = reach.Organizations.ToArray();
        var rows = db.TokenUsage.AsNoTracking().Where(u => u.TenantId == caller.TenantId);

        if (!reach.WholeTenant)
        {
            rows = rows.Where(u => (u.GroupId != null && groups.Contains(u.GroupId.Value)) || (u.OrganizationId != null && organizations.Contains(u.OrganizationId.Value)));
        }

        if (filter.Account is { } account)
        {
            rows = rows.Where(u => u.AccountId == account);
        }

        if (filter.Credential is { } credential)
        {
            rows = rows.Where(u => u.CredentialId == credential);
        }

        if (filter.Since?.ToUniversalTime() is { } since)
        {
            rows = rows.Where(u => u.Minute >= since);
        }

        if (filter.Until?.ToUniversalTime() is { } until)
        {
            rows = rows.Where(u => u.Minute < until);
        }

        if (page.After is { } after)
        {
            rows = rows.Where(u => string.Compare(u.Key, after) > 0);
        }

        return TypedResults.Ok(await page.ReadAsync(
            rows.OrderBy(u => u.Key),
            u => new TokenUsageView(u.AccountId, u.ClientId, u.CredentialId, u.Scope, u.Audience, u.Source, u.Minute, u.Count),
            u => u.Key,
            ct));
    }

    private static IQueryable<AuditEventRow> Visible(Db db, AdminCaller caller)
    {
        var reach = caller.Reach(Read);
        var rows = db.AuditEvents.AsNoTracking().Where(a => a.TenantId == caller.TenantId);

        if (reach.WholeTenant)
        {
            return rows;
        }

        var groups = reach.Groups.ToArray();
        var organizations = reach.Organizations.ToArray();

        return rows.Where(a => (a.GroupId != null && groups.Contains(a.GroupId.Value)) || (a.OrganizationId != null && organizations.Contains(a.OrganizationId.Value)));
    }
}

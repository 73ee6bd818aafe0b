using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Server.Admin;
using Countersign.Server.Conditions;
using Countersign.Server.Data;
using Countersign.Server.Organizations;
using Countersign.Server.ServiceAccounts;
using Countersign.Server.Tenants;

namespace Countersign.Server.TrustedIssuers;

/// <param name="Api">Id or identifier.</param>
internal sealed record TemplateGrantBody(string Api, string[] Scopes, string[]? DefaultScopes = null);

/// <summary>How accounts are made: claims stand in braces in their client ids and names, as in <c>gh-{repository_id}</c>.</summary>
internal sealed record TemplateBody(
    string ClientId, string? Name = null, OwnerBody? Owner = null, TemplateGrantBody[]? Grants = null, int MaxAccounts = TemplateBody.UsualAccounts)
{
    public const int UsualAccounts = 100;
}

/// <summary>A new rule: its account, or a template in its place.</summary>
/// <param name="TrustedIssuer">Id, name or issuer.</param>
/// <param name="Account">Id or client id.</param>
internal sealed record TrustRuleCreate(
    string Name,
    string TrustedIssuer,
    JsonElement[] Conditions,
    string? Account = null,
    TemplateBody? Template = null,
    string? Cel = null,
    ConditionTest[]? Tests = null,
    string[]? Scopes = null,
    int? LifetimeSeconds = null,
    DateTimeOffset? ExpiresAt = null,
    string Mode = TrustRule.Enforce,
    string[]? Allow = null,
    bool Disabled = false)
{
    /// <summary>The same as a change of a row that has nothing yet.</summary>
    public TrustRulePatch AsPatch() => new()
    {
        Name = new(Name),
        TrustedIssuer = new(TrustedIssuer),
        Conditions = new(Conditions),
        Account = Account is null ? default : new(Account),
        Template = Template is null ? default : new(Template),
        Cel = new(Cel),
        Tests = new(Tests),
        Scopes = new(Scopes),
        LifetimeSeconds = new(LifetimeSeconds),
        ExpiresAt = new(ExpiresAt),
        Mode = new(Mode),
        Allow = new(Allow),
        Disabled = new(Disabled),
    };
}

/// <summary>An account that is given takes the place of a template, and the reverse.</summary>
internal sealed record TrustRulePatch
{
    public Patch<string> Name { get; init; }

    public Patch<string> TrustedIssuer { get; init; }

    public Patch<JsonElement[]> Conditions { get; init; }

    public Patch<string?> Account { get; init; }

    public Patch<TemplateBody?> Template { get; init; }

    public Patch<string?> Cel { get; init; }

    public Patch<ConditionTest[]?> Tests { get; init; }

    public Patch<string[]?> Scopes { get; init; }

    public Patch<int?> LifetimeSeconds { get; init; }

    public Patch<DateTimeOffset?> ExpiresAt { get; init; }

    public Patch<string> Mode { get; init; }

    public Patch<string[]?> Allow { get; init; }

    public Patch<bool> Disabled { get; init; }
}

internal sealed record IssuerReference(Guid Id, string Name, string Issuer);

internal sealed record TemplateGrantView(ApiReference Api, string[] Scopes, string[] DefaultScopes);

internal sealed record TemplateView(string ClientId, string Name, OwnerView? Owner, TemplateGrantView[] Grants, int MaxAccounts)
{
    /// <summary>The template, without APIs and scopes that are gone.</summary>
    public static TemplateView? Of(string? json, TenantSnapshot tenant) => json is null ? null : Of(AccountTemplate.ReadText(json), tenant);

    private static TemplateView Of(TemplateText text, TenantSnapshot tenant) => new(
        text.ClientId,
        text.Name,
        OwnerView.Of(new Owner(text.GroupId, text.OrganizationId)),
        [.. text.Grants.Select(g => View(g, tenant)).OfType<TemplateGrantView>()],
        text.MaxAccounts);

    private static TemplateGrantView? View(TemplateGrant grant, TenantSnapshot tenant) => tenant.Apis.GetValueOrDefault(grant.Api) is { } api
        ? new TemplateGrantView(
            new ApiReference(api.Id, api.Identifier), [.. grant.Scopes.Where(api.Scopes.Contains)], [.. grant.DefaultScopes.Where(api.Scopes.Contains)])
        : null;
}

/// <param name="Account">Null where the template makes accounts.</param>
/// <param name="State"><c>active</c>, <c>expired</c> or <c>disabled</c>.</param>
internal sealed record TrustRuleView(
    Guid Id,
    string Name,
    IssuerReference TrustedIssuer,
    AccountReference? Account,
    TemplateView? Template,
    JsonElement Conditions,
    string? Cel,
    ConditionTest[] Tests,
    string[]? Scopes,
    int? LifetimeSeconds,
    DateTimeOffset? ExpiresAt,
    string Mode,
    string[] Allow,
    bool Disabled,
    string State,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LastUsedAt)
{
    /// <summary>What is to be known about it: what the linter finds and the rule is allowed, and what a change has ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Warnings { get; init; }

    public static TrustRuleView Of(TrustRuleRow row, IssuerReference issuer, AccountReference? account, AdminCaller caller) => new(
        row.Id,
        row.Name,
        issuer,
        account,
        TemplateView.Of(row.Template, caller.Snapshot),
        JsonElement.Parse(row.Conditions),
        row.Cel,
        ConditionTest.Read(row.Tests),
        row.Scopes,
        row.LifetimeSeconds,
        row.ExpiresAt,
        row.Mode,
        row.Allow,
        row.Disabled,
        row.Disabled ? "disabled" : row.ExpiresAt <= caller.Now ? "expired" : "active",
        row.CreatedAt,
        row.UpdatedAt,
        row.LastUsedAt);
}

/// <summary>An account that a rule's template made.</summary>
internal sealed record MadeAccountView(Guid Id, string ClientId, string Name, bool Disabled, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);

using System.Text.Json.Serialization;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.ServiceAccounts;
using Countersign.Server.Tenants;

namespace Countersign.Server.TrustedIssuers;

/// <param name="Api">Id or identifier.</param>
internal sealed record ExchangeApiBody(string Api, string[] Scopes);

/// <summary>Client is who exchanges; subjects are those whose tokens, each by id or client_id, or any_subject in their place.</summary>
internal sealed record ExchangeRuleCreate(
    string Name,
    string Client,
    ExchangeApiBody[] Apis,
    string[]? Subjects = null,
    bool AnySubject = false,
    bool Impersonation = false,
    int? LifetimeSeconds = null,
    bool Disabled = false)
{
    /// <summary>The same as a change of a row that has nothing yet.</summary>
    public ExchangeRulePatch AsPatch() => new()
    {
        Name = new(Name),
        Client = new(Client),
        Apis = new(Apis),
        Subjects = Subjects is null ? default : new(Subjects),
        AnySubject = new(AnySubject),
        Impersonation = new(Impersonation),
        LifetimeSeconds = new(LifetimeSeconds),
        Disabled = new(Disabled),
    };
}

/// <summary>Subjects that are given take the place of any_subject, and the reverse.</summary>
internal sealed record ExchangeRulePatch
{
    public Patch<string> Name { get; init; }

    public Patch<string> Client { get; init; }

    public Patch<ExchangeApiBody[]> Apis { get; init; }

    public Patch<string[]?> Subjects { get; init; }

    public Patch<bool> AnySubject { get; init; }

    public Patch<bool> Impersonation { get; init; }

    public Patch<int?> LifetimeSeconds { get; init; }

    public Patch<bool> Disabled { get; init; }
}

internal sealed record AccountReference(Guid Id, string ClientId);

internal sealed record ExchangeApiView(ApiReference Api, string[] Scopes);

/// <summary>The rule, without subjects, APIs and scopes that are gone.</summary>
internal sealed record ExchangeRuleView(
    Guid Id,
    string Name,
    AccountReference Client,
    AccountReference[] Subjects,
    bool AnySubject,
    ExchangeApiView[] Apis,
    bool Impersonation,
    int? LifetimeSeconds,
    bool Disabled,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    /// <summary>What is to be known about it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Warnings { get; init; }

    /// <param name="row">The rule.</param>
    /// <param name="clientIds">The client ids of the accounts that it names.</param>
    /// <param name="tenant">Whose APIs they are.</param>
    public static ExchangeRuleView Of(ExchangeRuleRow row, IReadOnlyDictionary<Guid, string> clientIds, TenantSnapshot tenant) => new(
        row.Id,
        row.Name,
        new AccountReference(row.ClientAccountId, clientIds.GetValueOrDefault(row.ClientAccountId) ?? ""),
        [.. row.Subjects.Where(clientIds.ContainsKey).Select(s => new AccountReference(s, clientIds[s]))],
        row.AnySubject,
        [.. ExchangeRule.ReadTargets(row.Targets).Select(t => View(t, tenant)).OfType<ExchangeApiView>()],
        row.Impersonation,
        row.LifetimeSeconds,
        row.Disabled,
        row.CreatedAt,
        row.UpdatedAt);

    private static ExchangeApiView? View(ExchangeTarget target, TenantSnapshot tenant) =>
        tenant.Apis.GetValueOrDefault(target.Api) is { } api ? new ExchangeApiView(new ApiReference(api.Id, api.Identifier), [.. target.Scopes.Where(api.Scopes.Contains)]) : null;
}

using System.Collections.Frozen;
using System.Text.Json;
using Countersign.Server.Admin;
using Countersign.Server.Data;

namespace Countersign.Server.TrustedIssuers;

/// <summary>An API and those of its scopes that an exchange may lead to.</summary>
internal sealed record ExchangeTarget(Guid Api, string[] Scopes);

/// <summary>What a client may exchange the tokens of others for (RFC 8693), as a decision needs it.</summary>
internal sealed record ExchangeRule(
    Guid Id, string Name, Guid ClientId, bool AnySubject, FrozenSet<Guid> Subjects, ExchangeTarget[] Targets, bool Impersonation, int? LifetimeSeconds, bool Disabled)
{
    public static ExchangeRule Of(ExchangeRuleRow row) => new(
        row.Id, row.Name, row.ClientAccountId, row.AnySubject, row.Subjects.ToFrozenSet(), ReadTargets(row.Targets), row.Impersonation, row.LifetimeSeconds, row.Disabled);

    public static ExchangeTarget[] ReadTargets(string json) => JsonSerializer.Deserialize<ExchangeTarget[]>(json, AdminJson.Options) ?? [];

    public static string WriteTargets(ExchangeTarget[] targets) => JsonSerializer.Serialize(targets, AdminJson.Options);

    public bool Covers(Guid subject) => AnySubject || Subjects.Contains(subject);

    public bool Allows(Guid api, string scope) => Array.Exists(Targets, t => t.Api == api && t.Scopes.AsSpan().Contains(scope));
}

using System.Collections.Frozen;
using Countersign.Server.Keys;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Tenants;

internal sealed record TokenSettings(string? Format, int? LifetimeSeconds, string? Alg);

/// <summary>An API as a decision needs it.</summary>
internal sealed record ApiFacts(Guid Id, string Identifier, Guid? GroupId, Guid? OrganizationId, FrozenSet<string> Scopes, TokenSettings Token)
{
    public bool IsAdmin => Identifier == AdminApi.Identifier;
}

internal sealed record RoleFacts(Guid Id, string Name, bool BuiltIn, IReadOnlyList<(Guid ApiId, string Scope)> Scopes);

/// <summary>Everything about a tenant that a request needs, as it was at one moment. Replaced whole when the change feed names the tenant.</summary>
internal sealed record TenantSnapshot(
    Guid Id,
    string Name,
    string Issuer,
    bool Disabled,
    TokenSettings Token,
    bool FullTokenAudit,
    bool GrantingByOwner,
    bool RequireIfMatch,
    int MaxSecretLifetimeDays,
    int SigningKeyDays,
    TimeSpan AssertionMaxAge,
    TimeSpan ClockSkew,
    bool SecretsBesideKeys,
    bool RequireDpopNonce,
    FrozenDictionary<Guid, ApiFacts> Apis,
    FrozenDictionary<string, ApiFacts> ApisByIdentifier,
    FrozenDictionary<Guid, RoleFacts> Roles,
    KeyRing Keys,
    TrustSnapshot Trust)
{
    public string TokenEndpoint { get; } = Issuer + "/oauth2/token";

    /// <summary>The audiences of assertions: the issuer alone (R52), and what an account may be allowed beside it (R53).</summary>
    public string[] IssuerAudience { get; } = [Issuer];

    public string[] WideAudience { get; } = [Issuer, Issuer + "/oauth2/token"];
}

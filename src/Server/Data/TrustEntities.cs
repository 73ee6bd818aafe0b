namespace Countersign.Server.Data;

/// <summary>A foreign issuer whose tokens may stand for accounts of the tenant, by rules.</summary>
internal sealed class TrustedIssuerRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public required string Name { get; set; }
    public required string NameKey { get; set; }

    /// <summary>What it is, for presets and the linter: one of <c>IssuerKind</c>.</summary>
    public required string Kind { get; set; }

    /// <summary>The exact <c>iss</c>; for SPIFFE the trust domain, <c>spiffe://…</c>.</summary>
    public required string Issuer { get; set; }

    /// <summary><c>discovery</c>, <c>jwks_url</c>, <c>jwks</c> or <c>certificates</c>.</summary>
    public required string KeySource { get; set; }
    public string? JwksUrl { get; set; }

    /// <summary>With discovery: the one other host that the keys may be fetched from.</summary>
    public string? JwksHost { get; set; }

    /// <summary>The pasted JWK set, as it was given.</summary>
    public string? Jwks { get; set; }

    /// <summary>X.509 certificates in PEM, one after the other.</summary>
    public string? Certificates { get; set; }

    /// <summary>In PEM: the only certificate authorities that its hosts are trusted by; null: those of the system.</summary>
    public string? CaCertificates { get; set; }
    public required string[] Algorithms { get; set; }
    public required string[] Audiences { get; set; }
    public bool AllowExtraAudiences { get; set; }

    /// <summary>Null: the tenant's.</summary>
    public int? ClockSkewSeconds { get; set; }
    public int MaxTokenAgeSeconds { get; set; } = 3600;

    /// <summary><c>once</c>, <c>until-expiry</c> or <c>window</c>.</summary>
    public required string Replay { get; set; }
    public int? ReplayWindowSeconds { get; set; }
    public bool RequireJti { get; set; } = true;
    public bool RequireImmutableIds { get; set; }
    public bool Disabled { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => TenantId;
}

/// <summary>Which tokens of a trusted issuer stand for which account. It is the credential of the tokens that are got by it.</summary>
internal sealed class TrustRuleRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public Guid TrustedIssuerId { get; set; }
    public required string Name { get; set; }
    public required string NameKey { get; set; }

    /// <summary>The account; null where a template makes accounts.</summary>
    public Guid? AccountId { get; set; }

    /// <summary>The template as JSON.</summary>
    public string? Template { get; set; }

    /// <summary>The conditions as JSON.</summary>
    public required string Conditions { get; set; }
    public string? Cel { get; set; }

    /// <summary>The rule's own tests as JSON.</summary>
    public required string Tests { get; set; }

    /// <summary>The scopes that a token may have at most; null: all that the account holds.</summary>
    public string[]? Scopes { get; set; }
    public int? LifetimeSeconds { get; set; }
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary><c>enforce</c> or <c>report</c>.</summary>
    public required string Mode { get; set; }

    /// <summary>What the linter may find and is meant so.</summary>
    public required string[] Allow { get; set; }
    public bool Disabled { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public string? LastUsedFrom { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => TenantId;
}

/// <summary>What a client may exchange the tokens of others for (RFC 8693).</summary>
internal sealed class ExchangeRuleRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public required string Name { get; set; }
    public required string NameKey { get; set; }

    /// <summary>The account that exchanges.</summary>
    public Guid ClientAccountId { get; set; }

    /// <summary>Whether the tokens of all accounts are meant; else those of <see cref="Subjects"/>.</summary>
    public bool AnySubject { get; set; }
    public required Guid[] Subjects { get; set; }

    /// <summary>The APIs and scopes as JSON.</summary>
    public required string Targets { get; set; }

    /// <summary>Whether the result may hide who exchanged (RFC 8693 §1.1).</summary>
    public bool Impersonation { get; set; }
    public int? LifetimeSeconds { get; set; }
    public bool Disabled { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => TenantId;
}

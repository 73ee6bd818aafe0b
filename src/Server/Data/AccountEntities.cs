namespace Countersign.Server.Data;

/// <summary>A row owned by a group, or by an organization of that group; the group is kept in both cases so that reach is one comparison.</summary>
internal interface IOwned
{
    Guid? GroupId { get; }

    Guid? OrganizationId { get; }
}

internal sealed class ServiceAccountRow : IFed, IVersioned, IOwned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public Guid? GroupId { get; set; }
    public Guid? OrganizationId { get; set; }
    public required string ClientId { get; set; }
    public required string Name { get; set; }
    public required string NameKey { get; set; }
    public string? Description { get; set; }
    public bool Disabled { get; set; }
    public string? TokenFormat { get; set; }
    public int? TokenLifetimeSeconds { get; set; }
    public string? TokenAlg { get; set; }

    /// <summary>The registered method (RFC 7591 §2): <c>client_secret</c> or <c>private_key_jwt</c>.</summary>
    public string AuthMethod { get; set; } = "client_secret";

    /// <summary><c>issuer</c>, or <c>issuer-or-token-endpoint</c> for clients that can name nothing else (R53).</summary>
    public string AssertionAudience { get; set; } = "issuer";

    /// <summary>The one algorithm of assertions (<c>token_endpoint_auth_signing_alg</c>); null: that of each key.</summary>
    public string? AssertionAlg { get; set; }
    public bool RequireJti { get; set; } = true;

    /// <summary>Whether its tokens are bound to a key, always (RFC 9449 §5.2).</summary>
    public bool DpopBoundAccessTokens { get; set; }

    /// <summary>A condition in CEL on each of its logins; null: none.</summary>
    public string? AccessPolicy { get; set; }

    /// <summary>The policy's own tests as JSON.</summary>
    public string? AccessPolicyTests { get; set; }

    /// <summary>The trust rule whose template made the account; null: an administrator did.</summary>
    public Guid? MadeByRule { get; set; }

    /// <summary>The hash of the claims that it was made for.</summary>
    public string? TemplateKey { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Account;
    Guid IFed.FedId => Id;
}

internal sealed class ClientSecretRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public Guid AccountId { get; set; }
    public required string Hash { get; set; }

    /// <summary>The last four characters, or nothing for an imported hash.</summary>
    public string? Hint { get; set; }
    public required string Origin { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? ExpiresAt { get; set; }
    public DateTimeOffset? RetiresAt { get; set; }
    public int? RetiresWhenQuietHours { get; set; }

    /// <summary>When the wait for quiet began; a use after it starts the wait anew.</summary>
    public DateTimeOffset? QuietSince { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public string? LastUsedFrom { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Account;
    Guid IFed.FedId => AccountId;
}

/// <summary>A public key with which an account's assertions are checked.</summary>
internal sealed class AccountKeyRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public Guid AccountId { get; set; }

    /// <summary>Unique in the account.</summary>
    public required string Kid { get; set; }
    public required string Alg { get; set; }
    public required string Thumbprint { get; set; }

    /// <summary>The public JWK as we write it.</summary>
    public required string PublicJwk { get; set; }
    public string? Name { get; set; }

    /// <summary><c>added</c> or <c>generated</c>.</summary>
    public required string Origin { get; set; }
    public bool Disabled { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? ExpiresAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public string? LastUsedFrom { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Account;
    Guid IFed.FedId => AccountId;
}

/// <summary>Where an account publishes its keys, in place of keys that are kept here.</summary>
internal sealed class JwksUrlRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }

    /// <summary>One for each account.</summary>
    public Guid AccountId { get; set; }
    public required string Url { get; set; }

    /// <summary>In PEM: the only certificate authorities that the host is trusted by; null: those of the system.</summary>
    public string? CaCertificates { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public string? LastUsedFrom { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Account;
    Guid IFed.FedId => AccountId;
}

internal sealed class GrantRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public Guid AccountId { get; set; }
    public Guid ApiId { get; set; }
    public required string[] Scopes { get; set; }
    public required string[] DefaultScopes { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Account;
    Guid IFed.FedId => AccountId;
}

internal sealed class RoleAssignmentRow : IFed
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public Guid AccountId { get; set; }
    public Guid RoleId { get; set; }

    /// <summary>Both null: the whole tenant.</summary>
    public Guid? ReachGroupId { get; set; }
    public Guid? ReachOrganizationId { get; set; }
    public DateTimeOffset CreatedAt { get; set; }

    ChangeKind IFed.Kind => ChangeKind.Account;
    Guid IFed.FedId => AccountId;
}

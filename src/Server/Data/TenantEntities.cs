namespace Countersign.Server.Data;

/// <summary>A row whose changes other nodes must learn of; the change feed names it by kind and id.</summary>
internal interface IFed
{
    Guid TenantId { get; }

    ChangeKind Kind { get; }

    /// <summary>What the feed names: the row itself, or the account whose snapshot holds it.</summary>
    Guid FedId { get; }
}

/// <summary>A row with a version that every change counts up; it is the ETag of the resource.</summary>
internal interface IVersioned
{
    int Version { get; set; }
}

internal sealed class TenantRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public required string Name { get; set; }
    public required string NameKey { get; set; }
    public required string Issuer { get; set; }
    public bool Disabled { get; set; }
    public string TokenFormat { get; set; } = "jwt";
    public int TokenLifetimeSeconds { get; set; } = 3600;
    public string TokenAlg { get; set; } = "ES256";
    public int MaxSecretLifetimeDays { get; set; } = 365;
    public string Granting { get; set; } = "super-admin";
    public bool RequireIfMatch { get; set; }
    public string AuditTokens { get; set; } = "rollup";
    public int SigningKeyDays { get; set; } = 90;

    /// <summary>How long an assertion may live at most.</summary>
    public int AssertionMaxAgeSeconds { get; set; } = 600;

    /// <summary>By how much a client's clock may differ.</summary>
    public int ClockSkewSeconds { get; set; } = 10;

    /// <summary>Whether proofs of possession need a nonce of this server (RFC 9449 §8).</summary>
    public bool RequireDpopNonce { get; set; }

    /// <summary>For a migration: secrets go on beside keys.</summary>
    public bool AllowSecretsBesideKeys { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public int Version { get; set; } = 1;

    public List<TenantHostRow> Hosts { get; set; } = [];

    Guid IFed.TenantId => Id;
    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => Id;
}

internal sealed class TenantHostRow
{
    public required string Host { get; set; }
    public Guid TenantId { get; set; }
}

internal sealed class GroupRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public required string Name { get; set; }
    public required string NameKey { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => TenantId;
}

internal sealed class OrganizationRow : IFed, IVersioned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public Guid GroupId { get; set; }
    public required string Name { get; set; }
    public required string NameKey { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public int Version { get; set; } = 1;

    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => TenantId;
}

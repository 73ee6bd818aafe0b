namespace Countersign.Server.Data;

internal sealed class ApiRow : IFed, IVersioned, IOwned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }

    /// <summary>Both null: owned by the tenant itself.</summary>
    public Guid? GroupId { get; set; }
    public Guid? OrganizationId { get; set; }
    public required string Identifier { get; set; }
    public required string Name { get; set; }
    public bool BuiltIn { get; set; }
    public string? TokenFormat { get; set; }
    public int? TokenLifetimeSeconds { get; set; }
    public string? TokenAlg { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public int Version { get; set; } = 1;

    public List<ApiScopeRow> Scopes { get; set; } = [];

    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => TenantId;
}

internal sealed class ApiScopeRow
{
    public Guid ApiId { get; set; }
    public required string Name { get; set; }
    public string? Description { get; set; }
}

/// <summary>An account that acts as the API, and so may ask whether a token for it is good.</summary>
internal sealed class ResourceServerRow : IFed
{
    public Guid ApiId { get; set; }
    public Guid AccountId { get; set; }
    public Guid TenantId { get; set; }

    ChangeKind IFed.Kind => ChangeKind.Account;
    Guid IFed.FedId => AccountId;
}

internal sealed class RoleRow : IFed, IVersioned, IOwned
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public Guid? GroupId { get; set; }
    public Guid? OrganizationId { get; set; }
    public required string Name { get; set; }
    public required string NameKey { get; set; }
    public bool BuiltIn { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public int Version { get; set; } = 1;

    public List<RoleScopeRow> Scopes { get; set; } = [];

    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => TenantId;
}

internal sealed class RoleScopeRow
{
    public Guid RoleId { get; set; }
    public Guid ApiId { get; set; }
    public required string Scope { get; set; }
}

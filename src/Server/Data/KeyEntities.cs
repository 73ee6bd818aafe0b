namespace Countersign.Server.Data;

/// <summary>
/// A key of a tenant: it signs JWTs, or seals opaque tokens (<c>A256GCM</c>). Its state follows from its times, so every node
/// comes to the same answer without a write: pending until <see cref="ActivatesAt"/>, active until its successor is, retired until
/// the last token it made has died.
/// </summary>
internal sealed class TenantKeyRow : IFed
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public required string Alg { get; set; }
    public required string Kid { get; set; }

    /// <summary>Counts up within tenant and algorithm; unique, so two nodes that rotate at once make one key.</summary>
    public int Generation { get; set; }

    /// <summary>The private half, encrypted under the master key and bound to this row, tenant and algorithm.</summary>
    public required byte[] Wrapped { get; set; }
    public string? PublicJwk { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ActivatesAt { get; set; }
    public DateTimeOffset? RetiresAt { get; set; }
    public DateTimeOffset? WithdrawnAt { get; set; }

    ChangeKind IFed.Kind => ChangeKind.Tenant;
    Guid IFed.FedId => TenantId;
}

/// <summary>Something issued that is no longer good. Kept until no token it concerns can still be alive.</summary>
internal sealed class RevocationRow : IFed
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }

    /// <summary><c>token</c>, <c>account</c>, <c>credential</c>, <c>key</c> or <c>tenant</c>.</summary>
    public required string Scope { get; set; }

    /// <summary>The token's id, or the id of what made the tokens.</summary>
    public required string Target { get; set; }

    /// <summary>Tokens made at or before this moment are dead, in Unix milliseconds; for a single token its expiry does not matter.</summary>
    public long IssuedBeforeMs { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }

    ChangeKind IFed.Kind => ChangeKind.Revocation;
    Guid IFed.FedId => Id;
}

internal sealed class SetupTokenRow
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public required string Hash { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
    public DateTimeOffset? UsedAt { get; set; }
    public int Version { get; set; } = 1;
}

namespace Countersign.Server.Data;

internal enum ChangeKind
{
    /// <summary>The tenant itself, or what its snapshot holds: groups, organizations, APIs, roles, keys.</summary>
    Tenant,

    /// <summary>A service account, or what its snapshot holds: secrets, keys, grants, role assignments.</summary>
    Account,

    Revocation,
}

/// <summary>One entry of the change feed. Sequence numbers have no gaps and follow the order of commit.</summary>
internal sealed class ChangeRow
{
    public long Seq { get; set; }
    public Guid TenantId { get; set; }
    public ChangeKind Kind { get; set; }
    public Guid EntityId { get; set; }
    public DateTimeOffset At { get; set; }
}

internal sealed class ChangeHeadRow
{
    public int Id { get; set; }
    public long Seq { get; set; }
}

internal sealed class AuditEventRow
{
    public Guid Id { get; set; }
    public Guid TenantId { get; set; }
    public DateTimeOffset At { get; set; }

    /// <summary>What was done: <c>token</c>, <c>introspection</c>, <c>service-account.created</c>, …</summary>
    public required string Kind { get; set; }

    /// <summary><c>success</c>, <c>refused</c> or <c>failed</c>.</summary>
    public required string Outcome { get; set; }
    public Guid? ActorId { get; set; }
    public string? ClientId { get; set; }
    public Guid? AccountId { get; set; }
    public Guid? CredentialId { get; set; }
    public Guid? GroupId { get; set; }
    public Guid? OrganizationId { get; set; }
    public string? Source { get; set; }
    public string? Method { get; set; }
    public string? Error { get; set; }
    public string? ErrorDescription { get; set; }
    public string? Detail { get; set; }

    /// <summary>The checks in order, as JSON.</summary>
    public string? Checks { get; set; }

    /// <summary>The trust rule that would have matched, as JSON.</summary>
    public string? Proposal { get; set; }
    public string? Target { get; set; }

    /// <summary>The base64url SHA-256 of the token's id.</summary>
    public string? TokenHash { get; set; }
}

/// <summary>How many tokens one credential got for one scope set from one address within one minute.</summary>
internal sealed class TokenUsageRow
{
    /// <summary>The hash of all that is counted apart.</summary>
    public required string Key { get; set; }
    public Guid TenantId { get; set; }
    public Guid AccountId { get; set; }
    public Guid CredentialId { get; set; }
    public required string ClientId { get; set; }
    public Guid? GroupId { get; set; }
    public Guid? OrganizationId { get; set; }
    public required string Scope { get; set; }
    public required string Audience { get; set; }
    public required string Source { get; set; }
    public DateTimeOffset Minute { get; set; }
    public long Count { get; set; }
}

/// <summary>The answer to a create that returned a secret, sealed, so that a retry with the same key reads the same.</summary>
internal sealed class IdempotencyRow
{
    /// <summary>The hash of caller, route and the caller's key.</summary>
    public required string Key { get; set; }
    public Guid TenantId { get; set; }
    public required string RequestHash { get; set; }
    public int Status { get; set; }
    public required byte[] SealedBody { get; set; }
    public string? Location { get; set; }
    public string? ETag { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>An assertion that was used, so that it is not taken again on any node, nor after a restart.</summary>
internal sealed class UsedAssertionRow
{
    /// <summary>The hash of tenant, issuer and <c>jti</c>, or of the assertion where it has none: 16 bytes.</summary>
    public required byte[] Key { get; set; }

    /// <summary>When the assertion is refused by its age anyway, in Unix seconds.</summary>
    public long ExpiresAt { get; set; }

    /// <summary>When it was first used, in Unix seconds; kept where that decides about further uses.</summary>
    public long? UsedAt { get; set; }
}

/// <summary>Up to when used assertions are forgotten: one that ends before it is refused, whatever a node's clock says.</summary>
internal sealed class ReplayFloorRow
{
    public int Id { get; set; }

    /// <summary>In Unix seconds; only ever raised.</summary>
    public long ForgottenUntil { get; set; }
}

using Countersign.OAuth;
using Countersign.Server.Conditions;
using Countersign.Server.Jwks;

namespace Countersign.Server.Tenants;

internal sealed class SecretFacts(Guid id, SecretHash hash, DateTimeOffset? expiresAt, DateTimeOffset? retiresAt)
{
    public Guid Id { get; } = id;

    public SecretHash Hash { get; } = hash;

    public DateTimeOffset? ExpiresAt { get; } = expiresAt;

    public DateTimeOffset? RetiresAt { get; } = retiresAt;
}

internal sealed record KeyFacts(Guid Id, VerificationKey Key, bool Disabled, DateTimeOffset? ExpiresAt);

/// <summary>How an account's assertions are judged beyond what holds for all.</summary>
internal sealed record AssertionSettings(bool TokenEndpointAudience, SigningAlgorithm? Algorithm, bool RequireId);

internal sealed record GrantFacts(Guid ApiId, string[] Scopes, string[] DefaultScopes);

internal sealed record RoleAssignmentFacts(Guid RoleId, Guid? ReachGroupId, Guid? ReachOrganizationId);

/// <summary>
/// Everything about a service account that a decision needs, as it was at one moment. Immutable; dropped when the change feed names the account.
/// </summary>
internal sealed class Account
{
    private volatile Entitlements? _entitlements;

    public required Guid Id { get; init; }
    public required string ClientId { get; init; }
    public required bool Disabled { get; init; }
    public required Guid? GroupId { get; init; }
    public required Guid? OrganizationId { get; init; }
    public required TokenSettings Token { get; init; }
    public required SecretFacts[] Secrets { get; init; }

    /// <summary>Whether the registered method is private_key_jwt; else it is the client secret.</summary>
    public required bool SignsAssertions { get; init; }
    public required KeyFacts[] Keys { get; init; }

    /// <summary>The keys alone, in the same order.</summary>
    public VerificationKey[] PublicKeys => field ??= Array.ConvertAll(Keys, k => k.Key);

    /// <summary>Where the keys are when they are not kept here.</summary>
    public required JwksUrlFacts? JwksUrl { get; init; }
    public required AssertionSettings Assertions { get; init; }

    /// <summary>Whether it gets only tokens that are bound to a key.</summary>
    public required bool RequiresDpop { get; init; }

    /// <summary>A further condition on each login; null: none.</summary>
    public LoginCondition? AccessPolicy { get; init; }

    /// <summary>The trust rule whose template made it, and the hash of the claims that it was made for.</summary>
    public Guid? MadeByRule { get; init; }

    public string? TemplateKey { get; init; }
    public required GrantFacts[] Grants { get; init; }
    public required RoleAssignmentFacts[] Roles { get; init; }
    public required Guid[] ServedApis { get; init; }

    public bool HasCredential(Guid id)
    {
        foreach (var secret in Secrets)
        {
            if (secret.Id == id)
            {
                return true;
            }
        }

        return JwksUrl?.Id == id || Array.Exists(Keys, k => k.Id == id);
    }

    public bool Serves(Guid apiId) => ServedApis.AsSpan().Contains(apiId);

    /// <summary>What the account may ask for under this state of the tenant; worked out once for both.</summary>
    public Entitlements EntitlementsIn(TenantSnapshot tenant)
    {
        if (_entitlements is { } held && ReferenceEquals(held.Tenant, tenant))
        {
            return held;
        }

        return _entitlements = Entitlements.Of(this, tenant);
    }
}

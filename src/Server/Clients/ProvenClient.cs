using Countersign.Server.Tenants;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Clients;

/// <summary>Who was proven, and by which credential.</summary>
internal sealed record ProvenClient(Account Account, Guid CredentialId)
{
    /// <summary>The rules by which a foreign token stands for the account; none where it proved itself.</summary>
    public TrustRule[] Rules { get; init; } = [];

    /// <summary>Whether the token had no <c>jti</c>, so that it may get nothing that makes credentials (R69).</summary>
    public bool IsWithoutId { get; init; }

    /// <summary>Whether every rule lets a token have this scope.</summary>
    public bool Allows(string scope, bool isAdmin)
    {
        foreach (var rule in Rules)
        {
            if (rule.Scopes is { } scopes && !scopes.AsSpan().Contains(scope))
            {
                return false;
            }
        }

        return !IsWithoutId || !isAdmin || !AdminApi.MakesCredentials(scope);
    }

    /// <summary>The shortest life that a rule sets, and the one that is asked for.</summary>
    public int Shorten(int lifetime)
    {
        foreach (var rule in Rules)
        {
            lifetime = Math.Min(lifetime, rule.LifetimeSeconds ?? lifetime);
        }

        return lifetime;
    }
}

using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Jwks;
using Countersign.Server.Tenants;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Explanations;

/// <summary>What would have to be trusted for a token whose issuer is not. Nothing of the token is believed: it is for somebody to read and decide.</summary>
internal static class UnknownIssuer
{
    private const int LongestName = 60;

    /// <summary>The issuer to create; null where the token does not say whose it is.</summary>
    public static ProposedIssuerView? Of(JwtClaims claims, JsonElement json, TenantSnapshot tenant, OutboundRules outbound)
    {
        if (SpiffeId.TrustDomain(claims.Subject) is { } domain)
        {
            // Where the bundle is, the token does not say.
            return new ProposedIssuerView(Free(domain["spiffe://".Length..], tenant), IssuerKind.Spiffe, domain, null, [tenant.Issuer]);
        }

        if (claims.Issuer is not { Length: <= 2048 } issuer
            || !Uri.TryCreate(issuer, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttps && !(outbound.Http && uri.Scheme == Uri.UriSchemeHttp)))
        {
            return null;
        }

        var kind = KindOf(issuer, json);

        return new ProposedIssuerView(Free(kind == IssuerKind.Generic || kind == IssuerKind.Kubernetes ? uri.Host : kind, tenant), kind, issuer, true, [tenant.Issuer]);
    }

    private static string KindOf(string issuer, JsonElement claims) =>
        IssuerKind.All.FirstOrDefault(k => k.Issuer == issuer)?.Name
        ?? (claims.TryGetProperty("kubernetes.io", out _) ? IssuerKind.Kubernetes
            : claims.TryGetProperty("repository_owner_id", out _) && claims.TryGetProperty("workflow_ref", out _) ? IssuerKind.GitHub
            : claims.TryGetProperty("project_path", out _) && claims.TryGetProperty("pipeline_source", out _) ? IssuerKind.GitLab
            : IssuerKind.Generic);

    // A name that another issuer has would be refused.
    private static string Free(string name, TenantSnapshot tenant)
    {
        name = name.Length <= LongestName ? name : name[..LongestName];
        var taken = tenant.Trust.Issuers.Select(i => Names.Key(i.Name)).ToHashSet(StringComparer.Ordinal);
        var free = name;

        for (var i = 2; taken.Contains(Names.Key(free)); i++)
        {
            free = $"{name}-{i}";
        }

        return free;
    }
}

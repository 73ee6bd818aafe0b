using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Clients;
using Countersign.Server.Tenants;

namespace Countersign.Server.TrustedIssuers;

/// <summary>For what a foreign token is sent.</summary>
internal enum ForeignUse
{
    /// <summary>As a client assertion of type jwt-bearer (RFC 7523 §2.2).</summary>
    ClientAssertion,

    /// <summary>As a client assertion of type jwt-spiffe.</summary>
    SpiffeAssertion,

    /// <summary>As an authorization grant (RFC 7523 §2.1).</summary>
    Grant,

    /// <summary>As the subject token of an exchange (RFC 8693).</summary>
    SubjectToken,
}

/// <summary>What a foreign token must say, before any rule is asked.</summary>
internal static class ForeignClaims
{
    private static readonly string[] s_assertion = ["JWT", "client-authentication+jwt"];
    private static readonly string[] s_grant = ["JWT", "authorization-grant+jwt"];
    private static readonly string[] s_subject = ["JWT"];

    // JWT-SVID §2.3.
    private static readonly string[] s_spiffe = ["JWT", "JOSE"];

    public static AssertionRules Rules(TrustedIssuer issuer, JwtClaims claims, ForeignUse use, TenantSnapshot tenant) => new()
    {
        Types = issuer.IsSpiffe ? s_spiffe : use switch
        {
            ForeignUse.ClientAssertion => s_assertion,
            ForeignUse.Grant => s_grant,
            _ => s_subject,
        },
        ClientId = null,
        Audiences = use == ForeignUse.SpiffeAssertion ? [.. issuer.Audiences.Intersect(tenant.IssuerAudience)] : issuer.Audiences,
        AllowExtraAudiences = issuer.AllowsExtraAudiences && use != ForeignUse.SpiffeAssertion,
        MaxAge = claims.Id is null && issuer.MaxTokenAge > TrustedIssuer.LongestAgeWithoutId ? TrustedIssuer.LongestAgeWithoutId : issuer.MaxTokenAge,
        ClockSkew = issuer.ClockSkew ?? tenant.ClockSkew,
        RequireId = issuer.RequiresId,
    };

    /// <summary>A token that is bound to a key proves nothing about who sends it without that key (RFC 7800 §3).</summary>
    public static FailedCheck? Bound(JsonElement claims) => claims.TryGetProperty("cnf", out _)
        ? new FailedCheck("token-unbound", "the token is bound to a key (cnf), of which the request holds no proof", Hint: "have the platform issue a plain token for this audience")
        : null;

    /// <summary>Who the token is used up for: all of the tenant.</summary>
    public static DateTimeOffset UsableUntil(SignedAssertion token) => AssertionRules.UsableUntil(token.Claims);
}

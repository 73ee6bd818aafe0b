using System.CommandLine;
using Countersign.OAuth;

namespace Countersign.Cli.Commands;

/// <summary>What account and tenant are set to, by the names that <c>account update</c> and <c>tenant update</c> have for it.</summary>
internal sealed class InspectionSettings
{
    /// <summary>What a tenant allows unless it is set otherwise.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(10);

    private const string TokenEndpointToo = "issuer-or-token-endpoint";

    private readonly Option<string> _audience = new Option<string>("--assertion-audience")
    {
        Description = "As the account is set: whether aud may be the token endpoint too (with --server).",
        DefaultValueFactory = _ => "issuer",
        HelpName = "which",
    }.AcceptOnlyFromAmong("issuer", TokenEndpointToo);

    private readonly Option<bool> _requireJti = new("--require-jti")
    {
        Description = "As the account is set: whether a jti is needed.",
        DefaultValueFactory = _ => true,
        HelpName = "true|false",
    };

    private readonly Option<string> _maxAge = new("--assertion-max-age")
    {
        Description = "As the tenant is set: how far ahead it may expire.",
        DefaultValueFactory = _ => "10m",
        HelpName = "length",
    };

    private readonly Option<string> _skew = new("--clock-skew")
    {
        Description = "As the tenant is set: by how much clocks may differ.",
        DefaultValueFactory = _ => $"{(int)ClockSkew.TotalSeconds}s",
        HelpName = "length",
    };

    public IEnumerable<Option> Options => [_audience, _requireJti, _maxAge, _skew];

    /// <param name="call">The call.</param>
    /// <param name="clientId">Whose assertion it should be; the one that it names when null.</param>
    /// <param name="server">The server that it is for; any when null.</param>
    /// <param name="jws">The assertion.</param>
    /// <param name="claims">What it says.</param>
    public AssertionRules Rules(Call call, string? clientId, AuthorizationServer? server, CompactJws jws, JwtClaims claims)
    {
        var isGrant = jws.Type?.EndsWith("authorization-grant+jwt", StringComparison.OrdinalIgnoreCase) == true;

        return new AssertionRules
        {
            Types = isGrant ? AssertionRules.AuthorizationGrant : AssertionRules.ClientAuthentication,
            ClientId = clientId ?? claims.Subject ?? claims.Issuer ?? "the client id",
            Audiences = server is null ? [claims.Audience is [var only] ? only : "the server's issuer"]
                : call.Get(_audience) == TokenEndpointToo ? [server.Issuer, server.TokenEndpoint.OriginalString]
                : [server.Issuer],
            MaxAge = Times.Length(call.Get(_maxAge)!),
            ClockSkew = Times.Length(call.Get(_skew)!),
            RequireId = call.Get(_requireJti),
        };
    }
}

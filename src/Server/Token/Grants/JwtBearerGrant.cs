using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Token.Grants;

/// <summary>RFC 7523 §2.1: an assertion that the account, or an issuer which is trusted, has signed is the grant, and says who the client is.</summary>
internal sealed class JwtBearerGrant(ClientAuthentication clients, AssertionProof assertions, ForeignProof foreign)
{
    public const string Name = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    // R104: whoever holds such an assertion holds the token, so it does not live longer than an hour.
    private const int LongestLife = 3600;

    public async ValueTask<Result<ProvenClient>> ProveAsync(TokenRequest request, Exchange exchange, CancellationToken ct)
    {
        var assertion = request.Assertion!;
        ProvenClient? sender = null;

        // Authentication is not needed, since the assertion names the client; where both are sent, both must be good (R103).
        if (request.Credential is { } credential && !(await clients.AuthenticateAsync(credential, exchange, ct)).Is(out sender, out var error))
        {
            return error;
        }

        (exchange.ClientId, exchange.Method) = (assertion.ClientId, "jwt-bearer");
        var proof = assertion.Issuer is null
            ? assertions.ProveAsync(assertion, AssertionRules.AuthorizationGrant, OAuthError.InvalidGrant, exchange, ct)
            : foreign.ProveAsync(assertion, ForeignUse.Grant, OAuthError.InvalidGrant, exchange, ct);

        if (!(await proof).Is(out var proven, out error))
        {
            return error;
        }

        return sender is not null && sender.Account.Id != proven.Account.Id
            ? OAuthError.InvalidGrant(new FailedCheck(
                "assertion-client", "the assertion is another client's than the one that authenticated", proven.Account.ClientId, sender.Account.ClientId))
            : proven;
    }

    public static Result<TokenGrant> Decide(ProvenClient client, TokenRequest request, Exchange exchange)
    {
        var decision = ClientCredentialsGrant.Decide(client, request, exchange);

        return decision.Is(out var grant, out _) && grant.LifetimeSeconds > LongestLife ? grant with { LifetimeSeconds = LongestLife } : decision;
    }
}

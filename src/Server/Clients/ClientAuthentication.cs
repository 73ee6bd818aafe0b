using Countersign.OAuth;
using Countersign.Server.Audit;

namespace Countersign.Server.Clients;

/// <summary>Asks "is it you?", in the way that the request chose.</summary>
internal sealed class ClientAuthentication(SecretProof secrets, AssertionProof assertions, ForeignProof foreign)
{
    public ValueTask<Result<ProvenClient>> AuthenticateAsync(ClientCredential credential, Exchange exchange, CancellationToken ct)
    {
        (exchange.ClientId, exchange.Method) = (credential.ClientId, credential.Method);

        return credential switch
        {
            SecretCredential secret => secrets.ProveAsync(secret, exchange, ct),
            AssertionCredential { Assertion.Issuer: not null } token => foreign.ProveAsync(token.Assertion, token.Use, OAuthError.InvalidClient, exchange, ct),
            AssertionCredential assertion =>
                assertions.ProveAsync(assertion.Assertion, AssertionRules.ClientAuthentication, OAuthError.InvalidClient, exchange, ct),
            _ => throw new InvalidOperationException("a kind of credential that nothing proves"),
        };
    }
}

using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Tenants;

namespace Countersign.Server.Token.Grants;

/// <summary>An account that exchanges a token of its own: for one with fewer scopes, or for fewer APIs.</summary>
internal static class ExchangeOfOwn
{
    public static Result<TokenGrant> Decide(ExchangeParties parties, TokenRequest request, Exchange exchange)
    {
        var (subject, token) = (parties.Subject, parties.Subject.Own!);
        var audience = request.Resources.Length > 0 ? request.Resources : token.Audience;
        var apis = new List<ApiFacts>();

        foreach (var identifier in audience)
        {
            if (!token.Audience.AsSpan().Contains(identifier) || !exchange.Snapshot.ApisByIdentifier.TryGetValue(identifier, out var api))
            {
                return OAuthError.InvalidTarget(new FailedCheck(
                    "exchange-target", "the subject token is not for this API", identifier, string.Join(' ', token.Audience), "have the client ask for a new token for that API"));
            }

            apis.Add(api);
        }

        bool Allows(ApiFacts api, string scope) => subject.Holds(api, scope, exchange.Snapshot) && parties.Client.Allows(scope, api.IsAdmin);
        var scopes = request.Scopes.Length > 0 ? request.Scopes : [.. token.Scope.Split(' ').Where(s => ExchangeScopes.IsAllowed(s, apis, Allows))];

        return ExchangeScopes.Check(scopes, apis, Allows) is { } refusal
            ? refusal
            : ExchangeScopes.Grant(parties, apis, scopes, null, exchange);
    }
}

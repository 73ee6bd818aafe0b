using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Tenants;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Token.Grants;

/// <summary>What every exchange ends with: the scopes judged, and the token that they make.</summary>
internal static class ExchangeScopes
{
    /// <summary>Whether the scope is allowed in an API of the token, and in every one that has a scope of its name (R116).</summary>
    public static bool IsAllowed(string scope, List<ApiFacts> apis, Func<ApiFacts, string, bool> allows)
    {
        var holders = apis.FindAll(a => a.Scopes.Contains(scope));

        return holders.Count > 0 && holders.TrueForAll(a => allows(a, scope));
    }

    /// <summary>Why the scopes are not given; null when each is allowed.</summary>
    public static OAuthError? Check(string[] scopes, List<ApiFacts> apis, Func<ApiFacts, string, bool> allows)
    {
        if (scopes.Length == 0)
        {
            return OAuthError.InvalidScope("a scope is unknown or not granted", new FailedCheck(
                "exchange-scope", "nothing is left: no scope is in the subject's token, in what the subject holds and in the exchange rule", Hint: "compare the three"));
        }

        foreach (var scope in scopes)
        {
            if (!IsAllowed(scope, apis, allows))
            {
                return OAuthError.InvalidScope("a scope is unknown or not granted", new FailedCheck(
                    "exchange-scope", "the scope is not in the subject's token, in what the subject holds and in the exchange rule", scope, string.Join(' ', apis.SelectMany(a => a.Scopes.Where(s => allows(a, s))).Distinct()), "ask for less, or widen the narrowest of the three"));
            }
        }

        return null;
    }

    public static Result<TokenGrant> Grant(ExchangeParties parties, List<ApiFacts> apis, string[] scopes, ExchangeRule? rule, Exchange exchange)
    {
        var (client, subject) = (parties.Client, parties.Subject);
        var isImpersonation = rule is { Impersonation: true } && !parties.HasActorToken;

        // Who acts stands outermost; who acted before stays (R110).
        var act = rule is null || isImpersonation ? subject.Act : new Actor(client.Account.Id.ToString(), null, subject.Act);
        TokenOrigin[] via = [.. subject.Own?.Via ?? [], new TokenOrigin(client.Account.Id, client.CredentialId, subject.Own?.Id)];

        if (act?.Depth > Actor.MaxDepth || via.Length > Actor.MaxDepth)
        {
            return ExchangeRequest.Refuse("subject", new FailedCheck("act-depth", "the token went through too many hands", $"{via.Length} exchanges", $"at most {Actor.MaxDepth}"));
        }

        exchange.Passed("exchange-scope", string.Join(' ', scopes));
        var grant = ClientCredentialsGrant.Shape(client, exchange.Snapshot, [.. apis], scopes);
        var lifetime = Math.Min(grant.LifetimeSeconds, rule?.LifetimeSeconds ?? int.MaxValue);

        return grant with
        {
            LifetimeSeconds = subject.Foreign?.Shorten(lifetime) ?? lifetime,
            Exchanged = new ExchangedToken(subject.Account, subject.CredentialId, act, via, subject.ExpiresAt, subject.Own?.KeyThumbprint, isImpersonation),
        };
    }
}

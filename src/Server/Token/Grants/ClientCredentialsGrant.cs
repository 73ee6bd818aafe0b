using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Tenants;

namespace Countersign.Server.Token.Grants;

/// <summary>RFC 6749 §4.4: the client acts for itself, within what it was granted.</summary>
internal static class ClientCredentialsGrant
{
    public const string Name = "client_credentials";

    private const string NotGranted = "a scope is unknown or not granted";

    public static Result<TokenGrant> Decide(ProvenClient client, TokenRequest request, Exchange exchange)
    {
        var held = client.Account.EntitlementsIn(exchange.Snapshot);

        if (!Target(held, request, exchange).Is(out var apis, out var error))
        {
            return error;
        }

        if (!Scopes(held, apis, client, request).Is(out var scopes, out error))
        {
            return error;
        }

        exchange.Passed("scope-granted", scopes.Length == 1 ? scopes[0] : null);

        if (Mixed(held, apis, scopes) is { } mixed)
        {
            return mixed;
        }

        exchange.Passed("audience-unmixed");

        return Shape(client, exchange.Snapshot, apis, scopes);
    }

    /// <summary>The APIs that the token is for: those named (RFC 8707), else those that the scopes belong to.</summary>
    private static Result<ApiFacts[]> Target(Entitlements held, TokenRequest request, Exchange exchange)
    {
        if (request.Resources.Length > 0)
        {
            var named = new ApiFacts[request.Resources.Length];

            for (var i = 0; i < named.Length; i++)
            {
                if (!exchange.Snapshot.ApisByIdentifier.TryGetValue(request.Resources[i], out var api) || !held.Holds(api.Id))
                {
                    return OAuthError.InvalidTarget(new FailedCheck(
                        "resource-granted",
                        api is null ? "no API has this identifier" : "the account holds no grant of this API",
                        request.Resources[i],
                        "the identifier of an API that the account holds a grant of",
                        "grant the account scopes of this API, or correct the identifier in the request"));
                }

                named[i] = api;
            }

            exchange.Passed("resource-granted", request.Resources[0]);

            return named;
        }

        if (request.Scopes.Length == 0)
        {
            return held.Defaults.Select(d => d.Api).ToArray();
        }

        var apis = new List<ApiFacts>(1);

        foreach (var scope in request.Scopes)
        {
            var holders = held.ApisWith(scope);

            if (holders.Length == 0)
            {
                return OAuthError.InvalidScope(NotGranted, Missing(held, scope));
            }

            if (holders.Length > 1)
            {
                return OAuthError.InvalidScope(
                    "a scope belongs to several resources: name one with resource",
                    new FailedCheck("scope-unambiguous", "several APIs have this scope", scope, string.Join(", ", holders.Select(h => h.Identifier)), "have the client send resource"));
            }

            if (!apis.Contains(holders[0]))
            {
                apis.Add(holders[0]);
            }
        }

        return apis.ToArray();
    }

    private static Result<string[]> Scopes(Entitlements held, ApiFacts[] apis, ProvenClient client, TokenRequest request)
    {
        if (request.Scopes.Length == 0)
        {
            var defaults = apis.SelectMany(a => held.DefaultsOf(a.Id).Where(s => client.Allows(s, a.IsAdmin))).Distinct().ToArray();

            return defaults.Length > 0
                ? defaults
                : OAuthError.InvalidScope(
                    "no scope was asked for and the client has no default",
                    new FailedCheck(
                        "scope-asked", "the request names no scope and no default is configured", Expected: string.Join(' ', held.AllScopes.Order(StringComparer.Ordinal)), Hint: "have the client send scope, or give its grant default_scopes"));
        }

        foreach (var scope in request.Scopes)
        {
            if (!Array.Exists(apis, a => held.Holds(a.Id, scope)))
            {
                return OAuthError.InvalidScope(NotGranted, Missing(held, scope));
            }

            if (!Array.TrueForAll(apis, a => !held.Holds(a.Id, scope) || client.Allows(scope, a.IsAdmin)))
            {
                return OAuthError.InvalidScope(NotGranted, new FailedCheck(
                    "rule-scope", "the account holds the scope, but the rule that its token met does not allow it", scope, Hint: "add the scope to the trust rule; a token without jti never gets scopes that make credentials"));
            }
        }

        return request.Scopes;
    }

    /// <summary>A scope of one API must not be read as another's (R116), and a token for the admin API is for nothing else (R227).</summary>
    private static OAuthError? Mixed(Entitlements held, ApiFacts[] apis, string[] scopes)
    {
        if (apis.Length < 2)
        {
            return null;
        }

        if (Array.Exists(apis, a => a.IsAdmin))
        {
            return OAuthError.InvalidTarget(new FailedCheck(
                "audience-unmixed", "a token for the admin API is for no other API", Hint: "ask for two tokens"));
        }

        foreach (var api in apis)
        {
            foreach (var scope in scopes)
            {
                if (api.Scopes.Contains(scope) && !held.Holds(api.Id, scope))
                {
                    return OAuthError.InvalidTarget(new FailedCheck(
                        "audience-unmixed", "the scope is granted for one API and exists, ungranted, in another of the same token", scope, Hint: "ask for one token per API"));
                }
            }
        }

        return null;
    }

    /// <summary>The account's own settings come first, then the API's, then the tenant's; of several APIs, the shortest life and the first wish.</summary>
    public static TokenGrant Shape(ProvenClient client, TenantSnapshot tenant, ApiFacts[] apis, string[] scopes)
    {
        var account = client.Account;
        var format = account.Token.Format;
        var alg = account.Token.Alg;
        var lifetime = account.Token.LifetimeSeconds;
        var apiLifetime = int.MaxValue;

        foreach (var api in apis)
        {
            format ??= api.Token.Format;
            alg ??= api.Token.Alg;
            apiLifetime = Math.Min(apiLifetime, api.Token.LifetimeSeconds ?? int.MaxValue);
        }

        lifetime ??= apiLifetime == int.MaxValue ? tenant.Token.LifetimeSeconds : apiLifetime;

        return new TokenGrant(
            Array.ConvertAll(apis, a => a.Identifier),
            scopes.Length == 1 ? scopes[0] : string.Join(' ', scopes),
            (format ?? tenant.Token.Format) == "opaque",
            client.Shorten(lifetime!.Value),
            alg ?? tenant.Token.Alg!);
    }

    private static FailedCheck Missing(Entitlements held, string scope) => new(
        "scope-granted",
        "the scope is unknown, or the account does not hold it",
        scope,
        string.Join(' ', held.AllScopes.Order(StringComparer.Ordinal)),
        "grant the account this scope, or take it out of the request");
}

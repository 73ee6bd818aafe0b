using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Tenants;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Token.Grants;

/// <summary>A client that exchanges another's token: only by an exchange rule, which says for what (R107, R108, R114).</summary>
internal static class ExchangeByRule
{
    public static Result<TokenGrant> Decide(ExchangeParties parties, TokenRequest request, Exchange exchange)
    {
        var (client, subject, tenant) = (parties.Client, parties.Subject, exchange.Snapshot);
        var rules = Array.FindAll(tenant.Trust.ExchangesOf(client.Account.Id), r => r.Covers(subject.Account.Id));

        if (rules.Length == 0)
        {
            return ExchangeRequest.Refuse("subject", new FailedCheck(
                "exchange-rule", "no exchange rule lets the client exchange tokens of this subject", subject.Account.ClientId, $"a rule for the client {client.Account.ClientId}", "create one (countersign exchange-rule create)"));
        }

        if (!Target(rules, request, tenant).Is(out var apis, out var error))
        {
            return error;
        }

        // Of several rules, the one that allows all that is asked for; none is put together from two.
        OAuthError? refusal = null;

        foreach (var rule in rules)
        {
            // What the client came in by, where that is a trust rule, limits what it gets too.
            bool Allows(ApiFacts api, string scope) =>
                !api.IsAdmin && rule.Allows(api.Id, scope) && subject.Holds(api, scope, tenant) && client.Allows(scope, api.IsAdmin);
            var scopes = request.Scopes.Length > 0
                ? request.Scopes
                : [.. apis.SelectMany(a => a.Scopes).Distinct().Where(s => ExchangeScopes.IsAllowed(s, apis, Allows)).Order(StringComparer.Ordinal)];
            var refused = ExchangeScopes.Check(scopes, apis, Allows) ?? Bare(scopes, apis);

            if (refused is null)
            {
                exchange.Passed("exchange-rule", rule.Name);

                return ExchangeScopes.Grant(parties, apis, scopes, rule, exchange);
            }

            refusal ??= refused;
        }

        return refusal!;
    }

    /// <summary>An API that no scope of the token belongs to is not what the rule allows: it may be another rule's, or the subject may hold nothing of it.</summary>
    private static OAuthError? Bare(string[] scopes, List<ApiFacts> apis) => apis.Find(a => !Array.Exists(scopes, a.Scopes.Contains)) is { } bare
        ? OAuthError.InvalidTarget(new FailedCheck(
            "exchange-target", "none of the scopes is one of this API", bare.Identifier, string.Join(' ', bare.Scopes), "have the client ask for a scope of it, or for a token without it"))
        : null;

    private static Result<List<ApiFacts>> Target(ExchangeRule[] rules, TokenRequest request, TenantSnapshot tenant)
    {
        var listed = rules.SelectMany(r => r.Targets).Select(t => tenant.Apis.GetValueOrDefault(t.Api)).OfType<ApiFacts>().Where(a => !a.IsAdmin).Distinct().ToList();

        if (request.Resources.Length == 0)
        {
            return listed.Count == 1 ? listed : OAuthError.InvalidTarget(new FailedCheck(
                "exchange-target", "the request names no API, and the exchange rules do not list exactly one", Expected: string.Join(' ', listed.Select(a => a.Identifier)), Hint: "have the client send audience or resource"));
        }

        var apis = new List<ApiFacts>();

        foreach (var identifier in request.Resources)
        {
            if (listed.Find(a => a.Identifier == identifier) is not { } api)
            {
                return OAuthError.InvalidTarget(new FailedCheck(
                    "exchange-target", "the API is not on the client's list", identifier, string.Join(' ', listed.Select(a => a.Identifier)), "add it to the exchange rule, or correct the identifier in the request"));
            }

            apis.Add(api);
        }

        return apis;
    }
}

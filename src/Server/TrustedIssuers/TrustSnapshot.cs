using System.Collections.Frozen;
using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Whom a tenant trusts, and for what.</summary>
internal sealed class TrustSnapshot(IReadOnlyCollection<TrustedIssuer> issuers, IReadOnlyCollection<TrustRule> rules, IReadOnlyCollection<ExchangeRule> exchanges)
{
    private readonly FrozenDictionary<string, TrustedIssuer> _byIssuer = issuers.ToFrozenDictionary(i => i.Issuer, StringComparer.Ordinal);
    private readonly FrozenDictionary<Guid, TrustedIssuer> _issuers = issuers.ToFrozenDictionary(i => i.Id);
    private readonly FrozenDictionary<Guid, TrustRule> _rules = rules.ToFrozenDictionary(r => r.Id);
    private readonly FrozenDictionary<Guid, TrustRule[]> _byIssuerId = rules.GroupBy(r => r.IssuerId).ToFrozenDictionary(g => g.Key, g => g.OrderBy(r => r.Id).ToArray());
    private readonly FrozenDictionary<Guid, ExchangeRule[]> _byClient = exchanges.GroupBy(e => e.ClientId).ToFrozenDictionary(g => g.Key, g => g.OrderBy(e => e.Id).ToArray());

    public IEnumerable<TrustedIssuer> Issuers => _issuers.Values;

    public TrustedIssuer? Issuer(Guid id) => _issuers.GetValueOrDefault(id);

    public TrustRule? Rule(Guid id) => _rules.GetValueOrDefault(id);

    public TrustRule[] RulesOf(TrustedIssuer issuer) => _byIssuerId.GetValueOrDefault(issuer.Id) ?? [];

    public ExchangeRule[] ExchangesOf(Guid clientAccount) => _byClient.GetValueOrDefault(clientAccount) ?? [];

    /// <summary>Whose token it says that it is (R88): by its <c>iss</c>, letter by letter, else by the trust domain of a SPIFFE subject.</summary>
    public TrustedIssuer? Of(JwtClaims claims) =>
        claims.Issuer is { } issuer && _byIssuer.TryGetValue(issuer, out var found) && !found.IsSpiffe ? found : OfSpiffe(claims);

    /// <summary>By the trust domain of the subject alone: <c>iss</c> says nothing about a JWT-SVID's keys (R67).</summary>
    public TrustedIssuer? OfSpiffe(JwtClaims claims) =>
        SpiffeId.TrustDomain(claims.Subject) is { } domain && _byIssuer.TryGetValue(domain, out var found) && found.IsSpiffe ? found : null;

    /// <summary>Whether the rule is one that gets tokens for the account still.</summary>
    public bool Backs(Guid ruleId, Tenants.Account account) =>
        Rule(ruleId) is { } rule && (rule.AccountId == account.Id || (rule.Template is not null && account.MadeByRule == ruleId));
}

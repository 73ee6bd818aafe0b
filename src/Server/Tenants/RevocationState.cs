using System.Collections.Concurrent;
using Countersign.OAuth;
using Countersign.Server.Data;

namespace Countersign.Server.Tenants;

/// <summary>
/// What is no longer good, in memory: single tokens, and rules that end all tokens of an account, a credential or the tenant made up to a
/// moment. The strictest rule wins (R153).
/// </summary>
internal sealed class RevocationState
{
    private readonly ConcurrentDictionary<UInt128, DateTimeOffset> _tokens = new();
    private readonly ConcurrentDictionary<Guid, Rule> _accounts = new();
    private readonly ConcurrentDictionary<Guid, Rule> _credentials = new();
    private readonly ConcurrentDictionary<Guid, Rule> _tenant = new();

    public int Count => _tokens.Count + _accounts.Count + _credentials.Count + _tenant.Count;

    public bool Ends(AccessToken token)
    {
        if (_tokens.ContainsKey(token.Id.Random))
        {
            return true;
        }

        var made = token.Id.IssuedAtMilliseconds;

        // From the last exchange back to the first: the token ends with what each began from, and with who exchanged it (R112).
        for (var i = token.Via.Length - 1; i >= 0; i--)
        {
            var origin = token.Via[i];

            if (EndsAll(origin.AccountId, origin.CredentialId, made) || (origin.SubjectToken is { } id && _tokens.ContainsKey(id.Random)))
            {
                return true;
            }

            made = Math.Min(made, origin.SubjectToken?.IssuedAtMilliseconds ?? made);
        }

        return EndsAll(token.AccountId, token.CredentialId, made)
            || (!_tenant.IsEmpty && _tenant.TryGetValue(token.TenantId, out var rule) && made <= rule.IssuedBeforeMs);
    }

    public void Add(RevocationRow row)
    {
        switch (row.Scope)
        {
            case "token" when TokenId.TryParse(System.Text.Encoding.ASCII.GetBytes(row.Target), out var id):
                _tokens[id.Random] = row.ExpiresAt;
                break;
            case "account" when Guid.TryParse(row.Target, out var account):
                Tighten(_accounts, account, row);
                break;
            case "credential" when Guid.TryParse(row.Target, out var credential):
                Tighten(_credentials, credential, row);
                break;
            case "tenant":
                Tighten(_tenant, row.TenantId, row);
                break;
        }
    }

    /// <summary>Forgets what can concern no living token any more (R162).</summary>
    public void Trim(DateTimeOffset now)
    {
        foreach (var (id, expires) in _tokens)
        {
            if (expires <= now)
            {
                _tokens.TryRemove(id, out _);
            }
        }

        foreach (var rules in new[] { _accounts, _credentials, _tenant })
        {
            foreach (var (id, rule) in rules)
            {
                if (rule.ExpiresAt <= now)
                {
                    rules.TryRemove(new KeyValuePair<Guid, Rule>(id, rule));
                }
            }
        }
    }

    private bool EndsAll(Guid account, Guid credential, long made) =>
        (_accounts.TryGetValue(account, out var rule) && made <= rule.IssuedBeforeMs)
        || (_credentials.TryGetValue(credential, out rule) && made <= rule.IssuedBeforeMs);

    private static void Tighten(ConcurrentDictionary<Guid, Rule> rules, Guid id, RevocationRow row) => rules.AddOrUpdate(
        id,
        _ => new Rule(row.IssuedBeforeMs, row.ExpiresAt),
        (_, held) => new Rule(
            Math.Max(held.IssuedBeforeMs, row.IssuedBeforeMs), held.ExpiresAt > row.ExpiresAt ? held.ExpiresAt : row.ExpiresAt));

    private sealed record Rule(long IssuedBeforeMs, DateTimeOffset ExpiresAt);
}

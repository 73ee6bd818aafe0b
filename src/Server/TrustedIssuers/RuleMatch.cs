using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Conditions;

namespace Countersign.Server.TrustedIssuers;

/// <summary>
/// What the rules of an issuer make of a token: the rules that match, those that match and are only watched, and whom they name. All are tried;
/// they have no order.
/// </summary>
internal sealed class RuleMatch
{
    private RuleMatch()
    {
    }

    /// <summary>The rules that match and are in force.</summary>
    public required TrustRule[] Rules { get; init; }

    /// <summary>Those that match and are in report mode.</summary>
    public required TrustRule[] Reported { get; init; }

    /// <summary>Whom the rules name by a template; null where they name an account that is there.</summary>
    public NamedAccount? Named { get; private init; }

    public FailedCheck? Failed { get; private init; }

    /// <summary>Whether it failed for want of a rule, so that a new one would help.</summary>
    public bool IsUnmatched => Failed is not null && Rules.Length == 0;

    public static async ValueTask<RuleMatch> OfAsync(TrustedIssuer issuer, LoginFacts facts, Exchange exchange, TimeProvider time, CancellationToken ct)
    {
        var all = exchange.Snapshot.Trust.RulesOf(issuer);
        var matching = Array.FindAll(all, r => r.Inactive(exchange.Now) is null && r.Matches(facts, time));
        var (rules, reported) = (Array.FindAll(matching, r => !r.IsReportOnly), Array.FindAll(matching, r => r.IsReportOnly));

        if (rules.Length == 0)
        {
            return new RuleMatch { Rules = rules, Reported = reported, Failed = Unmatched(issuer, all, reported, facts, exchange, time) };
        }

        var first = rules[0];
        FailedCheck? failed = null;
        var named = first.Template?.Of(issuer.Id, facts.Claims, out failed);

        // Two that name different accounts: neither can be preferred without an order, so neither is.
        if (failed is null && Array.Find(rules, r => r.AccountId != first.AccountId || (r.Template is not null && r.Id != first.Id)) is { } other)
        {
            failed = new FailedCheck(
                "trust-rule-unambiguous",
                "two rules match and name different accounts",
                $"{first.Name} ({await TargetAsync(first, exchange, ct)}) and {other.Name} ({await TargetAsync(other, exchange, ct)})",
                "one account",
                "narrow the conditions of one of the two, or disable it");
        }

        return new RuleMatch { Rules = rules, Reported = reported, Named = named, Failed = failed };
    }

    private static async ValueTask<string> TargetAsync(TrustRule rule, Exchange exchange, CancellationToken ct) =>
        rule.AccountId is { } id ? $"account {(await exchange.Tenant.Accounts.FindAsync(id, ct))?.ClientId ?? id.ToString()}" : "accounts by its template";

    private static FailedCheck Unmatched(TrustedIssuer issuer, TrustRule[] all, TrustRule[] reported, LoginFacts facts, Exchange exchange, TimeProvider time)
    {
        const int Shown = 10;

        if (reported.Length > 0)
        {
            return new FailedCheck(
                "trust-rule", $"only rules in report mode match: {string.Join(", ", reported.Select(r => r.Name))}", issuer.Name, "a rule in mode enforce", "set the rule's mode to enforce");
        }

        var misses = all.Take(Shown).Select(r => $"{r.Name}: {r.Inactive(exchange.Now) ?? r.Mismatch(facts, time) ?? "matches only now and then"}");
        var more = all.Length > Shown ? $"; and {all.Length - Shown} more" : "";

        return new FailedCheck(
            "trust-rule",
            all.Length == 0 ? $"the issuer {issuer.Name} has no rules" : $"no rule of the issuer {issuer.Name} matches: {string.Join("; ", misses)}{more}",
            null,
            "a rule whose conditions the claims meet",
            "create the proposed rule (countersign explain --jwt - --propose), or correct the conditions");
    }
}

using System.Text.Json;
using Countersign.Server.Audit;
using Countersign.Server.Conditions;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Explanations;

/// <summary>Each rule of an issuer, and what each of its conditions comes to.</summary>
internal static class RuleReport
{
    private const int MostSteps = 100;

    public static async Task<IReadOnlyList<RuleReportView>> OfAsync(
        TrustedIssuer issuer, LoginFacts facts, Exchange exchange, TimeProvider time, CancellationToken ct)
    {
        var reports = new List<RuleReportView>();

        foreach (var rule in exchange.Snapshot.Trust.RulesOf(issuer))
        {
            var account = rule.AccountId is { } id ? await exchange.Tenant.Accounts.FindAsync(id, ct) : null;

            reports.Add(new RuleReportView(
                rule.Id,
                rule.Name,
                rule.IsReportOnly ? TrustRule.Report : TrustRule.Enforce,
                rule.Inactive(exchange.Now) ?? "active",
                rule.Matches(facts, time),
                account?.ClientId,
                [.. rule.Conditions.Select(c => c.Explain(facts.Claims)).Select(r => new ConditionView(r.Claim, r.Operator, JsonElement.Parse(r.Expected), r.Got, r.Passed, r.Detail))],
                Expression(rule.Cel, facts, time)));
        }

        return reports;
    }

    private static ExpressionView? Expression(LoginCondition? cel, LoginFacts facts, TimeProvider time)
    {
        if (cel is null)
        {
            return null;
        }

        var trace = cel.Trace(facts, time);

        return new ExpressionView(
            cel.Text, trace.Outcome.ToString(), trace.Outcome.IsTrue, [.. trace.Steps.Take(MostSteps).Select(s => new StepView(s.Text, s.Value))]);
    }
}

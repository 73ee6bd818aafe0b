using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

internal sealed record LintFinding(string Code, string Message, bool IsFatal);

internal static class RuleLint
{
    internal static IReadOnlyList<LintFinding> Findings(string kind, bool requireImmutableIds, ClaimCondition[] conditions) =>
        conditions.Length == 0 ? [new LintFinding("no-condition", kind + requireImmutableIds, true)] : [];
}

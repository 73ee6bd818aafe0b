using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <param name="Code">What it is called where it is allowed.</param>
/// <param name="Message">What is wrong, and what to do.</param>
/// <param name="IsFatal">Whether it cannot be allowed.</param>
internal sealed record LintFinding(string Code, string Message, bool IsFatal = false);

/// <summary>Looks for what lets more tokens pass than somebody had in mind. It reads conditions alone: an expression in CEL only narrows (R200, R205).</summary>
internal static class RuleLint
{
    public const string NoCondition = "no-condition";
    public const string NoOwner = "no-owner";
    public const string OpenPrefix = "open-prefix";
    public const string DeepWildcard = "deep-wildcard";
    public const string PullRequest = "pull-request";
    public const string MutableNames = "mutable-names";

    /// <summary>What can be meant so, and is allowed by name.</summary>
    public static readonly string[] Allowable = [NoOwner, OpenPrefix, DeepWildcard, PullRequest, MutableNames];

    public static IReadOnlyList<LintFinding> Findings(string kind, bool requireImmutableIds, ClaimCondition[] conditions)
    {
        if (conditions.Length == 0)
        {
            return [new LintFinding(NoCondition, "The rule has no condition, and would take every token of the issuer: say which are meant.", IsFatal: true)];
        }

        var habits = PlatformHabits.Of(kind);
        var findings = new List<LintFinding>();
        var byId = Array.Exists(conditions, c => habits.PinsId(c));

        // Beside an id that says whose token it is, a wide pattern takes nobody else's.
        if (!byId)
        {
            findings.AddRange(conditions.Where(c => c.Path.CanMean("sub") && c.Operator == "glob" && c.Texts[0].Contains("**", StringComparison.Ordinal)).Take(1).Select(_ => new LintFinding(
                DeepWildcard, "In the pattern of sub, ** crosses slashes and colons, from one owner to the next: write each segment, with * within it.")));
            findings.AddRange(conditions.Where(habits.IsOpen).Take(1).Select(c => new LintFinding(
                OpenPrefix, $"What {c.Claim} must begin with ends within a name, and another's name can begin so too: end it with the separator that closes the name.")));

            if (habits.Owner is { } owner && !Array.Exists(conditions, habits.PinsOwner))
            {
                findings.Add(new LintFinding(NoOwner, $"Nothing says whose token it is, and anybody can have one of this issuer: add {owner}."));
            }
            else if (habits.Ids is { } ids)
            {
                findings.Add(new LintFinding(
                    MutableNames, $"The rule goes by names alone, which can be given up and taken by another: add {ids}, which cannot.", IsFatal: requireImmutableIds));
            }
        }

        if (habits.Unreviewed is { } unreviewed && !Array.Exists(conditions, habits.IsReviewed))
        {
            findings.Add(new LintFinding(PullRequest, $"The rule can match a run of code that nobody has accepted yet: add {unreviewed}."));
        }

        return findings;
    }
}

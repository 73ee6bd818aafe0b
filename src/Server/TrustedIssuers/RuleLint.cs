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
        if (Array.TrueForAll(conditions, PlatformHabits.SaysNothing))
        {
            return [new LintFinding(NoCondition, "The rule has no condition on whose token it is, and would take every token of the issuer: say which are meant.", IsFatal: true)];
        }

        var habits = PlatformHabits.Of(kind);
        var findings = new List<LintFinding>();
        var byId = Array.Exists(conditions, habits.PinsId);

        // Beside an id that says whose token it is, a wide pattern takes nobody else's.
        var alone = conditions.Where(c => !Array.Exists(conditions, other => other != c && habits.PinsId(other))).ToArray();

        if (Array.Exists(alone, IsDeep))
        {
            findings.Add(new LintFinding(
                DeepWildcard, "In the pattern of sub, ** crosses slashes and colons, from one owner to the next: write each segment, with * within it."));
        }

        if (Array.Find(alone, habits.IsOpen) is { } open)
        {
            findings.Add(new LintFinding(
                OpenPrefix, $"What {open.Claim} must be leaves a name open, and another's name can fit too: write the name whole, with the separator that closes it."));
        }

        var isOwned = byId || habits.Owner is null || Array.Exists(conditions, habits.PinsOwner);

        if (!isOwned)
        {
            findings.Add(new LintFinding(NoOwner, $"Nothing says whose token it is, and anybody can have one of this issuer: add {habits.Owner}."));
        }

        // Where nothing says whose it is, that is the worse fault; but allowing it does not make up for the ids (R205).
        if (!byId && habits.Ids is { } ids && (isOwned || requireImmutableIds))
        {
            findings.Add(new LintFinding(
                MutableNames, $"The rule goes by names alone, which can be given up and taken by another: add {ids}, which cannot.", IsFatal: requireImmutableIds));
        }

        if (Array.Exists(conditions, habits.NamesUnreviewed))
        {
            findings.Add(new LintFinding(PullRequest, "The rule names runs of pull or merge requests, whose code nobody has accepted yet: take them out."));
        }
        else if (habits.Unreviewed is { } unreviewed && !Array.Exists(conditions, habits.IsReviewed))
        {
            findings.Add(new LintFinding(PullRequest, $"The rule can match a run of code that nobody has accepted yet: add {unreviewed}."));
        }

        return findings;
    }

    private static bool IsDeep(ClaimCondition condition) => condition.Operator == "glob" && condition.Path.CanMean("sub") && condition.Texts[0].Contains("**", StringComparison.Ordinal);
}

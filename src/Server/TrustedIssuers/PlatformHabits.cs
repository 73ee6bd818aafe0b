using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>How the tokens of a platform say whose they are, as far as a linter must know it. Every text of a condition must say it, or the condition does not.</summary>
internal abstract class PlatformHabits
{
    /// <summary>What names the owner, for people; null where nothing is known of that.</summary>
    public virtual string? Owner => null;

    /// <summary>The ids that are never given again, for people; null where the platform has none.</summary>
    public virtual string? Ids => null;

    /// <summary>What tells reviewed code from other, for people; null where there is no such thing.</summary>
    public virtual string? Unreviewed => null;

    public static PlatformHabits Of(string kind) => kind switch
    {
        IssuerKind.GitHub => new GitHubHabits(),
        IssuerKind.GitLab => new GitLabHabits(),
        IssuerKind.Kubernetes => new KubernetesHabits(),
        IssuerKind.Spiffe => new SpiffeHabits(),
        _ => new GenericHabits(),
    };

    /// <summary>Whether the condition names an id that is never given again.</summary>
    public virtual bool PinsId(ClaimCondition condition) => false;

    /// <summary>Whether the condition says whose token it is.</summary>
    public virtual bool PinsOwner(ClaimCondition condition) => false;

    /// <summary>Whether the condition is a beginning that ends within the name of an owner.</summary>
    public abstract bool IsOpen(ClaimCondition condition);

    /// <summary>Whether the condition lets no run of unreviewed code pass.</summary>
    public virtual bool IsReviewed(ClaimCondition condition) => false;

    /// <summary>Whether the condition names runs of unreviewed code, whatever stands beside it.</summary>
    public virtual bool NamesUnreviewed(ClaimCondition condition) => false;

    /// <summary>Whether the claim says nothing of whose token it is: it is the same in all tokens of the issuer, or in no two.</summary>
    public static bool SaysNothing(ClaimCondition condition) => IsOn(condition, "iss", "exp", "iat", "nbf", "jti");

    /// <summary>Whether the claim must be one of the texts that are written there.</summary>
    protected static bool IsPinned(ClaimCondition condition) => IsExact(condition) && condition.Texts.Count > 0;

    protected static bool IsPinned(ClaimCondition condition, params ReadOnlySpan<string> names) => IsPinned(condition) && IsOn(condition, names);

    protected static bool IsExact(ClaimCondition condition) => condition.Operator is "equals" or "any_of";

    protected static bool IsOn(ClaimCondition condition, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (condition.Path.CanMean(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What is certain of the beginning of the claim, for each text: all of it, or what stands before the first star.</summary>
    protected static IEnumerable<string> Beginnings(ClaimCondition condition) =>
        condition.Operator == "glob" ? condition.Texts.Select(t => t.Contains('*', StringComparison.Ordinal) ? t[..t.IndexOf('*', StringComparison.Ordinal)] : t) : condition.Texts;

    protected static bool All(ClaimCondition condition, Func<string, bool> says) => condition.Operator != "contains" && condition.Texts.Count > 0 && Beginnings(condition).All(says);

    protected static bool AnySays(ClaimCondition condition, Func<string, bool> says) => IsExact(condition) && condition.Texts.Any(says);

    /// <summary>Whether more can follow what the condition says.</summary>
    protected static bool IsWide(ClaimCondition condition) =>
        condition.Operator == "prefix" || (condition.Operator == "glob" && condition.Texts[0].Contains('*', StringComparison.Ordinal));

    /// <summary>Whether there is a first segment after the beginning, closed by its separator.</summary>
    protected static bool HasSegment(string text, string beginning, char separator) =>
        text.StartsWith(beginning, StringComparison.Ordinal) && text.IndexOf(separator, beginning.Length) > beginning.Length;

    /// <summary>
    /// Whether a name is left open: that of the owner, or, by a prefix that stops in it, what comes after that. A star behind the owner was put there
    /// on purpose.
    /// </summary>
    protected static bool LeavesNameOpen(ClaimCondition condition, string beginning, char separator, char end = '\0') =>
        IsWide(condition) && (!All(condition, t => HasSegment(t, beginning, separator)) || (condition.Operator == "prefix" && StopsInName(condition.Texts[0], beginning, separator, end)));

    /// <summary>Whether the text is in each of the condition's texts, stars included: a value that matches holds it too.</summary>
    protected static bool AllHold(ClaimCondition condition, params ReadOnlySpan<string> parts)
    {
        foreach (var text in condition.Texts)
        {
            var holds = false;

            foreach (var part in parts)
            {
                holds |= text.Contains(part, StringComparison.Ordinal);
            }

            if (!holds)
            {
                return false;
            }
        }

        return condition.Operator != "contains" && condition.Texts.Count > 0;
    }

    private static bool StopsInName(string text, string beginning, char separator, char end)
    {
        var rest = text[(text.IndexOf(separator, beginning.Length) + 1)..];

        return rest.Length > 0 && rest[^1] != separator && !rest.Contains(end, StringComparison.Ordinal);
    }
}

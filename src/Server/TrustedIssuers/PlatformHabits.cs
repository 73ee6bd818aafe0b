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

    /// <summary>Whether the claim must be one of the values that are written there.</summary>
    protected static bool IsPinned(ClaimCondition condition, params ReadOnlySpan<string> names) =>
        IsExact(condition) && IsOn(condition, names) && condition.Texts.Count > 0;

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

    /// <summary>Whether more can follow what the condition says.</summary>
    protected static bool IsWide(ClaimCondition condition) =>
        condition.Operator == "prefix" || (condition.Operator == "glob" && condition.Texts[0].Contains('*', StringComparison.Ordinal));

    /// <summary>Whether there is a first segment after the beginning, closed by its separator.</summary>
    protected static bool HasSegment(string text, string beginning, char separator) =>
        text.StartsWith(beginning, StringComparison.Ordinal) && text.IndexOf(separator, beginning.Length) > beginning.Length;

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
}

internal sealed class GenericHabits : PlatformHabits
{
    // Where names end is not known; within a word is not the end of one.
    public override bool IsOpen(ClaimCondition condition) => IsOn(condition, "sub") && condition.Operator == "prefix" && char.IsAsciiLetterOrDigit(condition.Texts[0][^1]);
}

internal sealed class SpiffeHabits : PlatformHabits
{
    public override string Owner => "a path of sub, as in spiffe://trust-domain/ns/shop/sa/exporter";

    public override bool PinsOwner(ClaimCondition condition) => IsOn(condition, "sub") && All(condition, HasPath);

    public override bool IsOpen(ClaimCondition condition) => IsOn(condition, "sub") && IsWide(condition) && !All(condition, t => t.EndsWith('/'));

    private static bool HasPath(string id) => id.StartsWith("spiffe://", StringComparison.Ordinal) && id.IndexOf('/', 9) is > 9 and var at && at < id.Length - 1;
}

internal sealed class KubernetesHabits : PlatformHabits
{
    private const string Subject = "system:serviceaccount:";

    public override string Owner => "kubernetes.io.namespace, or a sub that begins with system:serviceaccount:NAMESPACE:";

    public override string Ids => "/kubernetes.io/serviceaccount/uid";

    public override bool PinsId(ClaimCondition condition) => IsExact(condition) && condition.Path.CanMean("kubernetes.io", "serviceaccount", "uid");

    public override bool PinsOwner(ClaimCondition condition) =>
        (IsExact(condition) && IsOfNamespace(condition)) || (IsOn(condition, "sub") && All(condition, t => HasSegment(t, Subject, ':')));

    public override bool IsOpen(ClaimCondition condition) =>
        IsWide(condition) && (IsOfNamespace(condition) || (IsOn(condition, "sub") && !All(condition, t => HasSegment(t, Subject, ':'))));

    private static bool IsOfNamespace(ClaimCondition condition) => condition.Path.CanMean("kubernetes.io", "namespace");
}

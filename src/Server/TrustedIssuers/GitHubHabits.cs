using System.Text.RegularExpressions;
using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>
/// GitHub Actions: <c>sub</c> is <c>repo:OWNER/REPO:…</c>, and <c>repo:OWNER@ID/REPO@ID:…</c> for repositories made or renamed since July 2026. A pull request's ends
/// with <c>:pull_request</c> and its ref begins with <c>refs/pull/</c>.
/// </summary>
internal sealed partial class GitHubHabits : PlatformHabits
{
    private const string Subject = "repo:";

    public override string Owner => "repository_id and repository_owner_id";

    public override string Ids => Owner;

    public override string Unreviewed => "ref, environment or event_name";

    public override bool PinsId(ClaimCondition condition) =>
        IsPinned(condition, "repository_id", "repository_owner_id") || (IsOn(condition, "sub") && All(condition, t => OwnerWithId().IsMatch(t)));

    public override bool PinsOwner(ClaimCondition condition) =>
        IsPinned(condition, "repository", "repository_owner")
        || (IsOn(condition, "repository", "workflow_ref") && All(condition, t => HasSegment(t, "", '/')))
        || (IsOn(condition, "sub") && All(condition, t => HasSegment(t, Subject, '/')));

    public override bool IsOpen(ClaimCondition condition) =>
        (IsWide(condition) && IsOn(condition, "repository_id", "repository_owner_id", "repository_owner"))
        || (IsOn(condition, "repository") && LeavesNameOpen(condition, "", '/'))
        || (IsOn(condition, "workflow_ref") && LeavesNameOpen(condition, "", '/', '/'))
        || (IsOn(condition, "sub") && LeavesNameOpen(condition, Subject, '/', ':'));

    // A pull request's ref and that of its workflow are refs/pull/N/merge; no name of a branch, a workflow or an environment holds a colon as such.
    public override bool IsReviewed(ClaimCondition condition) =>
        (IsPinned(condition, "event_name") && condition.Texts.All(t => !IsPullRequest(t)))
        || IsPinned(condition, "environment")
        || (IsPinned(condition, "ref_type") && condition.Texts.All(t => t == "tag"))
        || (IsOn(condition, "ref") && All(condition, t => t.StartsWith("refs/heads/", StringComparison.Ordinal) || t.StartsWith("refs/tags/", StringComparison.Ordinal)))
        || (IsOn(condition, "workflow_ref") && AllHold(condition, "@refs/heads/", "@refs/tags/"))
        || (IsOn(condition, "sub") && AllHold(condition, ":ref:refs/heads/", ":ref:refs/tags/", ":environment:"));

    public override bool NamesUnreviewed(ClaimCondition condition) =>
        (IsOn(condition, "event_name") && AnySays(condition, IsPullRequest))
        || (IsOn(condition, "sub") && AnySays(condition, t => t.EndsWith(":pull_request", StringComparison.Ordinal) && !t.Contains(":environment:", StringComparison.Ordinal)));

    // And pull_request_target, pull_request_review and so on.
    private static bool IsPullRequest(string eventName) => eventName.StartsWith("pull_request", StringComparison.Ordinal);

    [GeneratedRegex("^repo:[^/@*]+@[0-9]+/", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex OwnerWithId();
}

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

    public override string Unreviewed => "ref, environment or event_name, or --allow pull-request where that is meant";

    public override bool PinsId(ClaimCondition condition) =>
        IsPinned(condition, "repository_id", "repository_owner_id") || (IsOn(condition, "sub") && All(condition, t => OwnerWithId().IsMatch(t)));

    public override bool PinsOwner(ClaimCondition condition) =>
        IsPinned(condition, "repository", "repository_owner")
        || (IsOn(condition, "repository", "workflow_ref") && All(condition, t => HasSegment(t, "", '/')))
        || (IsOn(condition, "sub") && All(condition, t => HasSegment(t, Subject, '/')));

    public override bool IsOpen(ClaimCondition condition) => IsWide(condition) && (
        IsOn(condition, "repository_id", "repository_owner_id", "repository_owner")
        || (IsOn(condition, "repository", "workflow_ref") && !All(condition, t => HasSegment(t, "", '/')))
        || (IsOn(condition, "sub") && !All(condition, t => HasSegment(t, Subject, '/'))));

    public override bool IsReviewed(ClaimCondition condition) =>
        (IsPinned(condition, "event_name") && condition.Texts.All(t => !t.StartsWith("pull_request", StringComparison.Ordinal)))
        || IsPinned(condition, "environment")
        || (IsOn(condition, "ref") && All(condition, t => t.StartsWith("refs/heads/", StringComparison.Ordinal) || t.StartsWith("refs/tags/", StringComparison.Ordinal)))
        || (IsOn(condition, "sub") && (AllHold(condition, ":ref:refs/heads/", ":ref:refs/tags/", ":environment:") || (IsExact(condition) && condition.Texts.All(t => !t.EndsWith(":pull_request", StringComparison.Ordinal)))));

    [GeneratedRegex("^repo:[^/@*]+@[0-9]+/", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex OwnerWithId();
}

using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>GitLab CI: <c>sub</c> is <c>project_path:GROUP/PROJECT:ref_type:branch:ref:main</c>; a pipeline of a merge request has the source <c>merge_request_event</c>.</summary>
internal sealed class GitLabHabits : PlatformHabits
{
    private const string Subject = "project_path:";

    public override string Owner => "project_id or namespace_id";

    public override string Ids => Owner;

    public override string Unreviewed => "ref_path, ref_protected, environment or pipeline_source, or --allow pull-request where that is meant";

    public override bool PinsId(ClaimCondition condition) => IsPinned(condition, "project_id", "namespace_id");

    public override bool PinsOwner(ClaimCondition condition) =>
        IsPinned(condition, "project_path", "namespace_path")
        || (IsOn(condition, "project_path", "namespace_path") && All(condition, t => HasSegment(t, "", '/')))
        || (IsOn(condition, "sub") && All(condition, t => HasSegment(t, Subject, '/')));

    public override bool IsOpen(ClaimCondition condition) => IsWide(condition) && (
        IsOn(condition, "project_id", "namespace_id")
        || (IsOn(condition, "project_path", "namespace_path") && !All(condition, t => HasSegment(t, "", '/')))
        || (IsOn(condition, "sub") && !All(condition, t => HasSegment(t, Subject, '/'))));

    public override bool IsReviewed(ClaimCondition condition) =>
        (IsPinned(condition, "pipeline_source") && condition.Texts.All(t => t is not ("merge_request_event" or "external_pull_request_event")))
        || (IsPinned(condition, "ref_protected") && condition.Texts.All(t => t == "true"))
        || IsPinned(condition, "environment", "ref")
        || (IsOn(condition, "ref_path") && All(condition, t => t.StartsWith("refs/heads/", StringComparison.Ordinal) || t.StartsWith("refs/tags/", StringComparison.Ordinal)))
        || (IsPinned(condition, "sub") && AllHold(condition, ":ref:"));
}

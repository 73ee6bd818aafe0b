using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>GitLab CI: <c>sub</c> is <c>project_path:GROUP/PROJECT:ref_type:branch:ref:main</c>; a pipeline of a merge request has the source <c>merge_request_event</c>.</summary>
internal sealed class GitLabHabits : PlatformHabits
{
    private const string Subject = "project_path:";

    public override string Owner => "project_id or namespace_id";

    public override string Ids => Owner;

    public override string Unreviewed => "pipeline_source, ref_protected, environment or a whole ref_path";

    public override bool PinsId(ClaimCondition condition) => IsPinned(condition, "project_id", "namespace_id");

    public override bool PinsOwner(ClaimCondition condition) =>
        IsPinned(condition, "project_path", "namespace_path")
        || (IsOn(condition, "project_path", "namespace_path") && All(condition, t => HasSegment(t, "", '/')))
        || (IsOn(condition, "sub") && All(condition, t => HasSegment(t, Subject, '/')));

    public override bool IsOpen(ClaimCondition condition) =>
        (IsWide(condition) && IsOn(condition, "project_id", "namespace_id"))
        || (IsOn(condition, "project_path", "namespace_path") && LeavesNameOpen(condition, "", '/'))
        || (IsOn(condition, "sub") && LeavesNameOpen(condition, Subject, '/', ':'));

    // The ref of a merge request is that of its source branch, so a pattern of branches takes merge requests in.
    public override bool IsReviewed(ClaimCondition condition) =>
        (IsPinned(condition, "pipeline_source") && condition.Texts.All(t => !IsMergeRequest(t) && t != "parent_pipeline"))
        || (IsPinned(condition, "ref_protected") && condition.Texts.All(t => t == "true"))
        || (IsPinned(condition, "ref_type") && condition.Texts.All(t => t == "tag"))
        || IsPinned(condition, "environment", "ref", "ref_path")
        || (IsOn(condition, "ref_path") && All(condition, t => t.StartsWith("refs/tags/", StringComparison.Ordinal)))
        || (IsOn(condition, "sub") && (AllHold(condition, ":ref_type:tag:") || (condition.Operator != "prefix" && AllHold(condition, ":ref:") && condition.Texts.All(EndsWithRef))));

    public override bool NamesUnreviewed(ClaimCondition condition) => IsOn(condition, "pipeline_source") && AnySays(condition, IsMergeRequest);

    private static bool IsMergeRequest(string source) => source is "merge_request_event" or "external_pull_request_event";

    private static bool EndsWithRef(string subject) => !subject[subject.LastIndexOf(":ref:", StringComparison.Ordinal)..].Contains('*', StringComparison.Ordinal);
}

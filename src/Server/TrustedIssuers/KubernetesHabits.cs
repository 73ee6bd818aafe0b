using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Kubernetes: <c>sub</c> is <c>system:serviceaccount:NAMESPACE:NAME</c>; a service account that is made again has another uid.</summary>
internal sealed class KubernetesHabits : PlatformHabits
{
    private const string Subject = "system:serviceaccount:";

    public override string Owner => "kubernetes.io.namespace, or a sub that begins with system:serviceaccount:NAMESPACE:";

    public override string Ids => "/kubernetes.io/serviceaccount/uid";

    public override bool PinsId(ClaimCondition condition) => IsPinned(condition) && condition.Path.CanMean("kubernetes.io", "serviceaccount", "uid");

    public override bool PinsOwner(ClaimCondition condition) =>
        (IsPinned(condition) && IsOfNamespace(condition)) || (IsOn(condition, "sub") && All(condition, t => HasSegment(t, Subject, ':')));

    public override bool IsOpen(ClaimCondition condition) =>
        (IsWide(condition) && IsOfNamespace(condition)) || (IsOn(condition, "sub") && LeavesNameOpen(condition, Subject, ':'));

    private static bool IsOfNamespace(ClaimCondition condition) => condition.Path.CanMean("kubernetes.io", "namespace");
}

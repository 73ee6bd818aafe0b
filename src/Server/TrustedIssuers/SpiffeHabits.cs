using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>SPIFFE: <c>sub</c> is <c>spiffe://TRUST-DOMAIN/PATH</c>, and where the workloads are of Kubernetes the path is mostly <c>/ns/NAMESPACE/sa/NAME</c>.</summary>
internal sealed class SpiffeHabits : PlatformHabits
{
    private const string Scheme = "spiffe://";

    public override string Owner => "a path of sub, as in spiffe://trust-domain/ns/shop/sa/exporter";

    public override bool PinsOwner(ClaimCondition condition) => IsOn(condition, "sub") && All(condition, HasPath);

    public override bool IsOpen(ClaimCondition condition) => IsOn(condition, "sub") && IsWide(condition) && !All(condition, t => t.EndsWith('/'));

    private static bool HasPath(string id) =>
        HasSegment(id, Scheme, '/') && id[id.IndexOf('/', Scheme.Length)..] is not ("/" or "/n" or "/ns" or "/ns/");
}

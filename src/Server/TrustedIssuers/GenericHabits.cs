using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Any other issuer: whose token it is can be said by every claim, though not by yes or no, nor by whom it is for.</summary>
internal sealed class GenericHabits : PlatformHabits
{
    public override string Owner => "sub, azp or whatever names the workload";

    public override bool PinsOwner(ClaimCondition condition) => !condition.IsOfFlags && !SaysNothing(condition) && !IsOn(condition, "aud");

    // Where names end is not known; within a word is not the end of one.
    public override bool IsOpen(ClaimCondition condition) =>
        IsOn(condition, "sub") && IsWide(condition) && !All(condition, t => t.Length > 0 && !char.IsAsciiLetterOrDigit(t[^1]));
}

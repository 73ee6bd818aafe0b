using Countersign.OAuth;

namespace Countersign.Server.Clients;

/// <summary>What came of looking at a signed token, before it is used: who is proven, or why nobody is.</summary>
/// <param name="Client">Who.</param>
/// <param name="Failed">The first check that failed.</param>
/// <param name="IsUnavailable">Whether nothing can be said now, because the keys cannot be had.</param>
internal readonly record struct Examined(ProvenClient? Client, FailedCheck? Failed, bool IsUnavailable = false)
{
    public static implicit operator Examined(FailedCheck failed) => new(null, failed);
}

using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Conditions;
using Countersign.Server.Tenants;

namespace Countersign.Server.Clients;

/// <summary>An account's own condition on its logins, by whatever credential.</summary>
internal static class AccessPolicy
{
    /// <param name="facts">What a token that was sent says; null for a secret.</param>
    public static FailedCheck? Fault(Account account, LoginFacts? facts, Exchange exchange, TimeProvider time)
    {
        if (account.AccessPolicy is not { } policy)
        {
            return null;
        }

        var outcome = policy.Evaluate(facts ?? new LoginFacts(null, null, "", exchange.Asked), time);

        if (!outcome.IsTrue)
        {
            return new FailedCheck(
                "access-policy", "the account's access policy does not let this login pass", $"it came to {outcome}", policy.Text, "see what its parts came to: countersign explain");
        }

        exchange.Passed("access-policy");

        return null;
    }
}

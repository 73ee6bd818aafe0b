using Countersign.Server.Admin;
using Countersign.Server.Conditions;
using Countersign.Server.Data;

namespace Countersign.Server.ServiceAccounts;

/// <summary>A condition in CEL that each login of an account must meet, whatever the credential, and the tests that it must pass to be saved.</summary>
internal sealed record AccessPolicyBody(string Cel, ConditionTest[]? Tests = null)
{
    public static AccessPolicyBody? Of(ServiceAccountRow row) => row.AccessPolicy is null ? null : new AccessPolicyBody(row.AccessPolicy, ConditionTest.Read(row.AccessPolicyTests));

    /// <summary>What is wrong with it, or null.</summary>
    public Refusal? Fault(string clientId, TimeProvider time)
    {
        if (!LoginCondition.TryCompile(Cel, out var policy, out var fault))
        {
            return Refusal.Invalid("access_policy", $"does not compile: {fault}");
        }

        var failed = ConditionTest.Fault(
            Tests ?? [],
            t => t.Allows,
            facts => policy.Evaluate(facts, time) is var outcome && outcome.IsTrue ? (true, "the expression came to true") : (false, $"the expression came to {outcome}"),
            clientId,
            time.GetUtcNow());

        return failed is null ? null : Refusal.Invalid("access_policy", $"has tests that do not hold: {failed}");
    }

    public static void Apply(AccessPolicyBody? policy, ServiceAccountRow row) =>
        (row.AccessPolicy, row.AccessPolicyTests) = policy is null ? (null, null) : (policy.Cel, ConditionTest.Write(policy.Tests ?? []));
}

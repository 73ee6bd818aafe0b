using System.Text.Json;
using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

internal static class RuleProposal
{
    public static ClaimCondition[] Of(string kind, JsonElement claims) => [];
}

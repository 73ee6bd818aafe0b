using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Data;

namespace Countersign.Server.ServiceAccounts;

/// <summary>How an account's assertions are judged beyond what the tenant sets for all.</summary>
internal sealed record AssertionSettingsPatch
{
    /// <summary>issuer, or issuer-or-token-endpoint for a client that can name nothing else (R53).</summary>
    public Patch<string> Audience { get; init; }

    /// <summary>The one algorithm taken (token_endpoint_auth_signing_alg); null: that of each key.</summary>
    public Patch<string?> SigningAlg { get; init; }

    /// <summary>Whether each assertion needs a jti; without one, the assertion itself is good once.</summary>
    public Patch<bool> RequireJti { get; init; }

    public Refusal? Apply(ServiceAccountRow row)
    {
        if (Audience.Is(out var audience))
        {
            if (audience is not ("issuer" or "issuer-or-token-endpoint"))
            {
                return Refusal.Invalid("assertions.audience", "must be issuer or issuer-or-token-endpoint");
            }

            row.AssertionAudience = audience;
        }

        if (SigningAlg.Is(out var alg))
        {
            if (alg is not null && SigningAlgorithm.ByName(alg) is null)
            {
                return Refusal.Invalid("assertions.signing_alg", $"must be null or one of {string.Join(", ", SigningAlgorithm.All)}");
            }

            row.AssertionAlg = alg;
        }

        if (RequireJti.Is(out var required))
        {
            row.RequireJti = required;
        }

        return null;
    }
}

internal sealed record AssertionSettingsView(string Audience, string? SigningAlg, bool RequireJti)
{
    public static AssertionSettingsView Of(ServiceAccountRow row) => new(row.AssertionAudience, row.AssertionAlg, row.RequireJti);
}

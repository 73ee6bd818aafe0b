using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Keys;

namespace Countersign.Server.ServiceAccounts;

/// <summary>How tokens are made, as written: an absent member stays, null inherits.</summary>
internal sealed record TokenSettingsPatch
{
    /// <summary>Takes all back to what is inherited.</summary>
    public static readonly TokenSettingsPatch Nothing = new() { Format = new(null), LifetimeSeconds = new(null), Alg = new(null) };

    public Patch<string?> Format { get; init; }

    public Patch<int?> LifetimeSeconds { get; init; }

    public Patch<string?> Alg { get; init; }
}

/// <summary>How tokens are made, as shown; null is inherited.</summary>
internal sealed record TokenSettingsView(string? Format, int? LifetimeSeconds, string? Alg)
{
    /// <summary>Lifetimes that may be set, in seconds (R130).</summary>
    public const int ShortestLife = 60;

    public const int LongestLife = 24 * 60 * 60;

    /// <summary>The settings after the patch, or what is wrong with them.</summary>
    /// <param name="keys">Of the tenant whose tokens they are.</param>
    public static Outcome<TokenSettingsView> Apply(TokenSettingsView before, TokenSettingsPatch? patch, KeyRing? keys, DateTimeOffset now)
    {
        if (patch is null)
        {
            return before;
        }

        var after = new TokenSettingsView(
            patch.Format.IsSet ? patch.Format.Value : before.Format,
            patch.LifetimeSeconds.IsSet ? patch.LifetimeSeconds.Value : before.LifetimeSeconds,
            patch.Alg.IsSet ? patch.Alg.Value : before.Alg);

        if (after.Format is not (null or "jwt" or "opaque"))
        {
            return Refusal.Invalid("access_token.format", "must be jwt or opaque");
        }

        if (after.LifetimeSeconds is < ShortestLife or > LongestLife)
        {
            return Refusal.Invalid("access_token.lifetime_seconds", $"must be from {ShortestLife} to {LongestLife}");
        }

        if (after.Alg is not null && SigningAlgorithm.ByName(after.Alg) is null)
        {
            return Refusal.Invalid("access_token.alg", $"must be one of {string.Join(", ", SigningAlgorithm.All.Select(a => a.Name))}");
        }

        // A setting that no key can serve would stop the account's tokens.
        return patch.Alg.IsSet && after.Alg is not null && keys?.Active(after.Alg, now) is null
            ? Refusal.Conflict($"the tenant has no active {after.Alg} key: create one with POST /admin/v1/signing-keys first")
            : after;
    }
}

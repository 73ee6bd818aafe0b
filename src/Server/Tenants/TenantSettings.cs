using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Keys;
using Countersign.Server.ServiceAccounts;

namespace Countersign.Server.Tenants;

/// <summary>The settings of a tenant and their ranges.</summary>
internal static class TenantSettings
{
    public static Refusal? Apply(TenantRow row, TenantSettingsPatch patch, KeyRing? keys, DateTimeOffset now)
    {
        if (patch.AccessToken.Is(out var token))
        {
            // A null takes all three away, and is refused below.
            token ??= TokenSettingsPatch.Nothing;

            if (!TokenSettingsView.Apply(new TokenSettingsView(row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg), token, keys, now)
                .Is(out var after, out var refusal))
            {
                return refusal;
            }

            if (after is { Format: null } or { LifetimeSeconds: null } or { Alg: null })
            {
                return Refusal.Invalid("settings.access_token", "has nothing to inherit from: null is not taken");
            }

            (row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg) = (after.Format, after.LifetimeSeconds.Value, after.Alg);
        }

        if (patch.MaxSecretLifetimeDays.Is(out var days))
        {
            if (days is < 1 or > 3650)
            {
                return Refusal.Invalid("settings.max_secret_lifetime_days", "must be from 1 to 3650");
            }

            row.MaxSecretLifetimeDays = days;
        }

        if (patch.Granting.Is(out var granting))
        {
            if (granting is not ("super-admin" or "owner"))
            {
                return Refusal.Invalid("settings.granting", "must be super-admin or owner");
            }

            row.Granting = granting;
        }

        if (patch.RequireIfMatch.Is(out var required))
        {
            row.RequireIfMatch = required;
        }

        if (patch.AuditTokens.Is(out var audit))
        {
            if (audit is not ("rollup" or "full"))
            {
                return Refusal.Invalid("settings.audit_tokens", "must be rollup or full");
            }

            row.AuditTokens = audit;
        }

        if (patch.SigningKeyDays.Is(out var keyDays))
        {
            if (keyDays is < 1 or > 3650)
            {
                return Refusal.Invalid("settings.signing_key_days", "must be from 1 to 3650");
            }

            row.SigningKeyDays = keyDays;
        }

        if (patch.AssertionMaxAgeSeconds.Is(out var maxAge))
        {
            if (maxAge is < 60 or > 3600)
            {
                return Refusal.Invalid("settings.assertion_max_age_seconds", "must be from 60 to 3600");
            }

            row.AssertionMaxAgeSeconds = maxAge;
        }

        if (patch.ClockSkewSeconds.Is(out var skew))
        {
            if (skew is < 0 or > 60)
            {
                return Refusal.Invalid("settings.clock_skew_seconds", "must be from 0 to 60");
            }

            row.ClockSkewSeconds = skew;
        }

        if (patch.AllowSecretsBesideKeys.Is(out var beside))
        {
            row.AllowSecretsBesideKeys = beside;
        }

        if (patch.RequireDpopNonce.Is(out var nonce))
        {
            row.RequireDpopNonce = nonce;
        }

        return null;
    }
}

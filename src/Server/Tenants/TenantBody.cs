using System.Text.Json.Serialization;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.ServiceAccounts;

namespace Countersign.Server.Tenants;

internal sealed record TenantCreate(string Name, string Issuer, string[]? Hosts = null);

internal sealed record TenantPatch
{
    public Patch<string> Name { get; init; }

    public Patch<string[]?> Hosts { get; init; }

    public Patch<bool> Disabled { get; init; }

    public Patch<TenantSettingsPatch> Settings { get; init; }
}

internal sealed record TenantSettingsPatch
{
    public Patch<TokenSettingsPatch> AccessToken { get; init; }

    public Patch<int> MaxSecretLifetimeDays { get; init; }

    public Patch<string> Granting { get; init; }

    public Patch<bool> RequireIfMatch { get; init; }

    public Patch<string> AuditTokens { get; init; }

    public Patch<int> SigningKeyDays { get; init; }

    public Patch<int> AssertionMaxAgeSeconds { get; init; }

    public Patch<int> ClockSkewSeconds { get; init; }

    public Patch<bool> AllowSecretsBesideKeys { get; init; }

    /// <summary>Whether proofs of possession need a nonce of this server (RFC 9449 §8).</summary>
    public Patch<bool> RequireDpopNonce { get; init; }
}

internal sealed record TenantSettingsView(
    TokenSettingsView AccessToken,
    int MaxSecretLifetimeDays,
    string Granting,
    bool RequireIfMatch,
    string AuditTokens,
    int SigningKeyDays,
    int AssertionMaxAgeSeconds,
    int ClockSkewSeconds,
    bool AllowSecretsBesideKeys,
    bool RequireDpopNonce);

internal sealed record TenantView(
    Guid Id, string Name, string Issuer, string[] Hosts, bool Disabled, TenantSettingsView Settings, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AdministratorView? Admin = null)
{
    public static TenantView Of(TenantRow row) => new(
        row.Id,
        row.Name,
        row.Issuer,
        [.. row.Hosts.Select(h => h.Host).Order(StringComparer.Ordinal)],
        row.Disabled,
        new TenantSettingsView(
            new TokenSettingsView(row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg),
            row.MaxSecretLifetimeDays,
            row.Granting,
            row.RequireIfMatch,
            row.AuditTokens,
            row.SigningKeyDays,
            row.AssertionMaxAgeSeconds,
            row.ClockSkewSeconds,
            row.AllowSecretsBesideKeys,
            row.RequireDpopNonce),
        row.CreatedAt,
        row.UpdatedAt);
}

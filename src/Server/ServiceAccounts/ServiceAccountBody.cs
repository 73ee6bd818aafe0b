using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Organizations;

namespace Countersign.Server.ServiceAccounts;

internal sealed record ServiceAccountCreate(string Name, OwnerBody? Owner = null, string? ClientId = null, string? Description = null, TokenSettingsPatch? AccessToken = null, AssertionSettingsPatch? Assertions = null, bool DpopBoundAccessTokens = false);

internal sealed record ServiceAccountPatch
{
    public Patch<string> Name { get; init; }

    public Patch<string?> Description { get; init; }

    public Patch<bool> Disabled { get; init; }

    public Patch<TokenSettingsPatch?> AccessToken { get; init; }

    public Patch<AssertionSettingsPatch> Assertions { get; init; }

    /// <summary>Whether it gets only tokens that are bound to a key (RFC 9449 §5.2).</summary>
    public Patch<bool> DpopBoundAccessTokens { get; init; }

    /// <summary>A condition on each login; null takes it away.</summary>
    public Patch<AccessPolicyBody?> AccessPolicy { get; init; }
}

internal sealed record ServiceAccountView(
    Guid Id,
    string ClientId,
    string Name,
    string? Description,
    OwnerView? Owner,
    bool Disabled,
    TokenSettingsView AccessToken,
    string AuthMethod,
    AssertionSettingsView Assertions,
    bool DpopBoundAccessTokens,
    AccessPolicyBody? AccessPolicy,
    Guid? MadeByRule,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LastUsedAt)
{
    public static ServiceAccountView Of(ServiceAccountRow row) => new(
        row.Id,
        row.ClientId,
        row.Name,
        row.Description,
        OwnerView.Of(row),
        row.Disabled,
        new TokenSettingsView(row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg),
        row.AuthMethod,
        AssertionSettingsView.Of(row),
        row.DpopBoundAccessTokens,
        AccessPolicyBody.Of(row),
        row.MadeByRule,
        row.CreatedAt,
        row.UpdatedAt,
        row.LastUsedAt);
}

internal sealed record RevokeTokensBody(Guid? Credential = null, DateTimeOffset? IssuedBefore = null);

internal sealed record RevokedView(DateTimeOffset RevokedBefore);

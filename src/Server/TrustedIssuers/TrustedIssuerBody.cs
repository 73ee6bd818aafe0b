using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Countersign.Server.Admin;
using Countersign.Server.Data;

namespace Countersign.Server.TrustedIssuers;

/// <summary>A new issuer; what is absent is as its kind has it. Its keys come from one of discovery, jwks_url, jwks, certificates.</summary>
internal sealed record TrustedIssuerCreate(
    string Name,
    string[] Audiences,
    string? Kind = null,
    string? Issuer = null,
    bool? Discovery = null,
    string? JwksUrl = null,
    JsonObject? Jwks = null,
    string[]? Certificates = null,
    string? JwksHost = null,
    string? CaCertificates = null,
    string[]? Algorithms = null,
    bool AllowExtraAudiences = false,
    int? ClockSkewSeconds = null,
    int? MaxTokenAgeSeconds = null,
    string? Replay = null,
    int? ReplayWindowSeconds = null,
    bool? RequireJti = null,
    bool RequireImmutableIds = false,
    bool Disabled = false)
{
    /// <summary>The same as a change of a row that has nothing yet.</summary>
    public TrustedIssuerPatch AsPatch() => new()
    {
        Name = new(Name),
        Audiences = new(Audiences),
        Kind = new(Kind),
        Issuer = new(Issuer),
        Discovery = new(Discovery),
        JwksUrl = new(JwksUrl),
        Jwks = new(Jwks),
        Certificates = new(Certificates),
        JwksHost = new(JwksHost),
        CaCertificates = new(CaCertificates),
        Algorithms = new(Algorithms),
        AllowExtraAudiences = new(AllowExtraAudiences),
        ClockSkewSeconds = new(ClockSkewSeconds),
        MaxTokenAgeSeconds = new(MaxTokenAgeSeconds),
        Replay = new(Replay),
        ReplayWindowSeconds = new(ReplayWindowSeconds),
        RequireJti = new(RequireJti),
        RequireImmutableIds = new(RequireImmutableIds),
        Disabled = new(Disabled),
    };
}

/// <summary>A null takes a member back to what its kind has; another source of the keys takes the place of the one before.</summary>
internal sealed record TrustedIssuerPatch
{
    public Patch<string> Name { get; init; }

    public Patch<string[]> Audiences { get; init; }

    public Patch<string?> Kind { get; init; }

    public Patch<string?> Issuer { get; init; }

    public Patch<bool?> Discovery { get; init; }

    public Patch<string?> JwksUrl { get; init; }

    public Patch<JsonObject?> Jwks { get; init; }

    public Patch<string[]?> Certificates { get; init; }

    public Patch<string?> JwksHost { get; init; }

    public Patch<string?> CaCertificates { get; init; }

    public Patch<string[]?> Algorithms { get; init; }

    public Patch<bool> AllowExtraAudiences { get; init; }

    public Patch<int?> ClockSkewSeconds { get; init; }

    public Patch<int?> MaxTokenAgeSeconds { get; init; }

    public Patch<string?> Replay { get; init; }

    public Patch<int?> ReplayWindowSeconds { get; init; }

    public Patch<bool?> RequireJti { get; init; }

    public Patch<bool> RequireImmutableIds { get; init; }

    public Patch<bool> Disabled { get; init; }
}

/// <param name="ExpiresAt">Of a certificate: when it ends.</param>
internal sealed record TrustedKeyView(
    string? Kid, string Alg, string Thumbprint, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? ExpiresAt);

/// <summary>The issuer, and what the answering node holds of its keys.</summary>
internal sealed record TrustedIssuerView(
    Guid Id,
    string Name,
    string Kind,
    string Issuer,
    bool Discovery,
    string? JwksUrl,
    JsonObject? Jwks,
    string[]? Certificates,
    string? JwksHost,
    string? CaCertificates,
    string[] Algorithms,
    string[] Audiences,
    bool AllowExtraAudiences,
    int? ClockSkewSeconds,
    int MaxTokenAgeSeconds,
    string Replay,
    int? ReplayWindowSeconds,
    bool RequireJti,
    bool RequireImmutableIds,
    bool Disabled,
    TrustedKeyView[] Keys,
    DateTimeOffset? FetchedAt,
    DateTimeOffset? NextRefreshAt,
    string? Problem,
    int Rules,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LastUsedAt)
{
    /// <summary>What else the change did, or what stands in the way of its tokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Warnings { get; init; }

    public static TrustedIssuerView Of(TrustedIssuerRow row, IssuerState state, int rules, DateTimeOffset? lastUsedAt) => new(
        row.Id,
        row.Name,
        row.Kind,
        row.Issuer,
        row.KeySource == KeySources.Discovery,
        row.JwksUrl,
        row.Jwks is null ? null : JsonNode.Parse(row.Jwks)!.AsObject(),
        row.Certificates is null ? null : IssuerSource.Split(row.Certificates),
        row.JwksHost,
        row.CaCertificates,
        row.Algorithms,
        row.Audiences,
        row.AllowExtraAudiences,
        row.ClockSkewSeconds,
        row.MaxTokenAgeSeconds,
        row.Replay,
        row.ReplayWindowSeconds,
        row.RequireJti,
        row.RequireImmutableIds,
        row.Disabled,
        state.Keys,
        state.FetchedAt,
        state.NextRefresh,
        state.Problem,
        rules,
        row.CreatedAt,
        row.UpdatedAt,
        lastUsedAt);
}

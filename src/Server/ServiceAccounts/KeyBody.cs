using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Data;

namespace Countersign.Server.ServiceAccounts;

/// <summary>A new key: one of jwk, pem (public key or certificate), generate.</summary>
internal sealed record KeyCreate(
    JsonObject? Jwk = null,
    string? Pem = null,
    KeyGenerate? Generate = null,
    string? Kid = null,
    string? Alg = null,
    string? Name = null,
    DateTimeOffset? ExpiresAt = null);

/// <summary>A pair that the server makes: RSA with a size, or EC with a curve; the private half comes back once, as key_file, pem or jwk.</summary>
internal sealed record KeyGenerate(string Kty, int? Size = null, string? Crv = null, string? Format = null);

internal sealed record KeyPatch
{
    public Patch<bool> Disabled { get; init; }

    public Patch<string?> Name { get; init; }

    public Patch<DateTimeOffset?> ExpiresAt { get; init; }
}

internal sealed record KeyView(
    Guid Id,
    string Kid,
    string Alg,
    string Kty,
    string Thumbprint,
    string State,
    string Origin,
    string? Name,
    JsonObject Jwk,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt,
    string? LastUsedFrom)
{
    /// <summary>The private half, once, in the form that was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? KeyFile { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PrivateKeyPem { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? PrivateJwk { get; init; }

    /// <summary>What else the change did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Warnings { get; init; }

    public static KeyView Of(AccountKeyRow row, DateTimeOffset now) => new(
        row.Id,
        row.Kid,
        row.Alg,
        SigningAlgorithm.ByName(row.Alg)!.KeyType,
        row.Thumbprint,
        row.ExpiresAt <= now ? "expired" : row.Disabled ? "disabled" : "active",
        row.Origin,
        row.Name,
        Object(row.PublicJwk),
        row.CreatedAt,
        row.ExpiresAt,
        row.LastUsedAt,
        row.LastUsedFrom);

    /// <summary>As a repeated request is answered.</summary>
    public KeyView WithoutPrivate() => this with { KeyFile = null, PrivateKeyPem = null, PrivateJwk = null };

    /// <summary>Never the private half.</summary>
    public override string ToString() => $"key {Id}";

    public static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Countersign.OAuth;

/// <summary>
/// A private key in one JSON file with all that a client needs to use it. The members <c>type</c>, <c>keyId</c>, <c>key</c>,
/// <c>expirationDate</c> and <c>userId</c> are those that existing clients read; the others stand beside them.
/// </summary>
public sealed record KeyFile
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // PEM and URLs are kept readable; the text goes into a file, not into a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    public string Type { get; init; } = "serviceaccount";

    public required string KeyId { get; init; }

    /// <summary>The private key as PEM.</summary>
    public required string Key { get; init; }

    /// <summary>When the key stops working, in ISO 8601; null for never.</summary>
    public string? ExpirationDate { get; init; }

    public string? UserId { get; init; }

    public string? ClientId { get; init; }

    /// <summary>The issuer of the server that knows the key: the audience of assertions.</summary>
    public string? Issuer { get; init; }

    public string? TokenUrl { get; init; }

    /// <summary>The file of that text, or null when it is something else.</summary>
    public static KeyFile? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<KeyFile>(json, s_options) is { Key: not null, KeyId: not null } file ? file : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, s_options) + "\n";

    /// <summary>Never the key.</summary>
    public override string ToString() => $"key file {KeyId}";
}

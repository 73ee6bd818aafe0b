using System.Text.Json;
using System.Text.Json.Serialization;

namespace Countersign.Compatibility.Tests;

/// <summary>What `countersign dev` leaves in `dev.json` for scripts.</summary>
public sealed record DevFile
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required Uri TokenEndpoint { get; init; }

    // A string, because issuers are compared byte for byte and Uri adds a slash.
    public required string Issuer { get; init; }

    public required Client Admin { get; init; }

    public required Client ServiceAccount { get; init; }

    public required DemoApi Api { get; init; }

    public static DevFile Read(string path) => JsonSerializer.Deserialize<DevFile>(File.ReadAllText(path), Json)!;

    public sealed record DemoApi(string Id, string Identifier, string[] Scopes);
}

/// <summary>A service account as a client sees itself. One that signs has no secret.</summary>
public sealed record Client(string? Id, string ClientId, [property: JsonPropertyName("client_secret")] string? Secret);

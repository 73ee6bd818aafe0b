using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.OAuth;

namespace Countersign.Server.Tests.Framework;

/// <summary>A service account that signs its assertions, with a grant of the demo API.</summary>
internal sealed record Signer(TestServer Server, Guid Id, string ClientId, SigningKey Key, Guid KeyId)
{
    public const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    public const string JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    public string Path => $"/service-accounts/{Id}";

    public static async Task<Signer> CreateAsync(TestServer server, string alg = "ES256", string? clientId = null)
    {
        var signer = await WithoutKeyAsync(server, alg, clientId);

        return signer with { KeyId = await signer.AddKeyAsync(signer.Key) };
    }

    /// <summary>The account is there, its key is nowhere.</summary>
    public static async Task<Signer> WithoutKeyAsync(TestServer server, string alg = "ES256", string? clientId = null)
    {
        var made = await server.AdminAsync(HttpMethod.Post, "/service-accounts", new { name = $"signer {Guid.NewGuid()}", client_id = clientId });
        Assert.True(made.Status == 201, made.Body);
        var signer = new Signer(server, Guid.Parse(made["id"]), made["client_id"], NewKey(alg), default);
        await signer.AdminAsync(HttpMethod.Post, "/grants", new { api = server.Demo.Api.Identifier, scopes = new[] { "read", "write" }, default_scopes = new[] { "read" } });

        return signer;
    }

    public static SigningKey NewKey(string alg = "ES256", string? kid = null) => SigningKey.Create(SigningAlgorithm.ByName(alg)!, kid: kid);

    public async Task<Guid> AddKeyAsync(SigningKey key, DateTimeOffset? expiresAt = null) =>
        Guid.Parse((await AdminAsync(HttpMethod.Post, "/keys", new { jwk = JsonNode.Parse(key.PublicJwk), expires_at = expiresAt }))["id"]);

    public async Task<Answer> AdminAsync(HttpMethod method, string path = "", object? body = null)
    {
        var answer = await Server.AdminAsync(method, Path + path, body);
        Assert.True(answer.Status < 300, answer.Body);

        return answer;
    }

    /// <summary>The claims that are right, with what the test changes.</summary>
    public JsonObject Claims(Action<JsonObject>? change = null)
    {
        var now = Server.Clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = ClientId,
            ["sub"] = ClientId,
            ["aud"] = TestServer.Issuer,
            ["iat"] = now,
            ["exp"] = now + 60,
            ["jti"] = Guid.NewGuid().ToString(),
        };
        change?.Invoke(claims);

        return claims;
    }

    public string Assertion(Action<JsonObject>? change = null, string type = "JWT") =>
        Encoding.ASCII.GetString(CompactJws.Sign(Key, type, Encoding.UTF8.GetBytes(Claims(change).ToJsonString())));

    /// <summary>With a header of the test's own, properly signed.</summary>
    public string AssertionWithHeader(string header, SigningKey? key = null) => Signed(header, Claims().ToJsonString(), key ?? Key);

    public string Header(string? more = null) => $$"""{"alg":"{{Key.Algorithm}}","kid":"{{Key.Kid}}"{{more}}}""";

    public static string Signed(string header, string claims, SigningKey key)
    {
        var input = Encoding.ASCII.GetBytes($"{Text(header)}.{Text(claims)}");
        var signature = new byte[key.SignatureLength];
        key.Sign(input, signature);

        return $"{Encoding.ASCII.GetString(input)}.{Base64Url.EncodeToString(signature)}";

        static string Text(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
    }

    /// <summary>Authenticates by the assertion, a good one unless given.</summary>
    public Task<Answer> TokenAsync(string? assertion = null, params (string Name, string Value)[] more) => PostAsync(Server, "/oauth2/token", assertion, more);

    public Task<Answer> PostAsync(TestServer server, string path, string? assertion = null, params (string Name, string Value)[] more) => server.PostAsync(
        path, [("grant_type", "client_credentials"), ("client_assertion_type", AssertionType), ("client_assertion", assertion ?? Assertion()), .. more]);

    /// <summary>Sends the assertion as the grant.</summary>
    public Task<Answer> ByGrantAsync(string? assertion = null, params (string Name, string Value)[] more) =>
        Server.PostAsync("/oauth2/token", [("grant_type", JwtBearer), ("assertion", assertion ?? Assertion()), .. more]);

    public async Task AssertRefusedAsync(Answer answer, string check) => await Server.AssertRefusedAsync(answer, 401, "invalid_client", check);
}

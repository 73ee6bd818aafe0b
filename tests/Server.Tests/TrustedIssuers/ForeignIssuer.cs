using System.Text;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>A platform that signs tokens for its workloads, and that the tenant trusts: its key set is pasted.</summary>
internal sealed record ForeignIssuer(Caller Root, Guid Id, string Issuer, SigningKey Key)
{
    public const string Spiffe = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
    public const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    public const string Jwt = "urn:ietf:params:oauth:token-type:jwt";
    public const string Subject = "job:1";

    /// <summary>The tenant's host, where it is another than the default.</summary>
    public string? Host { get; init; }

    public TestServer Server => Root.Server;

    public string Path => $"/trusted-issuers/{Id}";

    public static async Task<ForeignIssuer> CreateAsync(TestServer server, Action<JsonObject>? change = null, SigningKey? key = null) =>
        await CreateAsync(await server.RootAsync(), change, key);

    public static async Task<ForeignIssuer> CreateAsync(Caller root, Action<JsonObject>? change = null, SigningKey? key = null)
    {
        key ??= Signer.NewKey();
        var name = $"ci-{Guid.NewGuid():n}";
        var body = new JsonObject { ["name"] = name, ["issuer"] = $"https://{name}.example", ["jwks"] = Set(key), ["audiences"] = new JsonArray(TestServer.Issuer) };
        change?.Invoke(body);
        var made = await root.MakeAsync("/trusted-issuers", body);

        return new ForeignIssuer(root, Guid.Parse(made["id"]), made["issuer"], key);
    }

    /// <summary>One that is trusted, an account with a grant of the demo API, and the rule between them.</summary>
    public static async Task<(ForeignIssuer Issuer, TestAccount Account, Guid Rule)> WithRuleAsync(TestServer server, Action<JsonObject>? change = null)
    {
        var issuer = await CreateAsync(server, change);
        var account = await TestAccount.CreateAsync(server);

        return (issuer, account, await issuer.RuleAsync(account.ClientId));
    }

    public static JsonObject Set(SigningKey key, string use = "sig")
    {
        var jwk = JsonNode.Parse(key.PublicJwk)!.AsObject();
        jwk["use"] = use;

        return new JsonObject { ["keys"] = new JsonArray(jwk) };
    }

    /// <summary>A rule's body: the subject's tokens stand for the account.</summary>
    public JsonObject Rule(string? account, params JsonObject[] conditions) => new()
    {
        ["name"] = $"rule {Guid.NewGuid()}",
        ["trusted_issuer"] = Id.ToString(),
        ["account"] = account,
        ["conditions"] = new JsonArray([.. conditions.Length > 0 ? conditions : [Where("sub", "equals", Subject)]]),
    };

    public static JsonObject Where(string claim, string op, JsonNode? value) => new() { ["claim"] = claim, [op] = value };

    public async Task<Guid> RuleAsync(string? account, Action<JsonObject>? change = null, params JsonObject[] conditions)
    {
        var body = Rule(account, conditions);
        change?.Invoke(body);

        return Guid.Parse((await Root.MakeAsync("/trust-rules", body))["id"]);
    }

    public Task<Guid> RuleAsync(TestAccount account, string claim, string op, JsonNode? value) => RuleAsync(account.ClientId, null, Where(claim, op, value));

    public async Task PatchAsync(string path, object body)
    {
        var answer = await Root.PatchAsync(path, body);
        Assert.True(answer.Status == 200, answer.Body);
    }

    /// <summary>The claims that are right, with what the test changes.</summary>
    public JsonObject Claims(Action<JsonObject>? change = null)
    {
        var now = Server.Clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["sub"] = Subject,
            ["aud"] = TestServer.Issuer,
            ["iat"] = now,
            ["exp"] = now + 300,
            ["jti"] = Guid.NewGuid().ToString(),
        };
        change?.Invoke(claims);

        return claims;
    }

    public string Token(Action<JsonObject>? change = null, string type = "JWT", SigningKey? key = null) =>
        Encoding.ASCII.GetString(CompactJws.Sign(key ?? Key, type, Encoding.UTF8.GetBytes(Claims(change).ToJsonString())));

    /// <summary>With claims of the test's own text, properly signed.</summary>
    public string TokenOf(string claims) => Signer.Signed($$"""{"alg":"{{Key.Algorithm}}","kid":"{{Key.Kid}}"}""", claims, Key);

    /// <summary>Sends the token as client assertion.</summary>
    public Task<Answer> SendAsync(string? token = null, params (string Name, string Value)[] more) =>
        PostAsync([("grant_type", "client_credentials"), ("client_assertion_type", Signer.AssertionType), ("client_assertion", token ?? Token()), .. more]);

    public Task<Answer> ByGrantAsync(string? token = null, params (string Name, string Value)[] more) =>
        PostAsync([("grant_type", Signer.JwtBearer), ("assertion", token ?? Token()), .. more]);

    public Task<Answer> AsSubjectAsync(string? token = null, params (string Name, string Value)[] more) =>
        PostAsync([("grant_type", Exchange), ("subject_token", token ?? Token()), ("subject_token_type", Jwt), .. more]);

    public Task<Answer> AsSvidAsync(string token, params (string Name, string Value)[] more) =>
        PostAsync([("grant_type", "client_credentials"), ("client_assertion_type", Spiffe), ("client_assertion", token), .. more]);

    /// <summary>Asserts that the token is taken; the access token.</summary>
    public async Task<string> TakenAsync(string? token = null, params (string Name, string Value)[] more)
    {
        var answer = await SendAsync(token, more);
        Assert.True(answer.Status == 200, answer.Body);

        return answer["access_token"];
    }

    /// <summary>Asserts that the token is refused, in all three places, for the same reason; the reason in the operator's words.</summary>
    public async Task<string> RefusedAsync(string check, Func<string> token)
    {
        await Server.AssertRefusedAsync(await ByGrantAsync(token()), 400, "invalid_grant", check);
        await Server.AssertRefusedAsync(await AsSubjectAsync(token()), 400, "invalid_request", check);

        return await RefusedAsync(check, token());
    }

    /// <summary>As a client assertion.</summary>
    public async Task<string> RefusedAsync(string check, string? token = null, params (string Name, string Value)[] more)
    {
        var answer = await SendAsync(token, more);
        await Server.AssertRefusedAsync(answer, 401, "invalid_client", check);

        return (await Server.ExplainAsync(answer)).GetRawText();
    }

    private Task<Answer> PostAsync((string Name, string Value)[] form)
    {
        var request = TestServer.Form("/oauth2/token", form);
        request.Headers.Host = Host;

        return Server.SendAsync(request);
    }
}

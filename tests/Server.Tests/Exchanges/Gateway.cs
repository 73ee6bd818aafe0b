using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>
/// A gateway that exchanges a subject's tokens, by one rule. The subject holds read, write and delete of the front, which is what its tokens
/// are for, and read and write of the orders, which the rule names with read and delete.
/// </summary>
internal sealed record Gateway(TestServer Server, TestAccount Subject, TestAccount Client, TestApi Front, TestApi Orders, Guid Rule)
{
    public const string Grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    public const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";
    public const string Jwt = "urn:ietf:params:oauth:token-type:jwt";
    public const string Inactive = """{"active":false}""";
    public const string Invalid = "the subject token is not valid";
    public const string NotGranted = "a scope is unknown or not granted";
    public const string BadTarget = "the resource is malformed, unknown or not allowed";

    public string RulePath => $"/exchange-rules/{Rule}";

    public static async Task<Gateway> MakeAsync(TestServer server)
    {
        var front = await TestApi.CreateAsync(server, "read", "write", "delete");
        var orders = await TestApi.CreateAsync(server, "read", "write", "delete");
        var subject = await TestAccount.CreateAsync(server, granted: false);
        await subject.GrantAsync(front.Identifier, ["read", "write", "delete"], ["read"]);
        await subject.GrantAsync(orders.Identifier, ["read", "write"]);
        var client = await TestAccount.CreateAsync(server, granted: false);
        var gateway = new Gateway(server, subject, client, front, orders, default);

        return gateway with { Rule = await gateway.RuleAsync(client, [(orders, ["read", "delete"])]) };
    }

    /// <summary>Lets the client exchange tokens of the subject, unless they are another's, for the APIs.</summary>
    public async Task<Guid> RuleAsync(
        TestAccount client, (TestApi Api, string[] Scopes)[] apis, TestAccount? subject = null, bool impersonation = false, int? lifetime = null, bool any = false) => await MadeAsync("/exchange-rules", new
        {
            name = $"rule {Guid.NewGuid()}",
            client = client.ClientId,
            subjects = any ? null : new[] { (subject ?? Subject).ClientId },
            any_subject = any,
            apis = apis.Select(a => new { api = a.Api.Identifier, scopes = a.Scopes }),
            impersonation,
            lifetime_seconds = lifetime,
        });

    public Task<string> TokenAsync(string scope = "read write") => TokenOfAsync(Subject, Front.Identifier, scope);

    public static async Task<string> TokenOfAsync(TestAccount account, string api, string scope) => Token(await account.TokenAsync(("resource", api), ("scope", scope)));

    /// <summary>The access token of an answer that must be one.</summary>
    public static string Token(Answer answer)
    {
        Assert.True(answer.Status == 200, answer.Body);

        return answer["access_token"];
    }

    /// <summary>The gateway exchanges the token.</summary>
    /// <param name="change">Parameters in the place of those of the same name; one without value is left away.</param>
    public Task<Answer> ExchangeAsync(string token, params (string Name, string? Value)[] change) => ExchangeAsync(Client, token, change);

    public Task<Answer> ExchangeAsync(TestAccount client, string token, params (string Name, string? Value)[] change) =>
        Server.PostAsAsync(client.ClientId, client.Secret, "/oauth2/token", Form(token, change));

    public async Task<string> ExchangedAsync(string token, params (string Name, string? Value)[] change) => Token(await ExchangeAsync(token, change));

    /// <summary>A subject exchanges its own token.</summary>
    public Task<Answer> NarrowAsync(string token, params (string Name, string? Value)[] change) => ExchangeAsync(Subject, token, change);

    public static (string Name, string Value)[] Form(string token, params (string Name, string? Value)[] change)
    {
        (string Name, string Value)[] usual = [("grant_type", Grant), ("subject_token", token), ("subject_token_type", AccessToken)];

        return [.. usual.Where(u => !Array.Exists(change, c => c.Name == u.Name)), .. change.Where(c => c.Value is not null).Select(c => (c.Name, c.Value!))];
    }

    /// <summary>What the token says, to somebody who may see every token.</summary>
    public async Task<JsonElement> ReadAsync(string token) => (await IntrospectAsync(token)).Json;

    public Task<Answer> IntrospectAsync(string token) =>
        Server.PostAsAsync(Server.Demo.Admin.ClientId, Server.Demo.Admin.ClientSecret, "/oauth2/introspect", ("token", token));

    public async Task AssertActiveAsync(string token) => Assert.True((await ReadAsync(token)).GetProperty("active").GetBoolean());

    public async Task AssertEndedAsync(string token) => Assert.Equal(Inactive, (await IntrospectAsync(token)).Body);

    /// <summary>Asserts what the caller reads of a refusal, word by word, and which check the operator reads of; what that says.</summary>
    public async Task<string> AssertRefusedAsync(Answer answer, string error, string description, string check)
    {
        await Server.AssertRefusedAsync(answer, error == "invalid_client" ? 401 : 400, error, check);
        Assert.Equal($"{description} (trace {answer.Trace})", answer["error_description"]);
        Assert.False(answer.Json.TryGetProperty("access_token", out _));

        return (await Server.ExplainAsync(answer)).GetProperty("checks").EnumerateArray().Last().ToString();
    }

    public Task<string> AssertNotTakenAsync(Answer answer, string check = "subject-token") => AssertRefusedAsync(answer, "invalid_request", Invalid, check);

    /// <summary>A change by the administrator, that must succeed.</summary>
    public async Task<Answer> AdminAsync(HttpMethod method, string path, object? body = null)
    {
        var answer = await Server.AdminAsync(method, path, body);
        Assert.True(answer.Status < 300, answer.Body);

        return answer;
    }

    public async Task<Guid> MadeAsync(string path, object body) => Guid.Parse((await AdminAsync(HttpMethod.Post, path, body))["id"]);
}

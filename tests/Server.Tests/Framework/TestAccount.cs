namespace Countersign.Server.Tests.Framework;

/// <summary>A service account made for one test, with a secret and, where asked for, a grant of the demo API.</summary>
internal sealed record TestAccount(TestServer Server, Guid Id, string ClientId, Guid SecretId, string Secret)
{
    private string Path => $"/service-accounts/{Id}";

    public static async Task<TestAccount> CreateAsync(TestServer server, string? clientId = null, bool granted = true)
    {
        var made = await server.AdminAsync(HttpMethod.Post, "/service-accounts", new { name = $"account {Guid.NewGuid()}", client_id = clientId });
        Assert.True(made.Status == 201, made.Body);
        var account = new TestAccount(server, Guid.Parse(made["id"]), made["client_id"], default, "");

        if (granted)
        {
            await account.GrantAsync(server.Demo.Api.Identifier, ["read", "write"], ["read"]);
        }

        var secret = await account.NewSecretAsync();

        return account with { SecretId = secret.Id, Secret = secret.Text };
    }

    public async Task<(Guid Id, string Text)> NewSecretAsync(DateTimeOffset? expiresAt = null)
    {
        var answer = await Server.AdminAsync(HttpMethod.Post, $"{Path}/secrets", new { expires_at = expiresAt });
        Assert.True(answer.Status == 201, answer.Body);

        return (Guid.Parse(answer["id"]), answer["client_secret"]);
    }

    /// <summary>Adds a secret of which the server sees the hash alone.</summary>
    public async Task<Guid> ImportAsync(string hash, DateTimeOffset? expiresAt = null)
    {
        var answer = await Server.AdminAsync(HttpMethod.Post, $"{Path}/secrets", new { hash, expires_at = expiresAt });
        Assert.True(answer.Status == 201, answer.Body);

        return Guid.Parse(answer["id"]);
    }

    public async Task GrantAsync(string api, string[] scopes, string[]? defaults = null)
    {
        var answer = await Server.AdminAsync(HttpMethod.Post, $"{Path}/grants", new { api, scopes, default_scopes = defaults ?? [] });
        Assert.True(answer.Status == 201, answer.Body);
    }

    public async Task<Answer> AdminAsync(HttpMethod method, string path = "", object? body = null)
    {
        var answer = await Server.AdminAsync(method, Path + path, body);
        Assert.True(answer.Status < 300, answer.Body);

        return answer;
    }

    public Task<Answer> TokenAsync(params (string Name, string Value)[] more) => TokenByAsync(Secret, more);

    public Task<Answer> TokenByAsync(string secret, params (string Name, string Value)[] more) =>
        Server.PostAsAsync(ClientId, secret, "/oauth2/token", [("grant_type", "client_credentials"), .. more]);
}

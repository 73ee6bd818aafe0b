namespace Countersign.Server.Tests.Framework;

/// <summary>An API made for one test.</summary>
internal sealed record TestApi(TestServer Server, Guid Id, string Identifier)
{
    public static Task<TestApi> CreateAsync(TestServer server, params string[] scopes) => CreateAsync(server, $"https://{Guid.NewGuid():n}.example/api", null, scopes);

    public static async Task<TestApi> CreateAsync(TestServer server, string identifier, object? accessToken, params string[] scopes)
    {
        var answer = await server.AdminAsync(
            HttpMethod.Post, "/apis", new { identifier, name = identifier[..Math.Min(60, identifier.Length)], scopes = scopes.Select(name => new { name }), access_token = accessToken });
        Assert.True(answer.Status == 201, answer.Body);

        return new TestApi(server, Guid.Parse(answer["id"]), identifier);
    }

    public async Task<Answer> AdminAsync(HttpMethod method, object? body = null)
    {
        var answer = await Server.AdminAsync(method, $"/apis/{Id}", body);
        Assert.True(answer.Status < 300, answer.Body);

        return answer;
    }
}

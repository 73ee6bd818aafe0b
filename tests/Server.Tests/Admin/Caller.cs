using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>Somebody who calls the admin API: a token, at one host.</summary>
internal sealed class Caller(TestServer server, string? token, string? host = null)
{
    public TestServer Server => server;

    public string? Token => token;

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PostAsync(string path, object? body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, body, headers);

    public Task<Answer> PatchAsync(string path, object? body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Patch, path, body, headers);

    public Task<Answer> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Delete, path, null, headers);

    /// <summary>Creates, and asserts that it did.</summary>
    public async Task<Answer> MakeAsync(string path, object body)
    {
        var answer = await PostAsync(path, body);
        Assert.True(answer.Status == 201, $"{answer.Status} {answer.Body}");

        return answer;
    }

    /// <summary>Reads, and asserts that it could.</summary>
    public async Task<JsonElement> ReadAsync(string path)
    {
        var answer = await GetAsync(path);
        Assert.True(answer.Status == 200, $"{path}: {answer.Status} {answer.Body}");

        return answer.Json;
    }

    public async Task<JsonElement[]> ListAsync(string path) => [.. (await ReadAsync(path)).GetProperty("items").EnumerateArray()];

    public async Task DisableAsync(Guid account) =>
        Assert.Equal(200, (await PatchAsync($"/service-accounts/{account}", new { disabled = true })).Status);

    /// <param name="body">A text goes out as it is; anything else as JSON.</param>
    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, $"/admin/v1{path}")
        {
            Content = body switch
            {
                null => null,
                string text => new StringContent(text, Encoding.UTF8, "application/json"),
                HttpContent content => content,
                _ => JsonContent.Create(body),
            },
        };
        request.Headers.Host = host;

        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await server.SendAsync(request);
    }
}

/// <summary>An administrator that a test made.</summary>
internal sealed record Administrator(Guid Id, string ClientId, string Secret, Caller Caller);

internal static class Callers
{
    private static readonly object s_tenant = "tenant";

    /// <summary>The demo administrator, a super-admin of the default tenant, with a token just issued.</summary>
    public static Task<Caller> RootAsync(this TestServer server) => server.SignInAsync(server.Demo.Admin.ClientId, server.Demo.Admin.ClientSecret);

    /// <param name="scope">Narrows the token; else it carries all that the administrator holds.</param>
    public static async Task<Caller> SignInAsync(this TestServer server, string clientId, string secret, string? host = null, string? scope = null)
    {
        var request = scope is null
            ? TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"))
            : TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"), ("scope", scope), ("resource", "urn:countersign:admin"));
        request.Headers.Authorization = TestServer.Basic(clientId, secret);
        request.Headers.Host = host;
        var answer = await server.SendAsync(request);
        Assert.True(answer.Status == 200, answer.Body);

        return new Caller(server, answer["access_token"], host);
    }

    /// <summary>Makes an account with an administrator's role, as far as said: an organization, a group, or the tenant where nothing is.</summary>
    public static async Task<Administrator> AdministratorAsync(this Caller root, string role, object? reach = null, object? owner = null)
    {
        var made = await root.MakeAsync("/service-accounts", new { name = $"{role} {Guid.NewGuid()}", owner });
        var id = Guid.Parse(made["id"]);
        var secret = (await root.MakeAsync($"/service-accounts/{id}/secrets", new { }))["client_secret"];
        await root.MakeAsync($"/service-accounts/{id}/roles", new { role, reach = reach ?? s_tenant });

        return new Administrator(id, made["client_id"], secret, await root.Server.SignInAsync(made["client_id"], secret));
    }

    /// <summary>Asserts a 403, and that the operator can read the reason under its trace.</summary>
    public static async Task AssertForbiddenAsync(this Caller root, Answer answer, string reason)
    {
        Assert.True(answer.Status == 403, $"{answer.Status} {answer.Body}");
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        var why = await root.ReadAsync($"/explanations/{answer.Trace}");
        Assert.Equal("refused", why.GetProperty("outcome").GetString());
        Assert.Contains(reason, why.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}

using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Countersign.Compatibility.Tests;

/// <summary>Makes what a test needs through the admin API, as any administrator would.</summary>
internal sealed class AdminApi(DevFile dev) : IDisposable
{
    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly HttpClient _http = new() { BaseAddress = new Uri(dev.Issuer) };

    /// <summary>An account with a secret of its own that may ask for both scopes of the demo API.</summary>
    public async Task<Client> AccountAsync(object? accessToken = null, string? clientId = null, (string Text, string Hash)? imported = null)
    {
        var (id, client) = await BareAsync(clientId);
        var secret = await SendAsync(HttpMethod.Post, $"service-accounts/{id}/secrets", imported is var (_, hash) ? new { hash } : new { });
        if (accessToken is not null)
        {
            await SendAsync(HttpMethod.Patch, $"service-accounts/{id}", new { access_token = accessToken });
        }

        return new Client(id, client, imported?.Text ?? secret.Text("client_secret"));
    }

    /// <summary>An account that signs, with one key: <c>{jwk}</c>, <c>{pem, kid, alg}</c> or <c>{generate}</c>; and the server's answer about the key.</summary>
    public async Task<(Client Client, JsonElement Key)> SignerAsync(object key, object? assertions = null)
    {
        var (id, client) = await BareAsync();
        var added = await SendAsync(HttpMethod.Post, $"service-accounts/{id}/keys", key);
        if (assertions is not null)
        {
            await SendAsync(HttpMethod.Patch, $"service-accounts/{id}", new { assertions });
        }

        return (new Client(id, client, null), added);
    }

    /// <summary>Changes settings of the tenant, which the tests of one server share.</summary>
    public async Task SetTenantAsync(object settings)
    {
        await SignInAsync();
        var tenants = await SendAsync(HttpMethod.Get, "tenants");
        await SendAsync(HttpMethod.Patch, $"tenants/{tenants.GetProperty("items")[0].Text("id")}", new { settings });
    }

    /// <summary>A plain token, for tests whose subject is who checks it.</summary>
    public async Task<string> TokenAsync(Client client, params (string Name, string Value)[] parameters)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, dev.TokenEndpoint)
        {
            Headers = { Authorization = Basic(client) },
            Content = new FormUrlEncodedContent(
                [new("grant_type", "client_credentials"), .. parameters.Select(p => KeyValuePair.Create(p.Name, p.Value))]),
        };

        return (await AnswerAsync(request)).Text("access_token");
    }

    /// <summary>What the demo account reads of a token, as the API that the token is for.</summary>
    public Task<JsonElement> IntrospectAsync(string token) => AnswerAsync(new HttpRequestMessage(HttpMethod.Post, "/oauth2/introspect")
    {
        Headers = { Authorization = Basic(dev.ServiceAccount) },
        Content = new FormUrlEncodedContent([new("token", token)]),
    });

    /// <summary>Any call of the admin API.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null)
    {
        await SignInAsync();
        var content = body is null ? null : JsonContent.Create(body, options: WithoutNulls);

        return await AnswerAsync(new HttpRequestMessage(method, $"/admin/v1/{path}") { Content = content });
    }

    /// <summary>The one check that a refusal was for, by the trace id that ends its description.</summary>
    public async Task<string> FailedCheckAsync(string description)
    {
        var explanation = await SendAsync(HttpMethod.Get, $"explanations/{description[^37..^1]}");

        return Assert.Single(explanation.GetProperty("checks").EnumerateArray(), c => !c.GetProperty("passed").GetBoolean()).Text("check");
    }

    public void Dispose() => _http.Dispose();

    // It may ask for both scopes, gets `read` if it names none, and acts as the demo API.
    private async Task<(string Id, string ClientId)> BareAsync(string? clientId = null)
    {
        await SignInAsync();
        var account = await SendAsync(HttpMethod.Post, "service-accounts", new { name = "compatibility", client_id = clientId });
        var id = account.Text("id");
        await SendAsync(HttpMethod.Post, $"service-accounts/{id}/grants", new { api = dev.Api.Identifier, scopes = dev.Api.Scopes, default_scopes = new[] { "read" } });
        await SendAsync(HttpMethod.Post, $"apis/{dev.Api.Id}/resource-servers", new { account = id });

        return (id, account.Text("client_id"));
    }

    private async Task SignInAsync() =>
        _http.DefaultRequestHeaders.Authorization ??= new AuthenticationHeaderValue("Bearer", await TokenAsync(dev.Admin));

    private async Task<JsonElement> AnswerAsync(HttpRequestMessage request)
    {
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{request.Method} {request.RequestUri} → {(int)response.StatusCode} {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    private static AuthenticationHeaderValue Basic(Client client) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client.ClientId}:{client.Secret}")));
}

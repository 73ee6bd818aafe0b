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
        await SignInAsync();
        var account = await SendAsync(HttpMethod.Post, "service-accounts", new { name = "compatibility", client_id = clientId });
        var id = account.Text("id");
        var secret = await SendAsync(HttpMethod.Post, $"service-accounts/{id}/secrets", imported is var (_, hash) ? new { hash } : new { });
        await SendAsync(HttpMethod.Post, $"service-accounts/{id}/grants", new { api = dev.Api.Identifier, scopes = dev.Api.Scopes });
        await SendAsync(HttpMethod.Post, $"apis/{dev.Api.Id}/resource-servers", new { account = id });
        if (accessToken is not null)
        {
            await SendAsync(HttpMethod.Patch, $"service-accounts/{id}", new { access_token = accessToken });
        }

        return new Client(id, account.Text("client_id"), imported?.Text ?? secret.Text("client_secret"));
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

    public void Dispose() => _http.Dispose();

    private async Task SignInAsync() =>
        _http.DefaultRequestHeaders.Authorization ??= new AuthenticationHeaderValue("Bearer", await TokenAsync(dev.Admin));

    private Task<JsonElement> SendAsync(HttpMethod method, string path, object body) =>
        AnswerAsync(new HttpRequestMessage(method, $"/admin/v1/{path}") { Content = JsonContent.Create(body, options: WithoutNulls) });

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

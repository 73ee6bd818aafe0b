using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Countersign.Resilience.Tests;

internal sealed record Answer(HttpStatusCode Status, JsonElement Body)
{
    public string Text(string name) => Body.GetProperty(name).GetString()!;
}

/// <summary>The server as its clients and administrators see it, for one life of the process.</summary>
internal sealed class Wire : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _adminId;
    private readonly string _adminSecret;

    private Wire(JsonElement dev)
    {
        _http = new HttpClient { BaseAddress = new Uri(dev.GetProperty("issuer").GetString()!), Timeout = TimeSpan.FromSeconds(20) };
        _adminId = dev.GetProperty("admin").GetProperty("client_id").GetString()!;
        _adminSecret = dev.GetProperty("admin").GetProperty("client_secret").GetString()!;
        Api = dev.GetProperty("api").GetProperty("identifier").GetString()!;
    }

    /// <summary>The identifier of the demo API.</summary>
    public string Api { get; }

    public string AdminToken { get; private set; } = "";

    public static async Task<Wire> ConnectAsync(JsonElement dev, CancellationToken ct)
    {
        var wire = new Wire(dev);
        var answer = await wire.TokenAsync(wire._adminId, wire._adminSecret, scope: null, ct);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        wire.AdminToken = answer.Text("access_token");

        return wire;
    }

    public Task<Answer> TokenAsync(string clientId, string secret, string? scope, CancellationToken ct) =>
        FormAsync("/oauth2/token", clientId, secret, [("grant_type", "client_credentials"), .. scope is null ? [] : new[] { ("scope", scope) }], ct);

    public Task<Answer> RevokeAsync(string clientId, string secret, string token, CancellationToken ct) =>
        FormAsync("/oauth2/revoke", clientId, secret, [("token", token)], ct);

    public async Task<bool> IsActiveAsync(string token, CancellationToken ct)
    {
        var answer = await FormAsync("/oauth2/introspect", _adminId, _adminSecret, [("token", token)], ct);
        Assert.Equal(HttpStatusCode.OK, answer.Status);

        return answer.Body.GetProperty("active").GetBoolean();
    }

    public Task<Answer> AdminAsync(HttpMethod method, string path, object? body, CancellationToken ct) =>
        AdminAsync(method, path, body, AdminToken, ct);

    public Task<Answer> AdminAsync(HttpMethod method, string path, object? body, string token, CancellationToken ct) =>
        SendAsync(
            new HttpRequestMessage(method, $"/admin/v1/{path}")
            {
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
                Content = body is null ? null : JsonContent.Create(body),
            },
            ct);

    public void Dispose() => _http.Dispose();

    private Task<Answer> FormAsync(string path, string clientId, string secret, (string Name, string Value)[] parameters, CancellationToken ct) =>
        SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path)
            {
                Headers =
                {
                    Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{clientId}:{secret}"))),
                },
                Content = new FormUrlEncodedContent(parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value))),
            },
            ct);

    private async Task<Answer> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        using (request)
        {
            using var answer = await _http.SendAsync(request, ct);
            var text = await answer.Content.ReadAsStringAsync(ct);

            return new Answer(answer.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text));
        }
    }
}

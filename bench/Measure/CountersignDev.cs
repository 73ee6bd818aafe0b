using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Countersign.Measure;

/// <summary>An account as its client sees it.</summary>
internal sealed record Client(string Id, string ClientId, string Secret)
{
    public string Basic { get; } = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{ClientId}:{Secret}"));
}

/// <summary>`countersign dev` on fresh data, with its admin API at hand.</summary>
internal sealed class CountersignDev : IAsyncDisposable
{
    private static readonly string[] Read = ["read"];

    private readonly HttpClient _http = new();
    private readonly JsonElement _dev;
    private AuthenticationHeaderValue? _administrator;

    private CountersignDev(PinnedProcess process, string data)
    {
        Process = process;
        Data = data;
        _dev = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(data, "dev.json")));
        _http.BaseAddress = process.Address;
    }

    public PinnedProcess Process { get; }

    public string Data { get; }

    public string ApiId => _dev.GetProperty("api").GetProperty("id").GetString()!;

    public string Api => _dev.GetProperty("api").GetProperty("identifier").GetString()!;

    public static async Task<CountersignDev> StartAsync(int cpu)
    {
        var data = Directory.CreateTempSubdirectory("countersign-bench-").FullName;
        var process = await PinnedProcess.StartAsync(cpu, Layout.Countersign, "dev", "--port", "0", "--data", data);
        var server = new CountersignDev(process, data);
        await server.SignInAsync();
        return server;
    }

    /// <summary>An account that gets `read` of the demo API when it asks for nothing, and may introspect what it got.</summary>
    public async Task<Client> AccountAsync(string name, object accessToken)
    {
        var account = await SendAsync(HttpMethod.Post, "/admin/v1/service-accounts", new { name });
        var id = account.GetProperty("id").GetString()!;
        var secret = await SendAsync(HttpMethod.Post, $"/admin/v1/service-accounts/{id}/secrets", new { });
        var grant = new { api = Api, scopes = Read, default_scopes = Read };
        await SendAsync(HttpMethod.Post, $"/admin/v1/service-accounts/{id}/grants", grant);
        await SendAsync(HttpMethod.Post, $"/admin/v1/apis/{ApiId}/resource-servers", new { account = id });
        await SendAsync(HttpMethod.Patch, $"/admin/v1/service-accounts/{id}", new { access_token = accessToken });
        return new Client(id, account.GetProperty("client_id").GetString()!, secret.GetProperty("client_secret").GetString()!);
    }

    /// <summary>An account that signs its assertions, gets `read` of the demo API and ES256 tokens.</summary>
    public async Task<AssertionSigner> SigningAccountAsync(string name, string alg)
    {
        var account = await SendAsync(HttpMethod.Post, "/admin/v1/service-accounts", new { name, access_token = new { format = "jwt", alg = "ES256" } });
        var id = account.GetProperty("id").GetString()!;
        var signer = new AssertionSigner(account.GetProperty("client_id").GetString()!, _dev.GetProperty("issuer").GetString()!, alg);
        await SendAsync(HttpMethod.Post, $"/admin/v1/service-accounts/{id}/keys", new { pem = signer.PublicPem, kid = AssertionSigner.Kid, alg });
        await SendAsync(HttpMethod.Post, $"/admin/v1/service-accounts/{id}/grants", new { api = Api, scopes = Read, default_scopes = Read });
        return signer;
    }

    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = _administrator;
        return JsonSerializer.Deserialize<JsonElement>(await AnswerAsync(request));
    }

    /// <summary>One post as the load will make it; returns the answer's bytes.</summary>
    public Task<byte[]> PostAsync(Posted posted)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, posted.Path)
        {
            Content = new StringContent(posted.Body, Encoding.ASCII, new MediaTypeHeaderValue("application/x-www-form-urlencoded")),
        };
        if (posted.Authorization is { } authorization)
        {
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        }

        return AnswerAsync(request);
    }

    /// <summary>Stops the program, which writes what it held back; the data stay until this is disposed of.</summary>
    public ValueTask StopAsync() => Process.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await StopAsync();
        Directory.Delete(Data, recursive: true);
    }

    private async Task SignInAsync()
    {
        var admin = _dev.GetProperty("admin");
        var client = new Client("", admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!);
        var answer = await PostAsync(new Posted("/oauth2/token", "grant_type=client_credentials", $"Basic {client.Basic}"));
        var token = JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("access_token").GetString()!;
        _administrator = new AuthenticationHeaderValue("Bearer", token);
    }

    private async Task<byte[]> AnswerAsync(HttpRequestMessage request)
    {
        using var response = await _http.SendAsync(request);
        var answer = await response.Content.ReadAsByteArrayAsync();
        return response.IsSuccessStatusCode
            ? answer
            : throw new InvalidOperationException(
                $"{request.Method} {request.RequestUri} → {(int)response.StatusCode} {Encoding.UTF8.GetString(answer)}");
    }
}

using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>Who sends tokens of other issuers, and what its operator sees of that.</summary>
internal sealed class Workload(DevFile dev) : IDisposable
{
    public const string JwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    public const string JwtSpiffe = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";

    private readonly AdminApi _admin = new(dev);
    private readonly HttpClient _http = new();

    /// <summary>The token is taken, and what it gets is this account's.</summary>
    public async Task TakenAsync(string jwt, string clientId, string scope, string type = JwtBearer)
    {
        var (status, answer) = await SendAsync(jwt, scope, type);

        Assert.True(status == 200, answer.GetRawText());
        await IsOfAsync(answer.Text("access_token"), clientId, scope);
    }

    /// <summary>The token is refused, for this reason alone.</summary>
    public async Task RefusedAsync(string check, string jwt, string scope, string type = JwtBearer)
    {
        var (status, answer) = await SendAsync(jwt, scope, type);

        Assert.Equal(401, status);
        Answers.ShowARefusal(answer, "invalid_client");
        Assert.Equal(check, await _admin.FailedCheckAsync(answer.Text("error_description")));
    }

    /// <summary>An access token is good, for this account with this scope.</summary>
    public async Task IsOfAsync(string token, string clientId, string scope)
    {
        var seen = await _admin.IntrospectAsync(token.Trim());

        Assert.True(seen.GetProperty("active").GetBoolean(), token);
        Assert.Equal((clientId, scope), (seen.Text("client_id"), seen.Text("scope")));
    }

    public void Dispose()
    {
        _admin.Dispose();
        _http.Dispose();
    }

    private async Task<(int Status, JsonElement Answer)> SendAsync(string jwt, string scope, string type)
    {
        using var form = new FormUrlEncodedContent(
        [
            new("grant_type", "client_credentials"), new("client_assertion_type", type), new("client_assertion", jwt), new("scope", scope),
        ]);
        using var response = await _http.PostAsync(dev.TokenEndpoint, form, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        return ((int)response.StatusCode, JsonSerializer.Deserialize<JsonElement>(body));
    }
}

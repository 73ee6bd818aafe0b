using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Countersign.Cli;

/// <summary>The access token for the Admin API, got with the profile's secret and kept in memory only.</summary>
internal sealed class AdminToken(HttpClient http, Profile profile, TimeProvider time)
{
    private const string Audience = "urn:countersign:admin";

    // Some changes want a token younger than a quarter of an hour.
    private static readonly TimeSpan LongestUse = TimeSpan.FromMinutes(10);

    private string? _token;
    private long _obtained;
    private TimeSpan _use;

    public async Task<AuthenticationHeaderValue> HeaderAsync(CancellationToken ct)
    {
        if (_token is null || time.GetElapsedTime(_obtained) >= _use)
        {
            _obtained = time.GetTimestamp();
            _token = await ObtainAsync(ct);
        }

        return new AuthenticationHeaderValue("Bearer", _token);
    }

    private async Task<string> ObtainAsync(CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, await TokenEndpointAsync(ct))
        {
            Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("resource", Audience)]),
        };

        // RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
        var credentials = $"{Uri.EscapeDataString(profile.ClientId)}:{Uri.EscapeDataString(profile.RevealSecret())}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));

        using var response = await Wire.SendAsync(http, request, ct);
        var body = await Wire.ReadJsonAsync(response, ct);

        if (!response.IsSuccessStatusCode)
        {
            throw Problem.Of(response.StatusCode, body).Fault($"No token for {profile.ClientId} at {profile.Server}.");
        }

        // A short-lived token is replaced well before its end, in the midst of a long import too.
        var life = Json.At(body ?? default, "expires_in") is { ValueKind: JsonValueKind.Number } given ? given.GetDouble() : 0;
        _use = TimeSpan.FromSeconds(Math.Clamp(life * 0.8, 0, LongestUse.TotalSeconds));

        return Json.Text(body ?? default, "access_token")
            ?? throw CommandFault.Refused("the token endpoint's answer holds no access_token");
    }

    private async Task<Uri> TokenEndpointAsync(CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, profile.Server + "/.well-known/oauth-authorization-server");
        using var response = await Wire.SendAsync(http, request, ct);

        if (!response.IsSuccessStatusCode || await Wire.ReadJsonAsync(response, ct) is not { } metadata)
        {
            throw CommandFault.Refused(
                $"{profile.Server} does not answer as an authorization server: status {(int)response.StatusCode} for its metadata");
        }

        // RFC 8414 §3.3: metadata of another issuer must not be used; it would send the secret elsewhere.
        if (Json.Text(metadata, "issuer") is not { } issuer || issuer.TrimEnd('/') != profile.Server)
        {
            throw CommandFault.Usage(
                $"the server at {profile.Server} calls itself {Json.Text(metadata, "issuer")}: use that name as the server");
        }

        return Uri.TryCreate(Json.Text(metadata, "token_endpoint"), UriKind.Absolute, out var endpoint)
            ? new Uri(Profile.CheckedServer(endpoint.AbsoluteUri))
            : throw CommandFault.Refused($"the metadata of {profile.Server} names no token endpoint");
    }
}

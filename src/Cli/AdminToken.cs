using System.Net.Http.Headers;
using System.Text.Json;

namespace Countersign.Cli;

/// <summary>The access token for the Admin API, got with the profile's secret or key and kept in memory only.</summary>
internal sealed class AdminToken(HttpClient http, Profile profile, TimeProvider time) : IDisposable
{
    private const string Audience = "urn:countersign:admin";

    // Some changes want a token younger than a quarter of an hour.
    private static readonly TimeSpan LongestUse = TimeSpan.FromMinutes(10);

    private readonly TokenClient _tokens = new(http, time);

    private ClientIdentity? _client;
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

    public void Dispose() => _client?.Dispose();

    private async Task<string> ObtainAsync(CancellationToken ct)
    {
        _client ??= profile.Identity();
        var server = await AuthorizationServer.FindAsync(http, profile.Server, ct);
        var body = await _tokens.AskAsync(
            server.TokenEndpoint, _client, server.Issuer, TokenClient.ClientCredentials, [new("resource", Audience)], ct);

        // A short-lived token is replaced well before its end, in the midst of a long import too.
        var life = Json.At(body, "expires_in") is { ValueKind: JsonValueKind.Number } given ? given.GetDouble() : 0;
        _use = TimeSpan.FromSeconds(Math.Clamp(life * 0.8, 0, LongestUse.TotalSeconds));

        return Json.Text(body, "access_token")!;
    }
}

using System.Text.Json;

namespace Countersign.Cli;

/// <summary>An OAuth server by what it says of itself (RFC 8414).</summary>
internal sealed record AuthorizationServer(string Issuer, Uri TokenEndpoint, JsonElement Metadata)
{
    /// <summary>Asks at the place of RFC 8414, then at that of OpenID Connect.</summary>
    public static async Task<AuthorizationServer> FindAsync(HttpClient http, string issuer, CancellationToken ct)
    {
        var url = new Uri(issuer);

        // RFC 8414 §3.1 puts the name before the issuer's path, OpenID Connect Discovery §4 behind it.
        var (first, metadata) = await AskAsync(
            http, $"{url.GetLeftPart(UriPartial.Authority)}/.well-known/oauth-authorization-server{url.AbsolutePath.TrimEnd('/')}", ct);

        if (metadata is null)
        {
            (_, metadata) = await AskAsync(http, $"{issuer.TrimEnd('/')}/.well-known/openid-configuration", ct);
        }

        if (metadata is not { } found)
        {
            throw CommandFault.Refused($"{issuer} does not answer as an authorization server: status {first} for its metadata");
        }

        // RFC 8414 §3.3: metadata of another issuer must not be used; it would send the secret elsewhere.
        if (Json.Text(found, "issuer") is not { } named || named.TrimEnd('/') != issuer.TrimEnd('/'))
        {
            throw CommandFault.Usage($"the server at {issuer} calls itself {Json.Text(found, "issuer")}: use that name as the server");
        }

        return Json.Text(found, "token_endpoint") is { } endpoint && Uri.IsWellFormedUriString(endpoint, UriKind.Absolute)
            ? new AuthorizationServer(named, Wire.CheckedUrl(endpoint), found)
            : throw CommandFault.Refused($"the metadata of {issuer} names no token endpoint");
    }

    private static async Task<(int Status, JsonElement? Metadata)> AskAsync(HttpClient http, string url, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = await Wire.SendAsync(http, request, ct);

        return ((int)response.StatusCode, response.IsSuccessStatusCode ? await Wire.ReadJsonAsync(response, ct) : null);
    }
}

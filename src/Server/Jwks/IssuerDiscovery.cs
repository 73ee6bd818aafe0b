using System.Text.Json;
using Countersign.OAuth;

namespace Countersign.Server.Jwks;

/// <summary>
/// Finds an issuer's JWK set by its metadata. These are believed only where they speak of the issuer as it is configured, and of its own host
/// (R191); the rules and the limit of a fetch hold for all documents together.
/// </summary>
internal static class IssuerDiscovery
{
    private const string OpenId = "/.well-known/openid-configuration";
    private const string OAuth = "/.well-known/oauth-authorization-server";

    /// <summary>The JWK set, or why it cannot be had.</summary>
    public static async Task<Fetched> FetchKeysAsync(string issuer, JwksUrlFacts facts, OutboundFetch fetch, TimeProvider time)
    {
        if ((fetch.Fault(issuer) ?? IssuerFault(issuer)) is { } fault)
        {
            return Fetched.Failed(FetchFailure.Url(fault));
        }

        using var limit = new CancellationTokenSource(OutboundFetch.Limit, time);

        try
        {
            var metadata = await FetchMetadataAsync(issuer, facts, fetch, limit.Token);

            return metadata.Failure is { } failure ? Fetched.Failed(failure == FetchFailure.TimedOut ? failure : FetchFailure.OfDiscovery(failure))
                : JwksUri(metadata.Body!, issuer, facts.JwksHost, fetch, out var refused) is { } url ? await fetch.GetAsync(url, facts.CaCertificates, limit.Token)
                : Fetched.Failed(FetchFailure.Discovery(refused));
        }
        catch (OperationCanceledException)
        {
            return Fetched.Failed(FetchFailure.TimedOut);
        }
    }

    /// <summary>What keeps an issuer's metadata from being found, beside the rules of every URL (RFC 8414 §2).</summary>
    public static string? IssuerFault(string issuer) => issuer.Contains('?', StringComparison.Ordinal) ? "an issuer has no query" : null;

    private static async Task<Fetched> FetchMetadataAsync(string issuer, JwksUrlFacts facts, OutboundFetch fetch, CancellationToken ct)
    {
        var plain = issuer.TrimEnd('/');
        var found = await fetch.GetAsync(plain + OpenId, facts.CaCertificates, ct);

        if (found.Failure != FetchFailure.Status(404))
        {
            return found;
        }

        // RFC 8414 §3.1: before the issuer's path, not behind it.
        var path = plain.IndexOf('/', plain.IndexOf("://", StringComparison.Ordinal) + 3);

        return await fetch.GetAsync(path < 0 ? plain + OAuth : plain[..path] + OAuth + plain[path..], facts.CaCertificates, ct);
    }

    private static string? JwksUri(byte[] body, string issuer, string? otherHost, OutboundFetch fetch, out string refused)
    {
        if (StrictJson.Fault(body) is { } fault)
        {
            refused = fault;

            return null;
        }

        using var metadata = JsonDocument.Parse(body);

        if (!metadata.RootElement.TryGetProperty("issuer", out var stated) || stated.ValueKind != JsonValueKind.String || !stated.ValueEquals(issuer))
        {
            refused = "its issuer is not exactly the configured one: a slash at the end and capital letters count";

            return null;
        }

        if (!metadata.RootElement.TryGetProperty("jwks_uri", out var uri) || uri.ValueKind != JsonValueKind.String)
        {
            refused = "it has no jwks_uri";

            return null;
        }

        var url = uri.GetString()!;
        refused = fetch.Fault(url) is { } urlFault ? $"its jwks_uri may not be fetched: {urlFault}" : HostFault(url, issuer, otherHost) ?? "";

        return refused.Length == 0 ? url : null;
    }

    private static string? HostFault(string url, string issuer, string? otherHost)
    {
        var (keys, own) = (new Uri(url), new Uri(issuer));

        // What the issuer promises by https it does not take back in its own metadata.
        return keys.Scheme != own.Scheme && keys.Scheme != Uri.UriSchemeHttps ? "its jwks_uri is http, and the issuer is https"
            : IsHost(keys, own.IdnHost) || (otherHost is not null && IsHost(keys, otherHost)) ? null
            : "its jwks_uri is on another host than the issuer: name that host in jwks_host if it is the issuer's too";
    }

    private static bool IsHost(Uri url, string host) => url.IdnHost.TrimEnd('.').Equals(host.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);
}

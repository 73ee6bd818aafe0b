using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Server.Jwks;

/// <summary>What a fetch brought: the document and how long its host says it is fresh, or the failure.</summary>
internal sealed record Fetched(byte[]? Body, TimeSpan? MaxAge, FetchFailure? Failure)
{
    public static Fetched Failed(FetchFailure failure) => new(null, null, failure);
}

/// <summary>
/// One GET of a JSON document from a host that nobody has reason to trust (R184 to R190). Each fetch has a connection of its own, so that none is
/// used again unchecked, and every time limit is the fetch's own.
/// </summary>
internal sealed class OutboundFetch(OutboundRules rules, ResolveHost resolve, TimeProvider time)
{
    public const int MaxBody = 256 * 1024;

    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly OutboundConnection _connection = new(rules, resolve, time);

    /// <summary>What keeps a URL from being fetched, before anything is connected to; null when nothing does.</summary>
    public string? Fault(string url) => JwksUrl.Fault(url, rules);

    /// <summary>Fetches a document. Only the caller's cancellation is thrown.</summary>
    /// <param name="url">The URL as it was configured; judged again here.</param>
    /// <param name="caCertificates">In PEM: the only authorities that may vouch for the host; null for those of the system.</param>
    /// <param name="ct">Ends the fetch before its own limit.</param>
    public async Task<Fetched> GetAsync(string url, string? caCertificates, CancellationToken ct)
    {
        if (JwksUrl.Read(url, rules, out var fault) is not { } target)
        {
            return Fetched.Failed(FetchFailure.Url(fault!));
        }

        fault = null;
        var authorities = caCertificates is null ? null : CaBundle.Read(caCertificates, out fault);

        if (fault is not null)
        {
            return Fetched.Failed(FetchFailure.Bundle(fault));
        }

        using var limit = new CancellationTokenSource(Limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);

        try
        {
            return await GetAsync(target, authorities, both.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The handler's own limit, for connecting, ends as this does.
            return Fetched.Failed(limit.IsCancellationRequested ? FetchFailure.TimedOut : FetchFailure.ConnectTimedOut);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return Fetched.Failed(FailureOf(exception));
        }
        finally
        {
            foreach (var authority in authorities ?? [])
            {
                authority.Dispose();
            }
        }
    }

    private async Task<Fetched> GetAsync(Uri url, X509Certificate2Collection? authorities, CancellationToken ct)
    {
        using var handler = Handler(url, authorities);
        using var http = new HttpMessageInvoker(handler, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("Accept", "application/jwk-set+json, application/json");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Headers.TryAddWithoutValidation("User-Agent", "countersign");
        request.Headers.ConnectionClose = true;

        using var response = await http.SendAsync(request, ct);

        if (Refusal(response) is { } refusal)
        {
            return Fetched.Failed(refusal);
        }

        var body = await ReadAsync(response.Content, ct);

        return body is null ? Fetched.Failed(FetchFailure.TooLarge) : new Fetched(body, MaxAge(response), null);
    }

    private SocketsHttpHandler Handler(Uri url, X509Certificate2Collection? authorities)
    {
        // Nothing that the host's certificate names is downloaded: intermediate certificates and revocation lists would be fetched past all rules.
        var policy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };

        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        var opened = 0;

        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PreAuthenticate = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = OutboundConnection.Limit,
            MaxResponseHeadersLength = 32,
            MaxResponseDrainSize = 0,

            // One connection: the handler would try again when a host hangs up at once.
            ConnectCallback = async (_, connecting) => Interlocked.Increment(ref opened) == 1
                ? await _connection.OpenAsync(url, connecting)
                : throw new FetchFault(FetchFailure.BrokenOff),
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = policy,

                // What one fetch agreed on with the host is no business of the next, which may trust others (R197).
                AllowTlsResume = false,
            },
        };
    }

    private static FetchFailure? Refusal(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;

        return status is >= 300 and < 400 ? FetchFailure.Redirected
            : status != 200 ? FetchFailure.Status(status)
            : !IsJson(response.Content.Headers) ? FetchFailure.NotJson
            : response.Content.Headers.ContentEncoding.Any(e => !e.Equals("identity", StringComparison.OrdinalIgnoreCase)) ? FetchFailure.Encoded
            : response.Content.Headers.ContentLength > MaxBody ? FetchFailure.TooLarge
            : null;
    }

    private static bool IsJson(HttpContentHeaders headers) =>
        headers.ContentType?.MediaType is { } type
        && type.StartsWith("application/", StringComparison.OrdinalIgnoreCase)
        && (type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    private static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken ct)
    {
        await using var stream = await content.ReadAsStreamAsync(ct);
        var buffer = new byte[16 * 1024];
        var length = 0;

        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), ct);

            if (read == 0)
            {
                return buffer[..length];
            }

            length += read;

            if (length > MaxBody)
            {
                return null;
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, MaxBody + 1));
            }
        }
    }

    // RFC 9111 §4.2: what a cache on the way has used up is no longer fresh.
    private static TimeSpan? MaxAge(HttpResponseMessage response) =>
        response.Headers.CacheControl is not { } cache ? null
        : cache.NoStore || cache.NoCache ? TimeSpan.Zero
        : cache.MaxAge - (response.Headers.Age ?? TimeSpan.Zero);

    private static FetchFailure FailureOf(Exception exception) => (exception, exception.InnerException) switch
    {
        (FetchFault fault, _) => fault.Failure,
        (_, FetchFault fault) => fault.Failure,
        (_, OperationCanceledException) => FetchFailure.ConnectTimedOut,
        (HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }, _) => FetchFailure.NotTrusted,
        _ => FetchFailure.BrokenOff,
    };
}

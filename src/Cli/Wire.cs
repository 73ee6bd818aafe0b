using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli;

/// <summary>One HTTP exchange; whatever keeps it from happening is "cannot reach the server".</summary>
internal static class Wire
{
    private const int LargestAnswer = 64 * 1024 * 1024;

    public static HttpClient NewClient() =>
        new(new SocketsHttpHandler
        {
            // A redirect would carry the token to wherever it points.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        })
        {
            Timeout = TimeSpan.FromSeconds(100),
            MaxResponseContentBufferSize = LargestAnswer,
        };

    /// <summary>A secret or a token must not cross a network in the clear, so plain http is for this machine only.</summary>
    public static Uri CheckedUrl(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Fragment is "" && uri.UserInfo is ""
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && IsThisMachine(uri)))
            ? uri
            : throw CommandFault.Usage($"'{url}' is not a server: an https URL is needed, or http on localhost");

    public static async Task<HttpResponseMessage> SendAsync(HttpClient http, HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            return await http.SendAsync(request, ct);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(request, e.InnerException?.Message ?? e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Unreachable(request, "no answer in time");
        }
    }

    /// <summary>With its length before it, which some proxies insist on.</summary>
    public static HttpContent JsonBody(JsonObject body) =>
        new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString())) { Headers = { ContentType = new("application/json") } };

    /// <summary>The body as JSON, or nothing where it is not JSON.</summary>
    public static async Task<JsonElement?> ReadJsonAsync(HttpResponseMessage response, CancellationToken ct)
    {
        try
        {
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(ct));

            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsThisMachine(Uri uri) =>
        uri.IsLoopback || uri.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static CommandFault Unreachable(HttpRequestMessage request, string why) =>
        new(ExitCode.Unreachable, $"cannot reach {request.RequestUri!.GetLeftPart(UriPartial.Authority)}: {why}");
}

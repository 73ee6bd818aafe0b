using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Dpop;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Countersign.Server;

/// <summary>The only place where an OAuth outcome becomes HTTP.</summary>
internal static class OAuthAnswer
{
    private static readonly StringValues s_json = "application/json";
    private static readonly StringValues s_noStore = "no-store";
    private static readonly StringValues s_noCache = "no-cache";

    /// <summary>RFC 6749 §5.1: an answer that holds a token, or tells of one, is kept by nobody.</summary>
    public static void Write(HttpContext http, int status, ReadOnlySpan<byte> body, string? mediaType = null)
    {
        var response = http.Response;
        response.StatusCode = status;
        NotStored(response);

        if (!body.IsEmpty)
        {
            response.Headers.ContentType = mediaType ?? s_json;
        }

        response.ContentLength = body.Length;
        response.BodyWriter.Write(body);
    }

    /// <param name="trace">What leads an operator to the reason; the only part in which two refusals of one kind differ (R38).</param>
    public static void Refuse(HttpContext http, OAuthError error, Guid trace)
    {
        var buffer = new ArrayBufferWriter<byte>(256);

        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("error"u8, error.Code);
            json.WriteString("error_description"u8, Describe(error, trace));
            json.WriteEndObject();
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = Challenge(http.Request, error);
        }

        if (error.DpopNonce is { } nonce)
        {
            http.Response.Headers[DpopGuard.NonceHeader] = nonce;
        }

        if (error.RetryAfter is { } wait)
        {
            http.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        Write(http, error.Status, buffer.WrittenSpan);
    }

    public static string Describe(OAuthError error, Guid trace) => $"{error.Description} (trace {trace})";

    private static void NotStored(HttpResponse response)
    {
        response.Headers.CacheControl = s_noStore;
        response.Headers.Pragma = s_noCache;
    }

    // RFC 6749 §5.2: the scheme that the client tried, else the one that it may.
    private static string Challenge(HttpRequest request, OAuthError error)
    {
        var tried = request.Headers.Authorization.ToString();

        return tried.Equals("Bearer", StringComparison.OrdinalIgnoreCase) || tried.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? $"Bearer realm=\"countersign\", error=\"invalid_token\", error_description=\"{error.Description}\""
            : tried.StartsWith("DPoP ", StringComparison.OrdinalIgnoreCase)
            ? $"DPoP algs=\"{string.Join(' ', DpopGuard.Algorithms)}\", error=\"invalid_token\", error_description=\"{error.Description}\""
            : "Basic realm=\"countersign\", charset=\"UTF-8\"";
    }
}

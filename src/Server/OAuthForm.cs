using Countersign.OAuth;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Countersign.Server;

/// <summary>Reads the form of an OAuth request, strictly: the framework's reader takes multipart, other charsets and names in any case.</summary>
internal static class OAuthForm
{
    /// <summary>The largest body of an OAuth endpoint, in bytes (R8).</summary>
    public const int Limit = 64 * 1024;

    private const string Form = "application/x-www-form-urlencoded";

    private static readonly string[] s_secretParameters = ["client_secret", "client_assertion", "token", "assertion", "subject_token", "actor_token", "password"];

    // RFC 9110 §5.3, RFC 9449 §4.3: one proof of each kind in a request.
    private static readonly string[] s_onceHeaders = ["Authorization", "DPoP", "OAuth-Client-Attestation", "OAuth-Client-Attestation-PoP"];

    public static async ValueTask<Result<FormParameters>> ReadAsync(HttpRequest request, CancellationToken ct, params string[] repeatable)
    {
        if (Refusal(request) is { } refusal)
        {
            return refusal;
        }

        var reader = request.BodyReader;

        while (true)
        {
            var read = await reader.ReadAsync(ct);
            var buffer = read.Buffer;

            if (buffer.Length > Limit)
            {
                reader.AdvanceTo(buffer.End);

                return TooLarge();
            }

            if (read.IsCompleted)
            {
                var form = buffer.IsSingleSegment
                    ? FormParameters.Decode(buffer.FirstSpan, repeatable)
                    : FormParameters.Decode(System.Buffers.BuffersExtensions.ToArray(buffer), repeatable);
                reader.AdvanceTo(buffer.End);

                return form;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static OAuthError? Refusal(HttpRequest request)
    {
        if (request.ContentLength > Limit)
        {
            return TooLarge();
        }

        if (HasRepeatedCredential(request.Headers))
        {
            return OAuthError.InvalidRequest(
                "a header that holds credentials is repeated",
                new FailedCheck("credential-headers", "a header that proves something occurs twice, or holds a list", Expected: "each once: " + string.Join(", ", s_onceHeaders)));
        }

        if (!IsForm(request.ContentType, out var charset))
        {
            return OAuthError.InvalidRequest(
                "the content type must be application/x-www-form-urlencoded",
                new FailedCheck("content-type", "the body is not a form", Expected: Form));
        }

        if (charset is not (null or "utf-8"))
        {
            return OAuthError.InvalidRequest("the charset must be utf-8", new FailedCheck("charset", "the form is in another charset", Expected: "utf-8"));
        }

        if (!StringValues.IsNullOrEmpty(request.Headers.ContentEncoding))
        {
            return OAuthError.UnsupportedMedia("a content encoding is not taken", new FailedCheck("content-encoding", "the body is encoded"));
        }

        // RFC 6749 §2.3.1: credentials must not be in the URI, where logs and histories keep them.
        if (request.QueryString.HasValue && QueryHelpers.ParseQuery(request.QueryString.Value).Keys.Any(s_secretParameters.Contains))
        {
            return OAuthError.InvalidRequest(
                "credentials and tokens must be in the body",
                new FailedCheck("query", "a parameter that is secret stood in the query string", Hint: "have the client send it in the form body, and replace the secret"));
        }

        return null;
    }

    private static OAuthError TooLarge() => OAuthError.TooLarge(new FailedCheck("body-size", $"the body is larger than {Limit} bytes"));

    private static bool HasRepeatedCredential(IHeaderDictionary headers)
    {
        foreach (var name in s_onceHeaders)
        {
            if (IsRepeated(headers[name]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a header that proves something occurs twice, or holds a list (R15).</summary>
    public static bool IsRepeated(StringValues header) => header.Count > 1 || (header.Count == 1 && header[0]!.Contains(','));

    private static bool IsForm(string? contentType, out string? charset)
    {
        charset = null;

        // The usual text, without a parse.
        if (contentType == Form)
        {
            return true;
        }

        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || !type.MediaType.Equals(Form, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        foreach (var parameter in type.Parameters)
        {
            // The first that is not UTF-8 counts, however many there are.
            if (parameter.Name.Equals("charset", StringComparison.OrdinalIgnoreCase) && charset is null or "utf-8")
            {
                charset = HeaderUtilities.RemoveQuotes(parameter.Value).ToString().ToLowerInvariant();
            }
        }

        return true;
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Countersign.Server.Admin;

/// <summary>The bodies that the admin API reads: JSON in UTF-8, as it is (R228).</summary>
internal static class JsonMedia
{
    public const string Sentence = "the body must be application/json in UTF-8, or application/merge-patch+json in a PATCH, without content encoding";

    /// <summary>What is wrong with the form of the body, or null. The framework takes any <c>+json</c>, in any charset.</summary>
    public static string? Fault(HttpContext http)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true })
        {
            return null;
        }

        return StringValues.IsNullOrEmpty(http.Request.Headers.ContentEncoding) && IsJson(http.Request) ? null : Sentence;
    }

    private static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (HttpMethods.IsPatch(request.Method) && type.MediaType.Equals("application/merge-patch+json", StringComparison.OrdinalIgnoreCase)))
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}

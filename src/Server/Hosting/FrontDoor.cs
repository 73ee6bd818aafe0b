using System.Net;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Countersign.Server.Hosting;

/// <summary>
/// What holds for every request: the headers of each answer, no secrets over plain HTTP, the tenant by host name, and one place where an
/// unexpected exception becomes an answer that tells nothing. It takes no part in a decision of the protocol.
/// </summary>
internal sealed partial class FrontDoor(RequestDelegate next, TenantDirectory tenants, ChangeFeed feed, TimeProvider time, ILogger<FrontDoor> logger)
{
    /// <summary>How old a node's state may be before it refuses rather than serve it (R243).</summary>
    public static readonly TimeSpan OldestState = TimeSpan.FromMinutes(5);

    private static readonly StringValues s_nosniff = "nosniff";
    private static readonly StringValues s_noReferrer = "no-referrer";
    private static readonly StringValues s_hsts = "max-age=31536000";
    private static readonly StringValues s_close = "close";

    public async Task InvokeAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = s_nosniff;
        headers["Referrer-Policy"] = s_noReferrer;

        if (http.Request.IsHttps)
        {
            headers.StrictTransportSecurity = s_hsts;
        }

        try
        {
            if (Refused(http) is { } status)
            {
                await AnswerAsync(http, status, null);

                return;
            }

            await next(http);

            // No route, or none for the method: routing leaves the status alone.
            if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await AnswerAsync(http, http.Response.StatusCode, null);
            }
        }
        catch (Exception exception) when (http.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            // The caller is gone; nobody reads an answer.
        }
        catch (BadHttpRequestException exception)
        {
            await AnswerAsync(http, exception.StatusCode, null, Fault(exception));
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            // So the web server reports a chunk size beyond all bounds.
            await AnswerAsync(http, StatusCodes.Status400BadRequest, null);
        }
        catch (Exception exception)
        {
            var trace = Guid.CreateVersion7(time.GetUtcNow());
            var away = StorageFault.Is(exception);
            LogUnexpected(trace, exception.GetType().FullName!, exception.InnerException?.GetType().FullName, exception.StackTrace);
            await AnswerAsync(http, away ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError, trace);
        }
    }

    private int? Refused(HttpContext http)
    {
        var path = http.Request.Path;

        // RFC 9110 §9.1: methods are case-sensitive; routing would take any case.
        if (HasStrangeCoding(http.Request) || http.Request.Method.AsSpan().ContainsAnyInRange('a', 'z'))
        {
            http.Response.Headers.Connection = s_close;

            return StatusCodes.Status400BadRequest;
        }

        if (path.StartsWithSegments("/health"))
        {
            return null;
        }

        if (!http.Request.IsHttps && !IsLocal(http.Connection.RemoteIpAddress))
        {
            // Refused, not redirected: the secret has already crossed the network in clear (R2).
            return StatusCodes.Status403Forbidden;
        }

        if (tenants.ByHost(http.Request.Host.Host) is not { } tenant)
        {
            return StatusCodes.Status421MisdirectedRequest;
        }

        http.Features.Set(tenant);

        return feed.Behind > OldestState && !path.StartsWithSegments("/.well-known") && !path.StartsWithSegments("/oauth2/jwks")
            ? StatusCodes.Status503ServiceUnavailable
            : null;
    }

    // RFC 9112 §6.1: the web server takes any list that ends in chunked, and takes it in HTTP/1.0, where another reader would not (R5).
    private static bool HasStrangeCoding(HttpRequest request)
    {
        var codings = request.Headers.TransferEncoding;

        return codings.Count > 0
            && (codings.Count > 1 || !string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase) || !HttpProtocol.IsHttp11(request.Protocol));
    }

    // Loopback is not a network that others listen on; a trusted proxy on it says https for what came to it that way.
    private static bool IsLocal(IPAddress? address) => address is null || IPAddress.IsLoopback(address);

    private static Task AnswerAsync(HttpContext http, int status, Guid? trace, string? detail = null)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();

            return Task.CompletedTask;
        }

        var headers = http.Response.Headers;
        headers.Remove("Content-Length");

        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            headers.RetryAfter = "5";
        }

        if (http.Request.Path.StartsWithSegments("/admin"))
        {
            return Problems.WriteAsync(http, status, detail ?? Sentence(status), trace);
        }

        var code = status switch
        {
            StatusCodes.Status503ServiceUnavailable => "temporarily_unavailable",
            StatusCodes.Status500InternalServerError => "server_error",
            _ => "invalid_request",
        };
        var description = trace is { } id ? $"{Sentence(status)} (trace {id})" : Sentence(status);
        OAuthAnswer.Write(http, status, System.Text.Encoding.ASCII.GetBytes($$"""{"error":"{{code}}","error_description":"{{description}}"}"""));

        return Task.CompletedTask;
    }

    private static string? Fault(BadHttpRequestException exception) => exception switch
    {
        InvalidQueryException => exception.Message,
        { InnerException: System.Text.Json.JsonException json } => JsonFault(json),
        _ => null,
    };

    private static string JsonFault(System.Text.Json.JsonException exception) =>
        exception.Path is { Length: > 0 } path && path.All(c => c is >= ' ' and <= '~' and not '"' and not '\\')
            ? $"the JSON body does not fit at {path}: an unknown or repeated member, or a value of another type"
            : "the JSON body is malformed, or holds a member that is unknown or repeated";

    private static string Sentence(int status) => status switch
    {
        StatusCodes.Status404NotFound => "there is nothing at this address",
        StatusCodes.Status405MethodNotAllowed => "the method is not one of this address",
        StatusCodes.Status403Forbidden => "this address is served over https only",
        StatusCodes.Status421MisdirectedRequest => "no tenant is served on this host name",
        StatusCodes.Status413PayloadTooLarge => "the request is too large",
        StatusCodes.Status415UnsupportedMediaType => "the media type is not taken here",
        StatusCodes.Status408RequestTimeout => "the request came too slowly",
        StatusCodes.Status503ServiceUnavailable => "the server cannot answer now",
        StatusCodes.Status500InternalServerError => "the server met an unexpected condition",
        _ => "the request is malformed",
    };

    // The exception's own text is left out: it may hold values of the request (R120, R239).
    [LoggerMessage(LogLevel.Error, "request failed, trace {Trace}: {Type} (inner {Inner}) {Stack}")]
    private partial void LogUnexpected(Guid trace, string type, string? inner, string? stack);
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Countersign.Server.Admin;

/// <summary>Problem details (RFC 9457), the one error form of the admin API.</summary>
internal static class Problems
{
    public static ProblemHttpResult Of(AdminCaller caller, Refusal refusal)
    {
        Guid? trace = null;

        if (refusal.Status == StatusCodes.Status403Forbidden)
        {
            trace = caller.RecordRefusal(refusal);
        }

        return TypedResults.Problem(Details(refusal, trace));
    }

    public static ProblemDetails Details(Refusal refusal, Guid? trace)
    {
        var details = new ProblemDetails
        {
            Type = "about:blank",
            Title = ReasonPhrases.GetReasonPhrase(refusal.Status),
            Status = refusal.Status,
            Detail = refusal.Detail,
        };

        if (trace is { } id)
        {
            details.Extensions["trace_id"] = id.ToString();
        }

        if (refusal.Errors is { } errors)
        {
            details.Extensions["errors"] = errors;
        }

        return details;
    }

    /// <summary>Gives the framework's own refusals, which come without a body, the form of all others.</summary>
    public static Task FillAsync(HttpContext http)
    {
        var response = http.Response;

        if (response.HasStarted || response.StatusCode < StatusCodes.Status400BadRequest || response.ContentType is not null)
        {
            return Task.CompletedTask;
        }

        var detail = response.StatusCode switch
        {
            StatusCodes.Status404NotFound => "there is nothing at this address",
            StatusCodes.Status405MethodNotAllowed => "the method is not taken at this address",
            StatusCodes.Status415UnsupportedMediaType => JsonMedia.Sentence,
            _ => "a parameter has a value of another type",
        };

        return WriteAsync(http, response.StatusCode, detail, null);
    }

    /// <summary>Writes a problem where no handler is at work.</summary>
    public static Task WriteAsync(HttpContext http, int status, string detail, Guid? trace)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.CacheControl = "no-store";

        return http.Response.WriteAsJsonAsync(
            Details(new Refusal(status, detail), trace), AdminJson.Options, "application/problem+json", http.RequestAborted);
    }
}

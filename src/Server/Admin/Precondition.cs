using System.Globalization;
using Countersign.Server.Data;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Admin;

/// <summary>The version of a resource as its entity tag, and the caller's <c>If-Match</c> (RFC 9110 §13.1.1).</summary>
internal static class Precondition
{
    public static string Tag(int version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    public static void Tag(HttpContext http, IVersioned row) => http.Response.Headers.ETag = Tag(row.Version);

    /// <summary>Refuses a change to another version than the caller has seen, and one without a version where the tenant demands it.</summary>
    public static Refusal? Check(HttpContext http, AdminCaller caller, IVersioned row)
    {
        var asked = http.Request.Headers.IfMatch.ToString();

        if (asked.Length == 0)
        {
            return caller.Snapshot.RequireIfMatch
                ? new Refusal(StatusCodes.Status428PreconditionRequired, "this tenant demands If-Match on each change: send the ETag that you read")
                : null;
        }

        return asked == "*" || asked.Split(',', StringSplitOptions.TrimEntries).Contains(Tag(row.Version))
            ? null
            : new Refusal(StatusCodes.Status412PreconditionFailed, "the resource has changed since you read it: read it again, then repeat your change");
    }
}

using Countersign.Server.Hosting;
using Countersign.Server.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Server.Discovery;

/// <summary>What a client or an API reads to find and trust this server; answered from memory (R167).</summary>
internal sealed class DiscoveryEndpoints(TimeProvider time)
{
    private static readonly string s_cacheControl = $"public, max-age={(int)KeyTimes.JwksMaxAge.TotalSeconds}";

    public static void Map(IEndpointRouteBuilder routes, DiscoveryEndpoints endpoints)
    {
        routes.MapGet("/.well-known/oauth-authorization-server", http => endpoints.DocumentAsync(http, m => m.OAuth)).ExcludeFromDescription();
        routes.MapGet("/.well-known/openid-configuration", http => endpoints.DocumentAsync(http, m => m.OpenId)).ExcludeFromDescription();
        routes.MapGet("/.well-known/oauth-protected-resource/admin/v1", http => endpoints.DocumentAsync(http, m => m.ProtectedResource)).ExcludeFromDescription();
        routes.MapGet("/oauth2/jwks", endpoints.JwksAsync).ExcludeFromDescription();
    }

    private Task DocumentAsync(HttpContext http, Func<Metadata, byte[]> which) => AnswerAsync(http, which(Metadata.Of(http.GetTenant().Snapshot, time.GetUtcNow())), null);

    private Task JwksAsync(HttpContext http)
    {
        var published = http.GetTenant().Snapshot.Keys.Published(time.GetUtcNow());

        return AnswerAsync(http, published.Body, published.ETag);
    }

    private static Task AnswerAsync(HttpContext http, byte[] body, string? etag)
    {
        var response = http.Response;
        response.Headers.CacheControl = s_cacheControl;

        if (etag is not null)
        {
            response.Headers.ETag = etag;

            if (http.Request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Contains(etag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;

                return Task.CompletedTask;
            }
        }

        response.ContentType = "application/json";
        response.ContentLength = body.Length;

        return response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }
}

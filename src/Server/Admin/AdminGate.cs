using System.Net;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Data;
using Countersign.Server.Dpop;
using Countersign.Server.Hosting;
using Countersign.Server.Introspection;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Admin;

/// <summary>What a route of the admin API demands of its caller.</summary>
/// <param name="Scope">A scope of the admin API; empty for any administrator.</param>
/// <param name="Sensitive">Whether the token must be young (R226).</param>
internal sealed record AdminPermission(string Scope, bool Sensitive = false);

/// <summary>Marks the few routes under <c>/admin</c> that need no token.</summary>
internal sealed record OpenToAll;

/// <summary>
/// Lets a request through to a route of the admin API when its token carries the scope that the route names. A route that names none is closed.
/// It stands before the body is read.
/// </summary>
internal sealed class AdminGate(RequestDelegate next, AuditWriter audit, FailureLimiter limiter, DpopGuard dpop, Store store, TimeProvider time)
{
    /// <summary>How old the token of a sensitive change may be.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(15);

    public Task InvokeAsync(HttpContext http) => http.Request.Path.StartsWithSegments("/admin") ? GuardAsync(http) : next(http);

    private async Task GuardAsync(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";

        // The framework's own answer to a wrong path, method or media type has no metadata of ours, and tells nothing.
        if (http.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<OpenToAll>() is null)
        {
            if (endpoint.Metadata.GetMetadata<AdminPermission>() is not { } permission)
            {
                await RefuseAsync(http, StatusCodes.Status403Forbidden, "the route is open to nobody", null, null);

                return;
            }

            if (await CallerAsync(http, permission) is not { } caller)
            {
                return;
            }

            http.Features.Set(caller);
        }

        if (JsonMedia.Fault(http) is { } media)
        {
            await Problems.WriteAsync(http, StatusCodes.Status415UnsupportedMediaType, media, null);

            return;
        }

        if (QueryRules.Fault(http) is { } query)
        {
            await Problems.WriteAsync(http, StatusCodes.Status400BadRequest, query, null);

            return;
        }

        await GoOnAsync(http);
    }

    private async Task GoOnAsync(HttpContext http)
    {
        try
        {
            await next(http);
            await Problems.FillAsync(http);
        }
        catch (DbUpdateConcurrencyException) when (!http.Response.HasStarted)
        {
            var asked = http.Request.Headers.IfMatch.Count > 0;
            await Problems.WriteAsync(
                http,
                asked ? StatusCodes.Status412PreconditionFailed : StatusCodes.Status409Conflict,
                "somebody else changed this at the same moment: read it again, then repeat your change",
                null);
        }
        catch (DbUpdateException exception) when (!http.Response.HasStarted && store.Engine.IsUniqueViolation(exception))
        {
            await Problems.WriteAsync(http, StatusCodes.Status409Conflict, "one with this name or identifier exists already", null);
        }
        catch (DbUpdateException exception) when (!http.Response.HasStarted && store.Engine.IsReferenceViolation(exception))
        {
            await Problems.WriteAsync(http, StatusCodes.Status409Conflict, "something still belongs to it, or what it refers to is gone", null);
        }
    }

    private async Task<AdminCaller?> CallerAsync(HttpContext http, AdminPermission permission)
    {
        if (http.Request.Headers.Authorization.Count == 0)
        {
            // RFC 6750 §3.1: nothing was tried, so nothing is said to be wrong.
            await RefuseAsync(http, StatusCodes.Status401Unauthorized, "an access token for the admin API is needed", "", null);

            return null;
        }

        if (OAuthForm.IsRepeated(http.Request.Headers.Authorization))
        {
            await Problems.WriteAsync(http, StatusCodes.Status400BadRequest, "the Authorization header is repeated, or holds a list", null);

            return null;
        }

        var tenant = http.GetTenant();
        var now = time.GetUtcNow();
        LiveToken? live = null;
        string? reason = "the Authorization header is not one bearer token";

        var presented = BearerToken.Read(http.Request);
        DpopFault? fault = null;

        if (presented is not null)
        {
            (live, reason) = await TokenInspection.InspectAsync(tenant, tenant.Snapshot, presented.Text, now, http.RequestAborted);
        }

        if (live?.Token.Audience is { } audience && (audience.Length != 1 || audience[0] != AdminApi.Identifier))
        {
            (live, reason) = (null, $"the token is for {string.Join(' ', audience)}");
        }

        if (live is not null && (fault = await dpop.UseFaultAsync(http.Request, presented!, live.Token, tenant.Snapshot, now)) is not null)
        {
            (live, reason) = (null, fault.Failed.Detail);
        }

        if (live is null)
        {
            // A client that is only told a nonce has done nothing wrong.
            var locked = fault?.Nonce is null ? limiter.Failed(tenant.Id, BearerToken.FailuresName, http.Connection.RemoteIpAddress) : null;

            if (fault?.Nonce is { } nonce)
            {
                http.Response.Headers[DpopGuard.NonceHeader] = nonce;
            }

            await RefuseAsync(
                http,
                locked is null ? StatusCodes.Status401Unauthorized : StatusCodes.Status429TooManyRequests,
                "the access token is not valid here",
                locked is null ? $"error=\"{fault?.Error ?? DpopGuard.InvalidToken}\"" : null,
                Event(http, tenant, now, reason!),
                locked,
                wantsProof: fault is not null || presented is { IsDpop: true });

            return null;
        }

        if (presented!.IsDpop)
        {
            dpop.TellNext(http, tenant.Snapshot, now);
        }

        var caller = new AdminCaller(
            tenant, new LiveAdminToken(live.Token, live.Account), http.Connection.RemoteIpAddress?.ToString(), $"{http.Request.Method} {Route(http)}", now, audit);

        if (permission.Scope.Length > 0 && (!BearerToken.HasScope(live.Token, permission.Scope) || !caller.Held.Permissions.ContainsKey(permission.Scope)))
        {
            var refusal = Refusal.Forbidden($"the permission {permission.Scope} is needed");
            await RefuseAsync(
                http, refusal.Status, refusal.Detail, $"error=\"insufficient_scope\", scope=\"{permission.Scope}\"", caller.RecordRefusal(refusal));

            return null;
        }

        if (permission.Sensitive && now - DateTimeOffset.FromUnixTimeSeconds(live.Token.IssuedAt) > FreshFor)
        {
            var refusal = new Refusal(StatusCodes.Status401Unauthorized, "this change needs a token that is at most 15 minutes old: get a new one");
            await RefuseAsync(
                http,
                refusal.Status,
                refusal.Detail,
                $"error=\"insufficient_user_authentication\", max_age=\"{(int)FreshFor.TotalSeconds}\"",
                caller.RecordRefusal(refusal));

            return null;
        }

        return caller;
    }

    private Guid Event(HttpContext http, Tenant tenant, DateTimeOffset now, string reason)
    {
        var row = AuditEvents.Change("admin", tenant.Id, now, null, null);
        row.Outcome = "refused";
        row.Error = "invalid_token";
        row.Detail = reason;
        row.Source = (http.Connection.RemoteIpAddress ?? IPAddress.None).ToString();
        row.Method = $"{http.Request.Method} {Route(http)}";
        audit.Add(row);

        return row.Id;
    }

    private static string Route(HttpContext http) => (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "?";

    private static Task RefuseAsync(HttpContext http, int status, string detail, string? challenge, Guid? trace, TimeSpan? wait = null, bool wantsProof = false)
    {
        if (challenge is not null)
        {
            var metadata = $"resource_metadata=\"{http.GetTenant().Snapshot.Issuer}/.well-known/oauth-protected-resource/admin/v1\"";

            // RFC 9449 §7.1: by the scheme that was tried; both where none was.
            var dpop = $"DPoP algs=\"{string.Join(' ', DpopGuard.Algorithms)}\"";
            http.Response.Headers.WWWAuthenticate = challenge.Length == 0 ? new Microsoft.Extensions.Primitives.StringValues([$"Bearer {metadata}", $"{dpop}, {metadata}"])
                : wantsProof ? $"{dpop}, {challenge}, {metadata}"
                : $"Bearer {challenge}, {metadata}";
        }

        if (wait is { } time)
        {
            http.Response.Headers.RetryAfter = ((long)Math.Ceiling(time.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return Problems.WriteAsync(http, status, detail, trace);
    }
}

internal static class AdminPermissions
{
    /// <summary>States what a route demands.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder route, string scope, bool sensitive = false)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new AdminPermission(scope, sensitive));
}

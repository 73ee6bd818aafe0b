using Countersign.Server.Admin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Who may see and change whom the tenant trusts: a rule of one organization could make another's tokens ambiguous.</summary>
internal static class TrustReach
{
    private const string Read = "trust.read";
    private const string Write = "trust.write";

    /// <summary>For those whose permission to read reaches the whole tenant.</summary>
    public static RouteHandlerBuilder ForReaders(this RouteHandlerBuilder route) => OfTenant(route, Read, sensitive: false);

    /// <summary>For those whose permission to write reaches the whole tenant.</summary>
    public static RouteHandlerBuilder ForWriters(this RouteHandlerBuilder route, bool sensitive = false) => OfTenant(route, Write, sensitive);

    private static RouteHandlerBuilder OfTenant(RouteHandlerBuilder route, string permission, bool sensitive) =>
        route.Requires(permission, sensitive).AddEndpointFilter((context, next) =>
        {
            var caller = context.HttpContext.Features.Get<AdminCaller>()!;

            return caller.ReachesTenant(permission)
                ? next(context)
                : new ValueTask<object?>(Problems.Of(caller, Refusal.Forbidden($"whom the tenant trusts concerns all of it: {permission} must reach the whole tenant")));
        });
}

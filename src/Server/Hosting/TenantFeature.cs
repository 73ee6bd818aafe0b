using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Hosting;

internal static class TenantFeature
{
    /// <summary>The tenant of the request's host name, which <see cref="FrontDoor"/> found.</summary>
    public static Tenant GetTenant(this HttpContext http) =>
        http.Features.Get<Tenant>() ?? throw new InvalidOperationException("the route is served without a tenant");
}

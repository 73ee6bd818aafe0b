using Countersign.Server.Apis;
using Countersign.Server.Audit;
using Countersign.Server.Explanations;
using Countersign.Server.Keys;
using Countersign.Server.Organizations;
using Countersign.Server.Revocation;
using Countersign.Server.Roles;
using Countersign.Server.ServiceAccounts;
using Countersign.Server.Tenants;
using Countersign.Server.TrustedIssuers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Admin;

internal sealed record WhoAmI(Guid Account, string ClientId, Guid Tenant, string[] Scopes, object[] Reach);

/// <summary>The admin API: what it is made of, and its routes.</summary>
internal static class AdminRoutes
{
    public static void AddServices(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(o => AdminJson.Configure(o.SerializerOptions));
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.AddSingleton<CursorKey>();
        services.AddScoped<Safeguards>();
        services.AddScoped<MethodSwitch>();
        services.AddScoped<ClientSecrets>();
        services.AddScoped<AccountKeys>();
        services.AddScoped<RuleSettings>();
        AdminOpenApi.AddServices(services);
    }

    public static void Map(WebApplication app)
    {
        app.UseMiddleware<AdminGate>();

        var admin = app.MapGroup("/admin/v1").WithMetadata(new BodyLimit(1024 * 1024));
        admin.MapGet("/whoami", WhoAmI).Requires("").WithTags("whoami");
        SetupRoutes.Map(admin);
        TenantRoutes.Map(admin);
        GroupRoutes.Map(admin);
        OrganizationRoutes.Map(admin);
        ServiceAccountRoutes.Map(admin);
        SecretRoutes.Map(admin);
        KeyRoutes.Map(admin);
        JwksUrlRoutes.Map(admin);
        TrustedIssuerRoutes.Map(admin);
        TrustRuleRoutes.Map(admin);
        ExchangeRuleRoutes.Map(admin);
        GrantRoutes.Map(admin);
        RoleAssignmentRoutes.Map(admin);
        ImportRoutes.Map(admin);
        ApiRoutes.Map(admin);
        ResourceServerRoutes.Map(admin);
        RoleRoutes.Map(admin);
        SigningKeyRoutes.Map(admin);
        RevocationRoutes.Map(admin);
        AuditRoutes.Map(admin);
        DryRunRoutes.Map(admin);
        ReportRoutes.Map(admin);
        AdminOpenApi.Map(app);
    }

    private static Ok<WhoAmI> WhoAmI(AdminCaller caller)
    {
        var reach = new Reach();

        foreach (var each in caller.Held.Permissions.Values)
        {
            if (each.WholeTenant)
            {
                reach.Add(null, null);
            }

            reach.Groups.UnionWith(each.Groups);
            reach.Organizations.UnionWith(each.Organizations);
        }

        object[] shown = reach.WholeTenant
            ? ["tenant"]
            : [.. reach.Groups.Select(g => new OwnerView(null, g)), .. reach.Organizations.Select(o => new OwnerView(o, null))];

        return TypedResults.Ok(new WhoAmI(caller.Account.Id, caller.Account.ClientId, caller.TenantId, caller.Token.Scope.Split(' '), shown));
    }

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}

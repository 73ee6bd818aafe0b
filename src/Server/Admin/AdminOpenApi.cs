using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Countersign.Server.Admin;

/// <summary>The admin API's own description, OpenAPI 3.1, made from the routes.</summary>
internal static class AdminOpenApi
{
    private const string Name = "v1";

    public static void AddServices(IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = description => description.RelativePath?.StartsWith("admin/v1", StringComparison.Ordinal) == true;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Countersign admin API",
                Version = "v1",
                Description = "Tokens for this API have the audience urn:countersign:admin; each operation names the scope that it needs.",
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" },
            };

            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<AdminPermission>().FirstOrDefault() is { } permission)
            {
                var needs = permission.Scope.Length == 0 ? "Any administrator." : $"Needs the scope `{permission.Scope}`.";
                operation.Description = permission.Sensitive ? $"{needs} The token must be at most 15 minutes old." : needs;
                operation.Security =
                [
                    new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [] },
                ];
            }

            return Task.CompletedTask;
        });
        options.AddSchemaTransformer(async (schema, context, ct) =>
        {
            // A member of a merge patch is described as the value that it takes.
            var type = context.JsonTypeInfo.Type;

            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Patch<>))
            {
                var value = await context.GetOrCreateSchemaAsync(type.GetGenericArguments()[0], cancellationToken: ct);
                schema.Type = value.Type;
                schema.Properties = value.Properties;
                schema.Items = value.Items;
                schema.Format = value.Format;
            }
        });
    });

    public static void Map(WebApplication app) => app.MapOpenApi("/admin/v1/openapi.json").WithMetadata(new OpenToAll());
}

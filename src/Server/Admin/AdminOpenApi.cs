using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Countersign.Server.Admin;

/// <summary>The admin API's own description, OpenAPI 3.1, made from the routes.</summary>
internal static class AdminOpenApi
{
    private const string Name = "v1";
    private const string Uuid = "uuid";

    public static void AddServices(IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = description => description.RelativePath?.StartsWith("admin/v1", StringComparison.Ordinal) == true;

        // A member of a merge patch is described as the value that it takes, in its place.
        options.CreateSchemaReferenceId = type => IsPatch(type.Type) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);

            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            AdminOperation.Describe(operation, context);

            return Task.CompletedTask;
        });
        options.AddSchemaTransformer(DescribeAsync);
    });

    public static void Map(WebApplication app) => app.MapOpenApi("/admin/v1/openapi.json").WithMetadata(new OpenToAll());

    private static void Describe(OpenApiDocument document)
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
        document.AddComponent(AdminOperation.Problem, ProblemSchema());
    }

    private static async Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken ct)
    {
        var type = context.JsonTypeInfo.Type;

        if (IsPatch(type))
        {
            Copy(await context.GetOrCreateSchemaAsync(type.GetGenericArguments()[0], cancellationToken: ct), schema);

            if (TakesNull(context.JsonPropertyInfo))
            {
                schema.Type |= JsonSchemaType.Null;
            }
        }
        else if ((Nullable.GetUnderlyingType(type) ?? type) == typeof(DateTimeOffset))
        {
            schema.Type = type == typeof(DateTimeOffset) ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            schema.Format = "date-time";
        }
        else if (context.JsonPropertyInfo is { Name: "reach" } reach)
        {
            if (reach.PropertyType.IsArray)
            {
                schema.Items = ReachSchema();
            }
            else
            {
                schema.OneOf = ReachSchema().OneOf;
            }
        }

        // Whether a member must be there is the serialiser's guess from the constructor; one that is left out where it is null need not be.
        foreach (var member in context.JsonTypeInfo.Properties.Where(p => p.AttributeProvider?.IsDefined(typeof(JsonIgnoreAttribute), true) == true))
        {
            schema.Required?.Remove(member.Name);
        }
    }

    private static void Copy(OpenApiSchema from, OpenApiSchema to)
    {
        to.Type = from.Type;
        to.Format = from.Format;
        to.Properties = from.Properties;
        to.AdditionalPropertiesAllowed = from.AdditionalPropertiesAllowed;
        to.Items = from.Items;
        to.OneOf = from.OneOf;
        to.Description = from.Description;
    }

    private static OpenApiSchema ReachSchema() => new()
    {
        OneOf =
        [
            new OpenApiSchema { Type = JsonSchemaType.String, Enum = [JsonValue.Create("tenant")] },
            Owner("organization"),
            Owner("group"),
        ],
    };

    private static OpenApiSchema Owner(string kind) => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { kind },
        Properties = new Dictionary<string, IOpenApiSchema> { [kind] = new OpenApiSchema { Type = JsonSchemaType.String } },
    };

    private static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Why a request was not carried out (RFC 9457).",
        Required = new HashSet<string> { "type", "title", "status", "detail" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["trace_id"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = Uuid, Description = "What an operator finds the reason by: explanations/{id}." },
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "What is wrong with each member of the request.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
        },
    };

    // Patch<string?> says that a null has a meaning.
    private static bool TakesNull(JsonPropertyInfo? member) =>
        member?.AttributeProvider is PropertyInfo property && new NullabilityInfoContext().Create(property).GenericTypeArguments[0].ReadState == NullabilityState.Nullable;

    private static bool IsPatch(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Patch<>);
}

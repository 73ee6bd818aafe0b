using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;

namespace Countersign.Server.Admin;

/// <summary>What the description says of one operation beyond its types: its name, what it needs, its headers, and how it refuses.</summary>
internal static class AdminOperation
{
    /// <summary>The schema of every refusal.</summary>
    public const string Problem = "ProblemDetails";

    public static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var route = context.Description;
        var method = route.HttpMethod!;
        var path = route.RelativePath!["admin/v1".Length..].TrimEnd('/');
        operation.OperationId = NameOf(method, path);
        operation.Parameters ??= [];

        foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>())
        {
            parameter.Name = parameter.In == ParameterLocation.Query ? parameter.Name!.ToLowerInvariant() : parameter.Name;
        }

        if (IsList(context))
        {
            operation.Parameters.Add(Query("limit", "How many items a page holds at most: 1 to 200, else 50.", JsonSchemaType.Integer));
            operation.Parameters.Add(Query("cursor", "next_cursor of the page before.", JsonSchemaType.String));
        }

        if (operation.Responses!.ContainsKey("201") && TakesKey(context))
        {
            operation.Parameters.Add(Header("Idempotency-Key", "A request that is repeated with the same key within 24 hours gets the first answer again."));
        }

        var versioned = IsVersioned(context, method, path);

        if (versioned)
        {
            operation.Parameters.Add(Header("If-Match", "The ETag that was read: the change is made to this version or not at all."));
        }

        if (method == "PATCH" && operation.RequestBody?.Content is { } content)
        {
            content["application/merge-patch+json"] = content["application/json"];
        }

        Secure(operation, context);

        foreach (var status in Refusals(context, method, path, versioned))
        {
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = Refusal(context.Document!, status);
        }
    }

    /// <summary>list_, create_, get_, update_ or delete_ and what it is; an action goes by its own verb.</summary>
    public static string NameOf(string method, string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var ofOne = segments[^1].StartsWith('{');
        var words = new List<string>();

        for (var i = 0; i < segments.Length; i++)
        {
            if (!segments[i].StartsWith('{'))
            {
                words.Add(i + 1 < segments.Length && segments[i + 1].StartsWith('{') ? segments[i].TrimEnd('s') : segments[i]);
            }
        }

        if (!ofOne && method == "POST" && words[^1].Split('-') is [var verb, ..] && verb is "rotate" or "retire" or "withdraw" or "import" or "revoke" or "refresh" or "setup")
        {
            // revoke-tokens of an account revokes its tokens.
            words[^1] = words[^1][verb.Length..].TrimStart('-');
            words.Insert(0, verb);
        }
        else
        {
            words.Insert(0, method switch
            {
                "GET" => ofOne || words[^1] is "whoami" or "jwks-url" ? "get" : "list",
                "PUT" => "set",
                "POST" => "create",
                "PATCH" => "update",
                _ => "delete",
            });

            if (method == "POST")
            {
                words[^1] = words[^1].TrimEnd('s');
            }
        }

        return string.Join('_', words.Where(w => w.Length > 0)).Replace('-', '_');
    }

    private static void Secure(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        if (Permission(context) is not { } permission)
        {
            return;
        }

        var needs = permission.Scope.Length == 0 ? "Any administrator." : $"Needs the scope `{permission.Scope}`.";
        operation.Description = permission.Sensitive ? $"{needs} The token must be at most 15 minutes old." : needs;
        operation.Security =
        [
            new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference("bearer", context.Document)] = permission.Scope.Length == 0 ? [] : [permission.Scope],
            },
        ];
    }

    private static IEnumerable<int> Refusals(OpenApiOperationTransformerContext context, string method, string path, bool versioned)
    {
        yield return StatusCodes.Status400BadRequest;
        yield return StatusCodes.Status401Unauthorized;

        if (Permission(context) is null)
        {
            yield return StatusCodes.Status429TooManyRequests;
            yield break;
        }

        yield return StatusCodes.Status403Forbidden;

        if (path.Contains('{') || method == "POST")
        {
            yield return StatusCodes.Status404NotFound;
        }

        if (method != "GET")
        {
            yield return StatusCodes.Status409Conflict;
        }

        if (versioned)
        {
            yield return StatusCodes.Status412PreconditionFailed;
            yield return StatusCodes.Status428PreconditionRequired;
        }

        if (TakesKey(context))
        {
            yield return StatusCodes.Status422UnprocessableEntity;
        }
    }

    private static OpenApiResponse Refusal(OpenApiDocument document, int status) => new()
    {
        Description = ReasonPhrases.GetReasonPhrase(status),
        Content = new Dictionary<string, OpenApiMediaType> { ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(Problem, document) } },
    };

    private static OpenApiParameter Query(string name, string text, JsonSchemaType type) =>
        new() { Name = name, In = ParameterLocation.Query, Description = text, Schema = new OpenApiSchema { Type = type } };

    private static OpenApiParameter Header(string name, string text) =>
        new() { Name = name, In = ParameterLocation.Header, Description = text, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static AdminPermission? Permission(OpenApiOperationTransformerContext context) =>
        context.Description.ActionDescriptor.EndpointMetadata.OfType<AdminPermission>().FirstOrDefault();

    private static bool IsList(OpenApiOperationTransformerContext context) => Takes(context, typeof(PageRequest));

    private static bool TakesKey(OpenApiOperationTransformerContext context) => Takes(context, typeof(IdempotencyKey));

    // What has a version is what a handler of its own reads with its ETag: it takes the request itself.
    private static bool IsVersioned(OpenApiOperationTransformerContext context, string method, string path) =>
        Takes(context, typeof(HttpContext)) && (method is "PATCH" or "PUT" or "DELETE" || path.EndsWith("/retire", StringComparison.Ordinal));

    private static bool Takes(OpenApiOperationTransformerContext context, Type type) =>
        context.Description.ActionDescriptor.EndpointMetadata.OfType<System.Reflection.MethodInfo>().Any(m => m.GetParameters().Any(p => p.ParameterType == type));
}

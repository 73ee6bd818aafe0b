using System.Text.Json;
using System.Text.RegularExpressions;

namespace Countersign.Server.Tests.Admin;

public sealed class OpenApiTests(OpenApiDocument shared) : IClassFixture<OpenApiDocument>
{
    private readonly JsonElement _document = shared.Json;

    [Fact]
    public void It_is_of_version_3_1_and_describes_every_route_once()
    {
        Assert.StartsWith("3.1.", _document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            RouteTable.Routes.Select(r => r.ToString()).Append("POST /setup").Order(),
            Operations().Select(o => $"{o.Method} {o.Path["/admin/v1".Length..]}").Order());

        var ids = Operations().Select(o => o.Value.GetProperty("operationId").GetString()!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^[a-z]+(_[a-z]+)*$", id));

        // Programs are generated from these: a name that changes breaks them.
        Assert.Superset(
            new HashSet<string>(["list_service_accounts", "create_service_account", "get_service_account", "update_service_account", "delete_service_account", "rotate_service_account_secrets", "import_service_accounts", "get_whoami"]),
            new HashSet<string>(ids));
    }

    [Fact]
    public void Each_operation_says_what_it_needs_takes_and_answers()
    {
        foreach (var (method, path, operation) in Operations())
        {
            var name = $"{method} {path}";
            var route = RouteTable.Routes.SingleOrDefault(r => $"{r.Method} /admin/v1{r.Pattern}" == name);
            var responses = operation.GetProperty("responses").EnumerateObject().ToDictionary(r => r.Name, r => r.Value);

            if (route is { Scope.Length: > 0 })
            {
                Assert.Contains($"`{route.Scope}`", operation.GetProperty("description").GetString(), StringComparison.Ordinal);
                Assert.Equal(route.Scope, operation.GetProperty("security")[0].GetProperty("bearer")[0].GetString());
            }

            var good = Assert.Single(responses, r => r.Key[0] == '2');
            Assert.True(good.Key == "204" || SchemaOf(good.Value).ValueKind == JsonValueKind.Object, $"{name} answers without a schema");
            Assert.Equal(method is "POST" or "PATCH" or "PUT", operation.TryGetProperty("requestBody", out _) || path.EndsWith("/withdraw", StringComparison.Ordinal) || path.EndsWith("/refresh", StringComparison.Ordinal));

            foreach (var status in Problems(method, path))
            {
                Assert.True(responses.TryGetValue(status, out var problem), $"{name} does not tell of {status}");
                Assert.Equal("#/components/schemas/ProblemDetails", problem.GetProperty("content").GetProperty("application/problem+json").GetProperty("schema").GetProperty("$ref").GetString());
            }

            foreach (Match parameter in Regex.Matches(path, @"\{(\w+)\}"))
            {
                var schema = Parameters(operation)[parameter.Groups[1].Value].GetProperty("schema");
                Assert.Equal(("string", "uuid"), (schema.GetProperty("type").GetString(), schema.GetProperty("format").GetString()));
            }
        }
    }

    [Fact]
    public void Parameters_are_named_as_they_are_read()
    {
        foreach (var (_, path, operation) in Operations().Where(o => o.Method == "GET" && IsList(o.Path)))
        {
            var parameters = Parameters(operation);
            Assert.True(parameters.ContainsKey("limit") && parameters.ContainsKey("cursor"), path);
            Assert.All(parameters.Where(p => p.Value.GetProperty("in").GetString() == "query"), p => Assert.Matches("^[a-z_]+$", p.Key));
        }

        Assert.Superset(
            new HashSet<string>(["name", "client_id", "organization", "group", "disabled", "unused_since"]), new HashSet<string>(Parameters(Operation("get", "/service-accounts")).Keys));
        Assert.Contains("Idempotency-Key", Parameters(Operation("post", "/service-accounts/{id}/secrets")).Keys);
        Assert.Contains("Idempotency-Key", Parameters(Operation("post", "/tenants")).Keys);
        Assert.Contains("If-Match", Parameters(Operation("patch", "/service-accounts/{id}")).Keys);
        Assert.DoesNotContain("If-Match", Parameters(Operation("post", "/service-accounts")).Keys);
    }

    [Fact]
    public void Members_of_a_patch_are_described_as_their_values()
    {
        var schemas = _document.GetProperty("components").GetProperty("schemas");
        Assert.All(schemas.EnumerateObject(), s => Assert.Matches("^[A-Za-z0-9]+$", s.Name));
        Assert.DoesNotContain(schemas.EnumerateObject(), s => s.Name.StartsWith("PatchOf", StringComparison.Ordinal));

        var account = schemas.GetProperty("ServiceAccountPatch").GetProperty("properties");
        Assert.Equal("string", Type(account.GetProperty("name")));
        Assert.Equal("boolean", Type(account.GetProperty("disabled")));
        Assert.Equal(("\"string\"", """["null","string"]"""), (Compact(account.GetProperty("name").GetProperty("type")), Compact(account.GetProperty("description").GetProperty("type"))));
        Assert.Equal(["format", "lifetime_seconds", "alg"], account.GetProperty("access_token").GetProperty("properties").EnumerateObject().Select(p => p.Name));
        Assert.Equal("array", Type(schemas.GetProperty("GrantPatch").GetProperty("properties").GetProperty("scopes")));
        Assert.Equal("date-time", schemas.GetProperty("SecretPatch").GetProperty("properties").GetProperty("expires_at").GetProperty("format").GetString());
        Assert.Equal("date-time", schemas.GetProperty("SecretCreate").GetProperty("properties").GetProperty("expires_at").GetProperty("format").GetString());
        Assert.Equal("string", Type(schemas.GetProperty("SecretView").GetProperty("properties").GetProperty("created_at")));

        foreach (var schema in schemas.EnumerateObject().Where(s => s.Value.TryGetProperty("properties", out _)))
        {
            Assert.All(
                schema.Value.GetProperty("properties").EnumerateObject(),
                p => Assert.True(p.Value.EnumerateObject().Any(m => m.Name is "type" or "$ref" or "oneOf" or "enum"), $"{schema.Name}.{p.Name} is anything"));
        }
    }

    [Fact]
    public void What_is_absent_in_an_answer_is_not_required_of_it()
    {
        var schemas = _document.GetProperty("components").GetProperty("schemas");

        foreach (var (schema, member) in new[] { ("NewSecretView", "client_secret"), ("NewSecretView", "previous"), ("TenantView", "admin"), ("OwnerView", "group") })
        {
            var required = schemas.GetProperty(schema).TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()) : [];
            Assert.True(schemas.GetProperty(schema).GetProperty("properties").TryGetProperty(member, out _), $"{schema}.{member}");
            Assert.DoesNotContain(member, required);
        }
    }

    private static IEnumerable<string> Problems(string method, string path)
    {
        yield return "400";

        if (path.EndsWith("/setup", StringComparison.Ordinal))
        {
            yield return "401";
            yield break;
        }

        yield return "401";
        yield return "403";

        if (path.Contains('{', StringComparison.Ordinal))
        {
            yield return "404";
        }

        if (method is "POST" or "PATCH" or "DELETE")
        {
            yield return "409";
        }

        if (method == "PATCH" || (method == "DELETE" && !path.Contains("/roles/{assignmentId}", StringComparison.Ordinal) && !path.Contains("/{accountId}", StringComparison.Ordinal)))
        {
            yield return "412";
        }
    }

    private static bool IsList(string path) => !path.EndsWith('}') && !path.EndsWith("/whoami", StringComparison.Ordinal) && !path.EndsWith("/jwks-url", StringComparison.Ordinal);

    private static JsonElement SchemaOf(JsonElement response) =>
        response.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var json) && json.TryGetProperty("schema", out var schema) ? schema : default;

    private static Dictionary<string, JsonElement> Parameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().ToDictionary(p => p.GetProperty("name").GetString()!) : [];

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json);

    private static string? Type(JsonElement schema) =>
        schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } types ? types.EnumerateArray().Select(t => t.GetString()).Single(t => t != "null") : schema.GetProperty("type").GetString();

    private JsonElement Operation(string method, string path) => _document.GetProperty("paths").GetProperty("/admin/v1" + path).GetProperty(method);

    private IEnumerable<(string Method, string Path, JsonElement Value)> Operations() =>
        from path in _document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (operation.Name.ToUpperInvariant(), path.Name, operation.Value);
}

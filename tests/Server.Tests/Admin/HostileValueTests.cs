using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Server.Tests.Admin;

/// <summary>Whatever stands in a member of a body is taken or refused; it never brings the server to an error of its own.</summary>
public sealed class HostileValueTests(SharedEstate shared) : IClassFixture<SharedEstate>
{
    private static readonly string[] s_values =
    [
        "null", "-1", "1e400", "\"\"", "\"a\\u0000b\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"0001-01-01T00:00:00Z\"", $"\"{new string('x', 5000)}\"", "[null]", "[{}]", "{}",
    ];

    [Fact]
    [Trait("R", "216")]
    [Trait("R", "228")]
    public async Task No_value_of_any_member_is_an_unexpected_condition()
    {
        var root = shared.Root;
        var document = await root.ReadAsync("/openapi.json");
        var tenant = (await root.MakeAsync("/tenants", new { name = "hostile", issuer = "https://hostile.example" }))["id"];
        var estate = shared.Estate with { Tenant = Guid.Parse(tenant) };
        var tried = 0;

        foreach (var route in RouteTable.Routes.Where(r => r.Method is "POST" or "PATCH"))
        {
            foreach (var member in MembersOf(document, route))
            {
                foreach (var value in s_values)
                {
                    var body = JsonNode.Parse(JsonSerializer.Serialize(route.Body?.Invoke(estate) ?? new { }))!.AsObject();
                    body.Remove(member);
                    var text = body.ToJsonString()[..^1] + (body.Count > 0 ? "," : "") + $"\"{member}\":{value}}}";
                    var answer = await root.SendAsync(new HttpMethod(route.Method), route.Path(estate), text);
                    Assert.True(answer.Status < 500, $"{route} {member}={value}: {answer.Status} {answer.Body}");
                    tried++;
                }
            }
        }

        Assert.True(tried > 500);
        Assert.Equal(200, (await root.GetAsync("/whoami")).Status);
        Assert.DoesNotContain(shared.Server.Log.All, line => line.StartsWith("Error Countersign", StringComparison.Ordinal));
    }

    private static IEnumerable<string> MembersOf(JsonElement document, AgreedRoute route)
    {
        var operation = document.GetProperty("paths").GetProperty($"/admin/v1{route.Pattern}").GetProperty(route.Method.ToLowerInvariant());

        if (!operation.TryGetProperty("requestBody", out var body))
        {
            return [];
        }

        var schema = body.GetProperty("content").GetProperty("application/json").GetProperty("schema");
        var name = schema.GetRawText().Split("#/components/schemas/")[1].Split('"')[0];

        return [.. document.GetProperty("components").GetProperty("schemas").GetProperty(name).GetProperty("properties").EnumerateObject().Select(p => p.Name)];
    }
}

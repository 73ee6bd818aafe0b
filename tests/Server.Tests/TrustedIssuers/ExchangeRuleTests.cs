using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Exchange rules in the admin API.</summary>
public sealed class ExchangeRuleTests : IAsyncLifetime
{
    private const string Path = "/exchange-rules";

    private TestServer _server = null!;
    private Caller _root = null!;
    private Estate _estate = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _root = await _server.RootAsync();
        _estate = await Estate.MakeAsync(_root);
        Assert.Equal(204, (await _root.DeleteAsync($"{Path}/{_estate.Exchange}")).Status);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_rule_names_its_parties_and_APIs_by_id_or_by_name()
    {
        var made = await _root.MakeAsync(Path, Rule());
        var named = await _root.MakeAsync(
            Path, With(("name", "named"), ("client", await ClientIdAsync(_estate.Holder)), ("subjects", new JsonArray(_estate.ClientId, _estate.Signer.ToString(), _estate.ClientId)), ("apis", Apis(_estate.Identifier, "write", "read", "read"))));

        Assert.Equal((_estate.Holder.ToString(), await ClientIdAsync(_estate.Holder)), (Text(made.Json, "client", "id"), Text(made.Json, "client", "client_id")));
        Assert.Equal(_estate.ClientId, Text(Assert.Single(made.Json.GetProperty("subjects").EnumerateArray()), "client_id"));
        var api = Assert.Single(made.Json.GetProperty("apis").EnumerateArray());
        Assert.Equal((_estate.Identifier, "[\"read\"]"), (Text(api, "api", "identifier"), api.GetProperty("scopes").GetRawText()));
        Assert.Equal(("False", "False", "", "False"), (made["any_subject"], made["impersonation"], made["lifetime_seconds"], made["disabled"]));

        Assert.Equal(made.Json.GetProperty("client").GetRawText(), named.Json.GetProperty("client").GetRawText());
        Assert.Equal([_estate.Account.ToString(), _estate.Signer.ToString()], named.Json.GetProperty("subjects").EnumerateArray().Select(s => Text(s, "id")));
        Assert.Equal("[\"write\",\"read\"]", named.Json.GetProperty("apis")[0].GetProperty("scopes").GetRawText());

        var read = await _root.GetAsync($"{Path}/{made["id"]}");
        Assert.Equal((made.Body, made.Headers["ETag"], $"/admin/v1{Path}/{made["id"]}"), (read.Body, read.Headers["ETag"], made.Headers["Location"]));
        Assert.Equal([made["id"], named["id"]], (await _root.ListAsync(Path)).Select(r => Text(r, "id")));
    }

    public static TheoryData<string, string, string> Faults => new()
    {
        { "name", "name", "\"\"" },
        { "subjects", "subjects", "[]" },
        { "subjects", "subjects", "null" },
        { "apis", "apis", "[]" },
        { "apis", "apis", """[{"api":"API","scopes":[]}]""" },
        { "apis", "apis", """[{"api":"API","scopes":["read","delete"]}]""" },
        { "apis", "apis", """[{"api":"API","scopes":["read"]},{"api":"API","scopes":["write"]}]""" },
        { "apis", "apis", """[{"api":"urn:countersign:admin","scopes":["accounts.read"]}]""" },
        { "lifetime_seconds", "lifetime_seconds", "59" },
        { "lifetime_seconds", "lifetime_seconds", "86401" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    [Trait("R", "108")]
    [Trait("R", "217")]
    public async Task Each_fault_is_told_by_the_member_that_has_it(string named, string member, string value)
    {
        value = value.Replace("ACCOUNT", _estate.ClientId, StringComparison.Ordinal).Replace("API", _estate.Identifier, StringComparison.Ordinal);
        var made = await _root.MakeAsync(Path, With(("name", "before")));
        var body = Rule();
        body.Remove(member);

        AssertFault(named, await _root.PostAsync(Path, $"{body.ToJsonString()[..^1]},\"{member}\":{value}}}"));
        AssertFault(named, await _root.PatchAsync($"{Path}/{made["id"]}", $"{{\"{member}\":{value}}}"));
        Assert.Equal(made.Body, (await _root.GetAsync($"{Path}/{made["id"]}")).Body);
    }

    [Theory]
    [InlineData("client", "\"nobody\"")]
    [InlineData("client", "\"\"")]
    [InlineData("client", "\"a\\u0000\"")]
    [InlineData("client", "\"01990000-0000-7000-8000-000000000000\"")]
    [InlineData("subjects", "[\"nobody\"]")]
    [InlineData("subjects", "[\"ACCOUNT\",\"nobody\"]")]
    [InlineData("subjects", "[\"\"]")]
    [InlineData("apis", """[{"api":"urn:example:nothing","scopes":["read"]}]""")]
    public async Task What_it_names_must_be_there(string member, string value)
    {
        var body = Rule();
        body.Remove(member);

        AssertMissing(member, await _root.PostAsync(Path, $"{body.ToJsonString()[..^1]},\"{member}\":{value.Replace("ACCOUNT", _estate.ClientId, StringComparison.Ordinal)}}}"));
    }

    [Fact]
    [Trait("R", "215")]
    public async Task What_is_another_tenants_is_nobody()
    {
        var admin = (await _root.MakeAsync("/tenants", new { name = "b", issuer = "https://b.example" })).Json.GetProperty("admin");
        var other = await Estate.MakeAsync(await _server.SignInAsync(admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!, "b.example"));

        AssertMissing("client", await _root.PostAsync(Path, With(("client", other.Holder.ToString()))));
        AssertMissing("client", await _root.PostAsync(Path, With(("client", other.ClientId))));
        AssertMissing("subjects", await _root.PostAsync(Path, With(("subjects", new JsonArray(other.Account.ToString())))));
        AssertMissing("apis", await _root.PostAsync(Path, With(("apis", Apis(other.Api.ToString(), "read")))));
        AssertMissing("apis", await _root.PostAsync(Path, With(("apis", Apis(other.Identifier, "read")))));
        Assert.Equal(404, (await _root.GetAsync($"{Path}/{other.Exchange}")).Status);
        Assert.Empty(await _root.ListAsync(Path));
    }

    [Fact]
    [Trait("R", "107")]
    public async Task Any_subject_and_subjects_exclude_each_other()
    {
        AssertFault("any_subject", await _root.PostAsync(Path, With(("any_subject", true))));
        var made = await _root.MakeAsync(Path, Rule());
        var path = $"{Path}/{made["id"]}";

        AssertFault("any_subject", await _root.PatchAsync(path, new { any_subject = true, subjects = new[] { _estate.Account } }));
        AssertFault("subjects", await _root.PatchAsync(path, new { subjects = Array.Empty<string>() }));

        // The one takes the place of the other.
        var any = await _root.PatchAsync(path, new { any_subject = true });
        Assert.Equal(("True", 0), (any["any_subject"], any.Json.GetProperty("subjects").GetArrayLength()));
        AssertFault("subjects", await _root.PatchAsync(path, new { any_subject = false }));
        Assert.Equal("True", (await _root.PatchAsync(path, new { subjects = Array.Empty<string>(), lifetime_seconds = 600 }))["any_subject"]);

        var listed = await _root.PatchAsync(path, new { subjects = new[] { _estate.Signer } });
        Assert.Equal(("False", 1, "600"), (listed["any_subject"], listed.Json.GetProperty("subjects").GetArrayLength(), listed["lifetime_seconds"]));
    }

    [Fact]
    [Trait("R", "114")]
    public async Task Impersonation_of_everybody_is_warned_of()
    {
        var body = With(("any_subject", true), ("impersonation", true));
        body.Remove("subjects");

        Assert.Contains("pass for every account", (await _root.MakeAsync(Path, body))["warnings"], StringComparison.Ordinal);
        Assert.False((await _root.MakeAsync(Path, With(("name", "narrow"), ("impersonation", true)))).Json.TryGetProperty("warnings", out _));
    }

    [Fact]
    public async Task A_name_is_one_rules_and_a_repeated_create_is_made_once()
    {
        var first = await _root.PostAsync(Path, Rule(), ("Idempotency-Key", "k1"));
        var again = await _root.PostAsync(Path, Rule(), ("Idempotency-Key", "k1"));
        Assert.Equal((201, first.Body), (again.Status, again.Body));
        Assert.Equal(422, (await _root.PostAsync(Path, With(("name", "x")), ("Idempotency-Key", "k1"))).Status);

        var second = await _root.PostAsync(Path, With(("name", "  GATEWAY ")));
        Assert.Equal((409, "name"), (second.Status, Assert.Single(second.Json.GetProperty("errors").EnumerateObject()).Name));
        Assert.Single(await _root.ListAsync(Path));
    }

    [Fact]
    public async Task What_is_gone_leaves_the_rule_and_the_client_takes_it_along()
    {
        var made = await _root.MakeAsync(Path, With(("subjects", new JsonArray(_estate.Account.ToString(), _estate.Signer.ToString()))));
        var path = $"{Path}/{made["id"]}";
        Assert.Equal(204, (await _root.DeleteAsync($"/service-accounts/{_estate.Account}")).Status);
        Assert.Equal(200, (await _root.PatchAsync($"/apis/{_estate.Api}", new { scopes = new[] { new { name = "write" } } })).Status);

        var read = await _root.ReadAsync(path);
        Assert.Equal(_estate.Signer.ToString(), Text(Assert.Single(read.GetProperty("subjects").EnumerateArray()), "id"));
        Assert.Equal("[]", read.GetProperty("apis")[0].GetProperty("scopes").GetRawText());
        Assert.Equal(200, (await _root.PatchAsync(path, new { name = "renamed" })).Status);

        Assert.Equal(204, (await _root.DeleteAsync($"/service-accounts/{_estate.Holder}")).Status);
        Assert.Equal(404, (await _root.GetAsync(path)).Status);
    }

    [Fact]
    [Trait("R", "214")]
    public async Task A_permission_that_does_not_reach_the_whole_tenant_opens_nothing()
    {
        var made = await _root.MakeAsync(Path, Rule());
        var role = (await _root.MakeAsync("/roles", new { name = "trust", scopes = new[] { new { api = "urn:countersign:admin", scope = "trust.read" }, new { api = "urn:countersign:admin", scope = "trust.write" } } }))["id"];
        var narrow = (await _root.AdministratorAsync(role, _estate.Owner, _estate.Owner)).Caller;

        foreach (var answer in new[]
        {
            await narrow.GetAsync(Path), await narrow.GetAsync($"{Path}/{made["id"]}"), await narrow.PostAsync(Path, With(("name", "x"))), await narrow.PatchAsync($"{Path}/{made["id"]}", new { }),
            await narrow.DeleteAsync($"{Path}/{made["id"]}"),
        })
        {
            await _root.AssertForbiddenAsync(answer, "must reach the whole tenant");
        }

        Assert.Single(await _root.ListAsync(Path));
    }

    private JsonObject Rule() => new()
    {
        ["name"] = "gateway",
        ["client"] = _estate.Holder.ToString(),
        ["subjects"] = new JsonArray(_estate.Account.ToString()),
        ["apis"] = Apis(_estate.Api.ToString(), "read"),
    };

    private JsonObject With(params (string Member, JsonNode? Value)[] changes)
    {
        var body = Rule();

        foreach (var (member, value) in changes)
        {
            body[member] = value;
        }

        return body;
    }

    private static JsonArray Apis(string api, params string[] scopes) =>
        new(new JsonObject { ["api"] = api, ["scopes"] = new JsonArray([.. scopes.Select(s => (JsonNode)s)]) });

    private async Task<string> ClientIdAsync(Guid account) => Text(await _root.ReadAsync($"/service-accounts/{account}"), "client_id");

    private static string Text(JsonElement json, params string[] members) => members.Aggregate(json, (j, m) => j.GetProperty(m)).GetString()!;

    private static void AssertFault(string named, Answer answer)
    {
        Assert.True(answer.Status == 400, $"{answer.Status} {answer.Body}");
        Assert.Equal(named, Assert.Single(answer.Json.GetProperty("errors").EnumerateObject()).Name);
        Assert.StartsWith(named, answer["detail"], StringComparison.Ordinal);
    }

    private static void AssertMissing(string named, Answer answer)
    {
        Assert.True(answer.Status == 404, $"{answer.Status} {answer.Body}");
        Assert.Equal(named, Assert.Single(answer.Json.GetProperty("errors").EnumerateObject()).Name);
        Assert.Contains("there is no such", answer["detail"], StringComparison.Ordinal);
    }
}

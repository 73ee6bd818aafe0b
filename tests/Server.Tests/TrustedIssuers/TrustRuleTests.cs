using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Trust rules in the admin API: what is taken, and what is refused by name.</summary>
public sealed class TrustRuleTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private const string Path = "/trust-rules";

    private readonly TestServer _server = shared.Server;
    private ForeignIssuer _issuer = null!;
    private TestAccount _account = null!;
    private Caller _root = null!;

    public async ValueTask InitializeAsync()
    {
        _root = await _server.RootAsync();
        _issuer = await ForeignIssuer.CreateAsync(_root);
        _account = await TestAccount.CreateAsync(_server);
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task What_is_left_out_is_filled_in_and_everything_is_shown()
    {
        var made = await _root.MakeAsync(Path, _issuer.Rule(_account.ClientId));

        Assert.Equal((_account.Id.ToString(), _account.ClientId), (Text(made.Json, "account", "id"), Text(made.Json, "account", "client_id")));
        Assert.Equal((_issuer.Id.ToString(), _issuer.Issuer), (Text(made.Json, "trusted_issuer", "id"), Text(made.Json, "trusted_issuer", "issuer")));
        Assert.Equal("""[{"claim":"sub","equals":"job:1"}]""", made.Json.GetProperty("conditions").GetRawText());
        Assert.Equal(("enforce", "active", "False", "", "", "", "", "[]", "[]", "", ""), (
            made["mode"], made["state"], made["disabled"], made["cel"], made["scopes"], made["lifetime_seconds"], made["expires_at"], made["tests"], made["allow"], made["last_used_at"], made["template"]));
        Assert.Equal($"/admin/v1{Path}/{made["id"]}", made.Headers["Location"]);

        var read = await _root.GetAsync($"{Path}/{made["id"]}");
        Assert.Equal((made.Body, made.Headers["ETag"]), (read.Body, read.Headers["ETag"]));
        Assert.Equal("1", (await _root.GetAsync(_issuer.Path))["rules"]);
    }

    [Fact]
    public async Task Issuer_and_account_are_named_by_id_or_by_what_people_call_them()
    {
        var name = (await _root.GetAsync(_issuer.Path))["name"];

        foreach (var (issuer, account) in new[] { (name.ToUpperInvariant(), _account.Id.ToString()), (_issuer.Issuer, _account.ClientId), (_issuer.Id.ToString(), _account.ClientId) })
        {
            var made = await _root.MakeAsync(Path, With(("trusted_issuer", issuer), ("account", account)));
            Assert.Equal((_issuer.Id.ToString(), _account.Id.ToString()), (Text(made.Json, "trusted_issuer", "id"), Text(made.Json, "account", "id")));
        }
    }

    [Fact]
    public async Task The_list_is_narrowed_by_issuer_account_and_mode_and_comes_in_pages()
    {
        var other = await ForeignIssuer.CreateAsync(_root);
        var another = await TestAccount.CreateAsync(_server);
        var first = await _issuer.RuleAsync(_account.ClientId);
        var second = await _issuer.RuleAsync(another.ClientId, b => b["mode"] = "report");
        var third = await other.RuleAsync(another.ClientId);

        Assert.Equal([first, second], await IdsAsync($"trusted_issuer={_issuer.Id}"));
        Assert.Equal([first, second], await IdsAsync($"trusted_issuer={Uri.EscapeDataString(_issuer.Issuer)}"));
        Assert.Equal([second, third], await IdsAsync($"account={another.Id}"));
        Assert.Equal([third], await IdsAsync($"account={another.ClientId}&trusted_issuer={other.Id}"));
        Assert.Equal([second], await IdsAsync($"account={another.ClientId}&mode=report"));
        Assert.Empty(await IdsAsync("trusted_issuer=nobody"));
        Assert.Empty(await IdsAsync("account=nobody"));
        Assert.Equal(400, (await _root.GetAsync($"{Path}?mode=x")).Status);

        var page = await _root.ReadAsync($"{Path}?trusted_issuer={_issuer.Id}&limit=1");
        Assert.Equal(first, Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("id").GetGuid());
        var rest = await _root.ReadAsync($"{Path}?trusted_issuer={_issuer.Id}&limit=1&cursor={page.GetProperty("next_cursor").GetString()}");
        Assert.Equal(second, Assert.Single(rest.GetProperty("items").EnumerateArray()).GetProperty("id").GetGuid());

        async Task<Guid[]> IdsAsync(string query) => [.. (await _root.ListAsync($"{Path}?{query}")).Select(r => r.GetProperty("id").GetGuid())];
    }

    public static TheoryData<string, string, string> Faults => new()
    {
        { "name", "name", "\"\"" },
        { "name", "name", "\"a\\u0000b\"" },
        { "trusted_issuer", "trusted_issuer", "\"\"" },
        { "trusted_issuer", "trusted_issuer", "\"https://nobody.example\"" },
        { "account", "account", "\"nobody\"" },
        { "account", "account", "\"00000000-0000-0000-0000-000000000000\"" },
        { "account", "account", "null" },
        { "conditions", "conditions", "[]" },
        { "conditions", "conditions", "[{}]" },
        { "conditions", "conditions", """[{"claim":"sub"}]""" },
        { "conditions", "conditions", """[{"equals":"x"}]""" },
        { "conditions", "conditions", """[{"claim":"","equals":"x"}]""" },
        { "conditions", "conditions", """[{"claim":"sub","equals":"x","prefix":"x"}]""" },
        { "conditions", "conditions", """[{"claim":"sub","matches":"x"}]""" },
        { "conditions", "conditions", """[{"claim":"sub","equals":null}]""" },
        { "conditions", "conditions", """[{"claim":"sub","equals":{}}]""" },
        { "conditions", "conditions", """[{"claim":"sub","equals":"\ud800"}]""" },
        { "conditions", "conditions", """[{"claim":"sub\ud800","equals":"x"}]""" },
        { "conditions", "conditions", """[{"claim":"sub","prefix":""}]""" },
        { "conditions", "conditions", """[{"claim":"sub","glob":"*"}]""" },
        { "conditions", "conditions", """[{"claim":"sub","glob":"**"}]""" },
        { "conditions", "conditions", """[{"claim":"sub","any_of":[]}]""" },
        { "cel", "cel", "\"\"" },
        { "cel", "cel", "\"claims.sub ==\"" },
        { "cel", "cel", "\"nothing.sub == 'x'\"" },
        { "cel", "cel", "\"'text'\"" },
        { "cel", "cel", "\"fetch('https://evil.example')\"" },
        { "scopes", "scopes", "[]" },
        { "scopes", "scopes", "[\"nobody:has\"]" },
        { "lifetime_seconds", "lifetime_seconds", "59" },
        { "lifetime_seconds", "lifetime_seconds", "86401" },
        { "expires_at", "expires_at", "\"2001-01-01T00:00:00Z\"" },
        { "mode", "mode", "\"observe\"" },
        { "allow", "allow", "[\"everything\"]" },
        { "allow", "allow", "[\"no-condition\"]" },
        { "tests", "tests", """[{"claims":{"sub":"job:1"},"matches":false}]""" },
        { "tests", "tests", """[{"claims":{"sub":"job:2"},"matches":true}]""" },
        { "tests", "tests", """[{"claims":{"sub":"job:1"}}]""" },
        { "tests", "tests", """[{"claims":[],"matches":false}]""" },
        { "tests", "tests", """[{"claims":{"sub":"\ud800"},"matches":true}]""" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    [Trait("R", "200")]
    [Trait("R", "207")]
    [Trait("R", "217")]
    public async Task Each_fault_is_told_by_the_member_that_has_it(string named, string member, string value)
    {
        var made = await _root.MakeAsync(Path, _issuer.Rule(_account.ClientId));
        var body = _issuer.Rule(_account.ClientId);
        body.Remove(member);

        AssertFault(named, await _root.PostAsync(Path, $"{body.ToJsonString()[..^1]},\"{member}\":{value}}}"));
        AssertFault(named, await _root.PatchAsync($"{Path}/{made["id"]}", $"{{\"{member}\":{value}}}"));
        Assert.Equal(made.Body, (await _root.GetAsync($"{Path}/{made["id"]}")).Body);
    }

    [Theory]
    [InlineData("[null]")]
    [InlineData("""[{"claims":{"sub":"x"},"matches":false,"allows":null,"more":1}]""")]
    [InlineData("""[{"claims":{"sub":"x"},"header":"x","matches":false}]""")]
    [InlineData("""[{"claims":{"sub":"x"},"request":{"time":"0001-01-01T00:00:00Z"},"matches":true}]""")]
    [InlineData("""[{"name":"\ud800","claims":{"sub":"x"},"matches":true}]""")]
    [InlineData("""[{"claims":{"\ud800":"x"},"matches":true}]""")]
    public async Task A_test_that_is_none_is_refused(string tests) =>
        Assert.Equal(400, (await _root.PostAsync(Path, $"{With(("cel", "request.time > timestamp('2001-01-01T00:00:00Z')")).ToJsonString()[..^1]},\"tests\":{tests}}}")).Status);

    [Fact]
    [Trait("R", "207")]
    public async Task Nothing_grows_beyond_its_limit()
    {
        var condition = """{"claim":"sub","equals":"job:1"}""";
        var test = """{"claims":{"sub":"job:1"},"matches":true}""";

        foreach (var (member, one, most) in new[] { ("conditions", condition, 30), ("tests", test, 50) })
        {
            var body = _issuer.Rule(_account.ClientId);
            body.Remove(member);
            Assert.Equal((member, 201), (member, (await _root.PostAsync(Path, $"{body.ToJsonString()[..^1]},\"{member}\":[{string.Join(',', Enumerable.Repeat(one, most))}]}}")).Status));
            body["name"] = "more";
            AssertFault(member, await _root.PostAsync(Path, $"{body.ToJsonString()[..^1]},\"{member}\":[{string.Join(',', Enumerable.Repeat(one, most + 1))}]}}"));
        }

        AssertFault("cel", await _root.PostAsync(Path, With(("cel", $"claims.sub == '{new string('x', 4096)}'"))));
        AssertFault("cel", await _root.PostAsync(Path, With(("cel", $"{new string('(', 40)}true{new string(')', 40)}"))));
        AssertFault("conditions", await _root.PostAsync(Path, With(("conditions", new JsonArray(ForeignIssuer.Where("sub", "glob", new string('x', 257)))))));
    }

    [Fact]
    public async Task Tests_are_run_on_each_save_and_say_which_failed_and_why()
    {
        var tests = new JsonArray(
            new JsonObject { ["name"] = "ours", ["claims"] = new JsonObject { ["sub"] = "job:1", ["env"] = "prod" }, ["matches"] = true },
            new JsonObject { ["name"] = "at night", ["claims"] = new JsonObject { ["sub"] = "job:1", ["env"] = "prod" }, ["request"] = new JsonObject { ["time"] = "2026-01-01T02:00:00Z", ["address"] = "10.0.0.1", ["scopes"] = new JsonArray("read") }, ["matches"] = false });
        var made = await _root.MakeAsync(Path, With(("cel", "claims.env == 'prod' && !(request.time.getHours() == 2 && request.address == '10.0.0.1' && 'read' in request.scopes)"), ("tests", tests)));
        Assert.Equal(2, made.Json.GetProperty("tests").GetArrayLength());

        // A change of something else runs them too.
        var refused = await _root.PatchAsync($"{Path}/{made["id"]}", new { conditions = new[] { new { claim = "sub", equals = "job:2" } } });
        AssertFault("tests", refused);
        Assert.Contains("test ours came to no, and should come to yes: sub ", refused["detail"], StringComparison.Ordinal);
        var night = await _root.PatchAsync($"{Path}/{made["id"]}", new { cel = "claims.env == 'prod'" });
        AssertFault("tests", night);
        Assert.Contains("test at night came to yes, and should come to no: all conditions hold", night["detail"], StringComparison.Ordinal);
        Assert.Equal(200, (await _root.PatchAsync($"{Path}/{made["id"]}", new { cel = (string?)null, tests = (object?)null })).Status);
    }

    [Fact]
    public async Task A_rule_is_changed_under_the_version_that_was_read_and_deleted()
    {
        var made = await _root.MakeAsync(Path, _issuer.Rule(_account.ClientId));
        var path = $"{Path}/{made["id"]}";
        var changed = await _root.PatchAsync(path, new { name = $"new {_issuer.Id}", scopes = new[] { "read", "read" }, lifetime_seconds = 60, disabled = true }, ("If-Match", made.Headers["ETag"]));
        Assert.Equal(("[\"read\"]", "60", "disabled"), (changed["scopes"], changed["lifetime_seconds"], changed["state"]));
        Assert.NotEqual(made.Headers["ETag"], changed.Headers["ETag"]);

        Assert.Equal(412, (await _root.PatchAsync(path, new { lifetime_seconds = 61 }, ("If-Match", made.Headers["ETag"]))).Status);
        Assert.Equal(412, (await _root.DeleteAsync(path, ("If-Match", made.Headers["ETag"]))).Status);
        var nulls = await _root.PatchAsync(path, """{"scopes":null,"lifetime_seconds":null,"expires_at":null,"cel":null,"allow":null}""");
        Assert.Equal(("", "", 200), (nulls["scopes"], nulls["lifetime_seconds"], nulls.Status));
        Assert.Equal(204, (await _root.DeleteAsync(path, ("If-Match", nulls.Headers["ETag"]))).Status);
        Assert.Equal((404, 404, 404), ((await _root.GetAsync(path)).Status, (await _root.PatchAsync(path, new { })).Status, (await _root.DeleteAsync(path)).Status));
    }

    [Fact]
    public async Task A_name_is_given_once()
    {
        var made = await _root.MakeAsync(Path, _issuer.Rule(_account.ClientId));
        var other = await _root.MakeAsync(Path, _issuer.Rule(_account.ClientId));

        foreach (var answer in new[] { await _root.PostAsync(Path, With(("name", made["name"].ToUpperInvariant()))), await _root.PatchAsync($"{Path}/{other["id"]}", new { name = made["name"] }) })
        {
            Assert.Equal((409, "name"), (answer.Status, Assert.Single(answer.Json.GetProperty("errors").EnumerateObject()).Name));
        }
    }

    [Fact]
    public async Task Account_and_template_exclude_each_other_and_one_takes_the_others_place()
    {
        var template = new JsonObject { ["client_id"] = "t-{sub}" };
        AssertFault("template", await _root.PostAsync(Path, With(("template", template.DeepClone()))));
        AssertFault("account", await _root.PostAsync(Path, With(("account", null))));
        var made = await _root.MakeAsync(Path, _issuer.Rule(_account.ClientId));
        var path = $"{Path}/{made["id"]}";

        var changed = await _root.PatchAsync(path, new JsonObject { ["template"] = template.DeepClone() });
        Assert.Equal((200, "", "t-{sub}", "100"), (changed.Status, changed["account"], Text(changed.Json, "template", "client_id"), Text(changed.Json, "template", "max_accounts")));
        Assert.Contains("have ended", changed["warnings"], StringComparison.Ordinal);
        var back = await _root.PatchAsync(path, new { account = _account.Id });
        Assert.Equal((200, ""), (back.Status, back["template"]));
    }

    [Fact]
    [Trait("R", "102")]
    [Trait("R", "214")]
    public async Task What_another_tenant_has_reads_like_none()
    {
        var tenant = await _root.MakeAsync("/tenants", new { name = $"t {_issuer.Id}", issuer = $"https://t{_issuer.Id:n}.example" });
        var admin = tenant.Json.GetProperty("admin");
        var other = await _server.SignInAsync(admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!, $"t{_issuer.Id:n}.example");
        var theirs = await ForeignIssuer.CreateAsync(other);
        var account = await other.MakeAsync("/service-accounts", new { name = "a" });
        var rule = await theirs.RuleAsync(account["id"]);

        AssertFault("trusted_issuer", await _root.PostAsync(Path, With(("trusted_issuer", theirs.Id.ToString()))));
        AssertFault("account", await _root.PostAsync(Path, With(("account", account["id"]))));
        AssertFault("account", await other.PostAsync(Path, theirs.Rule(_account.Id.ToString())));
        Assert.Equal((404, 404, 404, 404), (
            (await _root.GetAsync($"{Path}/{rule}")).Status, (await _root.PatchAsync($"{Path}/{rule}", new { })).Status, (await _root.DeleteAsync($"{Path}/{rule}")).Status, (await _root.GetAsync($"{Path}/{rule}/accounts")).Status));
        Assert.DoesNotContain(await _root.ListAsync($"{Path}?limit=200"), r => r.GetProperty("id").GetGuid() == rule);
        Assert.Empty(await _root.ListAsync($"{Path}?account={account["id"]}"));
    }

    [Fact]
    public async Task A_create_that_is_repeated_with_its_key_is_made_once()
    {
        var body = _issuer.Rule(_account.ClientId);
        var key = $"{Guid.NewGuid()}";
        var (first, again) = (await _root.PostAsync(Path, body, ("Idempotency-Key", key)), await _root.PostAsync(Path, body, ("Idempotency-Key", key)));

        Assert.Equal((201, first.Body, first.Headers["ETag"]), (again.Status, again.Body, again.Headers["ETag"]));
    }

    private JsonObject With(params (string Member, JsonNode? Value)[] changes)
    {
        var body = _issuer.Rule(_account.ClientId);

        foreach (var (member, value) in changes)
        {
            body[member] = value;
        }

        return body;
    }

    private static string? Text(JsonElement json, string member, string inner) => json.GetProperty(member).GetProperty(inner).ToString();

    private static void AssertFault(string named, Answer answer)
    {
        Assert.True(answer.Status is 400 or 404, $"{answer.Status} {answer.Body}");
        Assert.Equal(named, Assert.Single(answer.Json.GetProperty("errors").EnumerateObject()).Name);
    }
}

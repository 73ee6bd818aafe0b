using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Accounts that a rule makes when it first sees a token.</summary>
public sealed class TemplateAccountTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private readonly TestServer _server = shared.Server;
    private readonly string _prefix = $"{Guid.NewGuid():n}";
    private ForeignIssuer _issuer = null!;

    public async ValueTask InitializeAsync() => _issuer = await ForeignIssuer.CreateAsync(_server);

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task The_first_token_makes_the_account_and_the_next_finds_it()
    {
        var rule = await RuleAsync("gh-{repository_id}", t => t["name"] = "Repository {repository.name} of {owner}");
        Action<JsonObject> claims = c => (c["repository_id"], c["repository"], c["owner"]) = (17, new JsonObject { ["name"] = "app.web_1" }, "acme");
        Assert.Empty(await AccountsAsync(rule));

        var first = await _server.IntrospectAsync(await _issuer.TakenAsync(_issuer.Token(claims), ("scope", "read write")));
        var second = await _server.IntrospectAsync((await _issuer.ByGrantAsync(_issuer.Token(claims)))["access_token"]);

        Assert.Equal(($"{_prefix}-gh-17", "read write", "read"), (first["client_id"], first["scope"], second["scope"]));
        Assert.Equal(first["sub"], second["sub"]);
        var account = Assert.Single(await AccountsAsync(rule));
        Assert.Equal((first["sub"], $"{_prefix}-gh-17", "Repository app.web_1 of acme"), (account.GetProperty("id").GetString(), account.GetProperty("client_id").GetString(), account.GetProperty("name").GetString()));
        Assert.NotEqual(JsonValueKind.Null, account.GetProperty("last_used_at").ValueKind);

        var read = await _issuer.Root.ReadAsync($"/service-accounts/{first["sub"]}");
        Assert.Equal($"{_prefix}-gh-17", read.GetProperty("client_id").GetString());
        var grant = Assert.Single(await _issuer.Root.ListAsync($"/service-accounts/{first["sub"]}/grants"));
        Assert.Equal(("""["read","write"]""", """["read"]"""), (grant.GetProperty("scopes").GetRawText(), grant.GetProperty("default_scopes").GetRawText()));
        var made = Assert.Single(await _issuer.Root.ListAsync($"/audit-events?kind=service-account.made&account={first["sub"]}"));
        Assert.Contains(rule.ToString(), made.GetRawText(), StringComparison.Ordinal);

        // It has no credential of its own.
        Assert.Equal(401, (await _server.PostAsAsync($"{_prefix}-gh-17", "x", "/oauth2/token", ("grant_type", "client_credentials"))).Status);
    }

    [Theory]
    [InlineData("\"a*\"")]
    [InlineData("\"a/b\"")]
    [InlineData("\"a:b\"")]
    [InlineData("\"a b\"")]
    [InlineData("\"a@b\"")]
    [InlineData("\"{sub}\"")]
    [InlineData("\"\\u0430\"")]
    [InlineData("\"\"")]
    [InlineData("1.5")]
    [InlineData("1e30")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("[\"a\"]")]
    [InlineData("{}")]
    [InlineData("absent")]
    [InlineData("long")]
    [Trait("R", "202")]
    [Trait("R", "203")]
    public async Task A_value_that_could_stand_for_two_names_nobody(string value)
    {
        var rule = await RuleAsync("gh-{repository}");

        await _issuer.RefusedAsync("template-account", () => _issuer.Token(c =>
        {
            if (value != "absent")
            {
                c["repository"] = value == "long" ? new string('x', 101) : JsonNode.Parse(value);
            }
        }));

        Assert.Empty(await AccountsAsync(rule));
    }

    [Fact]
    [Trait("R", "202")]
    public async Task Two_that_make_the_same_client_id_are_not_one()
    {
        var rule = await RuleAsync("gh-{owner}-{repository}");
        await _issuer.TakenAsync(Token("a-b", "c"));

        await _issuer.RefusedAsync("template-account", () => Token("a", "b-c"));
        await _issuer.TakenAsync(Token("a-b", "c"));
        Assert.Single(await AccountsAsync(rule));

        string Token(string owner, string repository) => _issuer.Token(c => (c["owner"], c["repository"]) = (owner, repository));
    }

    [Fact]
    [Trait("R", "202")]
    public async Task Other_claims_of_the_same_values_are_somebody_else()
    {
        var rule = await RuleAsync("gh-{repository_id}");
        await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = 5));
        await _issuer.PatchAsync($"/trust-rules/{rule}", new JsonObject { ["template"] = Template("gh-{actor_id}") });

        await _issuer.RefusedAsync("template-account", () => _issuer.Token(c => c["actor_id"] = 5));
    }

    [Fact]
    [Trait("R", "202")]
    public async Task An_account_that_is_there_is_not_taken_over()
    {
        var (byName, other) = (await TestAccount.CreateAsync(_server, $"{_prefix}-gh-1"), await TestAccount.CreateAsync(_server));
        await RuleAsync("gh-{repository_id}");

        Assert.Contains("another account's", await _issuer.RefusedAsync("template-account", () => _issuer.Token(c => c["repository_id"] = 1)), StringComparison.Ordinal);

        // Nor one that another rule has made.
        var again = await ForeignIssuer.CreateAsync(_server);
        await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = 2));
        var body = again.Rule(null);
        body.Remove("account");
        body["template"] = Template("gh-{repository_id}");
        await again.Root.MakeAsync("/trust-rules", body);
        await again.RefusedAsync("template-account", () => again.Token(c => c["repository_id"] = 2));
        Assert.Equal(200, (await byName.TokenAsync()).Status);
        _ = other;
    }

    [Fact]
    [Trait("R", "202")]
    public async Task An_id_of_an_account_is_no_name_for_another()
    {
        var account = await TestAccount.CreateAsync(_server);
        await RuleAsync("{x}", t => t["client_id"] = "{x}");

        await _issuer.RefusedAsync("template-account", () => _issuer.Token(c => c["x"] = account.Id.ToString()));
        await _issuer.RefusedAsync("template-account", () => _issuer.Token(c => c["x"] = account.ClientId));
    }

    [Fact]
    public async Task As_many_are_made_as_the_rule_allows_however_they_come()
    {
        var rule = await RuleAsync("gh-{repository_id}", t => t["max_accounts"] = 5);

        // The same thirty, three times each.
        var answers = await Task.WhenAll(Enumerable.Range(0, 90).Select(i => _issuer.SendAsync(_issuer.Token(c => c["repository_id"] = i % 30))));

        Assert.Equal(5, (await AccountsAsync(rule)).Length);
        Assert.Equal(15, answers.Count(a => a.Status == 200));
        Assert.All(answers.Where(a => a.Status != 200), a => Assert.True(a.Status is 401 or 429, a.Body));
        var known = (await AccountsAsync(rule))[0].GetProperty("client_id").GetString()!.Split('-')[^1];
        await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = known));
    }

    [Fact]
    [Trait("R", "244")]
    public async Task Two_nodes_make_one_account_of_the_same_claims()
    {
        await using var server = await TestServer.StartAsync();
        await using var second = await server.StartSecondNodeAsync();
        var issuer = await ForeignIssuer.CreateAsync(server, b => b["replay"] = "until-expiry");
        var rule = await issuer.RuleAsync(null, b => (b["template"], _) = (Template("two-{n}"), b.Remove("account")));

        for (var i = 0; (await PostAsync(issuer.Token(c => c["n"] = "first"), second)).Status != 200; i++)
        {
            Assert.True(i < 100, "the other node does not hear of the rule");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        for (var round = 0; round < 5; round++)
        {
            var token = issuer.Token(c => c["n"] = $"n{round}");
            var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => PostAsync(token, i % 2 == 0 ? server : second)));

            Assert.All(answers, a => Assert.True(a.Status == 200, a.Body));
        }

        Assert.Equal(6, (await issuer.Root.ListAsync($"/trust-rules/{rule}/accounts?limit=200")).Length);

        static Task<Answer> PostAsync(string token, TestServer node) =>
            node.PostAsync("/oauth2/token", ("grant_type", "client_credentials"), ("client_assertion_type", Signer.AssertionType), ("client_assertion", token));
    }

    [Fact]
    public async Task One_more_than_the_rule_allows_is_told()
    {
        var rule = await RuleAsync("gh-{repository_id}", t => t["max_accounts"] = 1);
        await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = 1));
        var token = _issuer.Token(c => c["repository_id"] = 2);
        await _issuer.RefusedAsync("template-cap", () => token);

        var first = Assert.Single(await AccountsAsync(rule)).GetProperty("id");
        Assert.Equal(204, (await _issuer.Root.DeleteAsync($"/service-accounts/{first}")).Status);
        await _issuer.TakenAsync(token);
    }

    [Fact]
    public async Task The_accounts_of_a_rule_come_in_pages()
    {
        var rule = await RuleAsync("gh-{repository_id}");

        for (var i = 0; i < 3; i++)
        {
            await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = i));
        }

        var first = await _issuer.Root.ReadAsync($"/trust-rules/{rule}/accounts?limit=2");
        var second = await _issuer.Root.ReadAsync($"/trust-rules/{rule}/accounts?limit=2&cursor={first.GetProperty("next_cursor").GetString()}");
        Assert.Equal((2, 1), (first.GetProperty("items").GetArrayLength(), second.GetProperty("items").GetArrayLength()));
        Assert.Equal(
            Enumerable.Range(0, 3).Select(i => $"{_prefix}-gh-{i}"),
            first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray()).Select(a => a.GetProperty("client_id").GetString()));
        Assert.Equal(404, (await _issuer.Root.GetAsync($"/trust-rules/{Guid.NewGuid()}/accounts")).Status);
    }

    [Theory]
    [InlineData("rule deleted")]
    [InlineData("rule disabled")]
    [InlineData("issuer disabled")]
    [InlineData("account disabled")]
    [InlineData("account deleted")]
    [Trait("R", "210")]
    public async Task Its_tokens_end_with_what_they_rest_on(string what)
    {
        var rule = await RuleAsync("gh-{repository_id}");
        var token = await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = 1));
        var account = (await _server.IntrospectAsync(token))["sub"];
        var root = _issuer.Root;

        await (what switch
        {
            "rule deleted" => root.DeleteAsync($"/trust-rules/{rule}"),
            "rule disabled" => root.PatchAsync($"/trust-rules/{rule}", new { disabled = true }),
            "issuer disabled" => root.PatchAsync(_issuer.Path, new { disabled = true }),
            "account disabled" => root.PatchAsync($"/service-accounts/{account}", new { disabled = true }),
            _ => root.DeleteAsync($"/service-accounts/{account}"),
        });
        Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);

        if (what == "account deleted")
        {
            // It is made anew, and is another.
            Assert.NotEqual(account, (await _server.IntrospectAsync(await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = 1))))["sub"]);
            Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);
        }
        else
        {
            Assert.Equal(401, (await _issuer.SendAsync(_issuer.Token(c => c["repository_id"] = 1))).Status);
        }
    }

    [Fact]
    public async Task It_belongs_to_the_templates_owner_and_without_owner_none_is_made()
    {
        var group = await _issuer.Root.MakeAsync("/groups", new { name = $"g {_prefix}" });
        var organization = await _issuer.Root.MakeAsync("/organizations", new { name = $"o {_prefix}", group = group["id"] });
        var rule = await RuleAsync("gh-{repository_id}", t => t["owner"] = new JsonObject { ["organization"] = organization["id"] });
        await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = 1));
        var account = Assert.Single(await AccountsAsync(rule)).GetProperty("id");
        Assert.Contains(organization["id"], (await _issuer.Root.GetAsync($"/service-accounts/{account}")).Body, StringComparison.Ordinal);

        Assert.Equal(204, (await _issuer.Root.DeleteAsync($"/service-accounts/{account}")).Status);
        Assert.Equal(204, (await _issuer.Root.DeleteAsync($"/organizations/{organization["id"]}")).Status);
        await _issuer.RefusedAsync("template-account", () => _issuer.Token(c => c["repository_id"] = 1));
    }

    [Fact]
    public async Task What_is_gone_of_its_grants_is_granted_to_nobody()
    {
        var api = await TestApi.CreateAsync(_server, $"a{_prefix}", $"b{_prefix}");
        var rule = await RuleAsync("gh-{repository_id}", t => t["grants"]!.AsArray().Add(new JsonObject { ["api"] = api.Identifier, ["scopes"] = new JsonArray($"a{_prefix}", $"b{_prefix}") }));
        await api.AdminAsync(HttpMethod.Patch, new { scopes = new[] { new { name = $"a{_prefix}" } } });
        await _server.AssertRefusedAsync(await _issuer.SendAsync(_issuer.Token(c => c["repository_id"] = 1), ("scope", $"b{_prefix}")), 400, "invalid_scope", "scope-granted");
        await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = 1), ("scope", $"a{_prefix}"));

        await api.AdminAsync(HttpMethod.Delete);
        await _issuer.TakenAsync(_issuer.Token(c => c["repository_id"] = 2));
        Assert.Equal(2, (await AccountsAsync(rule)).Length);
    }

    public static TheoryData<string> Faults =>
    [
        """{"client_id":""}""",
        """{"client_id":"fixed"}""",
        """{"client_id":"{"}""",
        """{"client_id":"a}{sub}"}""",
        """{"client_id":"{}"}""",
        """{"client_id":"{sub}\u0000"}""",
        """{"client_id":"{sub}\ud800"}""",
        """{"client_id":"é{sub}"}""",
        """{"client_id":"a{sub}","name":"x\u0000{sub}"}""",
        """{"client_id":"a{sub}","name":"x\ud800"}""",
        """{"client_id":"a{sub}","name":"{"}""",
        """{"client_id":"a{sub}","max_accounts":0}""",
        """{"client_id":"a{sub}","max_accounts":10001}""",
        """{"client_id":"a{sub}","grants":[null]}""",
        """{"client_id":"a{sub}","grants":[{"api":"nobody","scopes":["read"]}]}""",
        """{"client_id":"a{sub}","grants":[{"api":"API","scopes":["nothing"]}]}""",
        """{"client_id":"a{sub}","grants":[{"api":"API","scopes":[]}]}""",
        """{"client_id":"a{sub}","grants":[{"api":"API","scopes":["read"],"default_scopes":["write"]}]}""",
        """{"client_id":"a{sub}","grants":[{"api":"API","scopes":["read"]},{"api":"API","scopes":["write"]}]}""",
        """{"client_id":"a{sub}","grants":[{"api":"urn:countersign:admin","scopes":["accounts.read"]}]}""",
        """{"client_id":"a{sub}","owner":{"organization":"00000000-0000-0000-0000-000000000000"}}""",
        """{"client_id":"a{sub}","more":1}""",
        """{"name":"a{sub}"}""",
    ];

    [Theory]
    [MemberData(nameof(Faults))]
    [Trait("R", "200")]
    [Trait("R", "217")]
    public async Task A_template_that_is_none_is_refused_when_it_is_saved(string template)
    {
        var body = _issuer.Rule(null);
        body.Remove("account");
        var answer = await _issuer.Root.PostAsync("/trust-rules", $"{body.ToJsonString()[..^1]},\"template\":{template.Replace("API", _server.Demo.Api.Identifier, StringComparison.Ordinal)}}}");

        Assert.True(answer.Status is 400 or 404, $"{answer.Status} {answer.Body}");
    }

    [Fact]
    public async Task A_name_that_becomes_too_long_names_nobody()
    {
        var rule = await RuleAsync("gh-{a}", t => t["name"] = "{a}{b}{c}");

        await _issuer.RefusedAsync("template-account", () => _issuer.Token(c => (c["a"], c["b"], c["c"]) = ("a", new string('b', 100), new string('c', 100))));
        Assert.Empty(await AccountsAsync(rule));
    }

    private JsonObject Template(string clientId) => new()
    {
        ["client_id"] = $"{_prefix}-{clientId}",
        ["grants"] = new JsonArray(new JsonObject { ["api"] = _server.Demo.Api.Identifier, ["scopes"] = new JsonArray("read", "write"), ["default_scopes"] = new JsonArray("read") }),
    };

    private async Task<Guid> RuleAsync(string clientId, Action<JsonObject>? change = null)
    {
        var template = Template(clientId);
        change?.Invoke(template);

        return await _issuer.RuleAsync(null, b => (b["template"], _) = (template, b.Remove("account")));
    }

    private async Task<JsonElement[]> AccountsAsync(Guid rule) => await _issuer.Root.ListAsync($"/trust-rules/{rule}/accounts?limit=200");
}

using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Server.Audit;
using Countersign.Server.Tests.Framework;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Which tokens meet a rule, and what they get then.</summary>
public sealed class ForeignRuleTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    public static TheoryData<string, string, string, string, bool> Conditions => new()
    {
        { "sub", "equals", "\"a/b\"", "\"a/b\"", true },
        { "sub", "equals", "\"a/b\"", "\"a/B\"", false },
        { "sub", "equals", "\"a/b\"", "\"a/b \"", false },
        { "sub", "equals", "\"a*\"", "\"ab\"", false },
        { "sub", "prefix", "\"a/\"", "\"a/b\"", true },
        { "sub", "prefix", "\"a/\"", "\"ba/b\"", false },
        { "sub", "glob", "\"a/*/c\"", "\"a/b/c\"", true },
        { "sub", "glob", "\"a/*/c\"", "\"a/b/b/c\"", false },
        { "sub", "glob", "\"a/*/c\"", "\"a/b:b/c\"", false },
        { "sub", "glob", "\"a/*\"", "\"xa/b\"", false },
        { "sub", "glob", "\"a/*\"", "\"a/b/c\"", false },
        { "sub", "glob", "\"a.b/*\"", "\"axb/c\"", false },
        { "sub", "glob", "\"a/*b\"", "\"a/b\\nb\"", true },
        { "sub", "glob", "\"a/[bc]*\"", "\"a/bx\"", false },
        { "x", "equals", "1", "1", true },
        { "x", "equals", "1", "\"1\"", false },
        { "x", "equals", "\"1\"", "1", false },
        { "x", "any_of", "[true,\"a\"]", "\"true\"", false },
        { "x", "any_of", "[true,\"a\"]", "true", true },
        { "x", "equals", "\"a\"", "[\"a\"]", false },
        { "x", "equals", "\"a\"", "null", false },
        { "x", "prefix", "\"a\"", "[\"a\"]", false },
        { "x", "any_of", "[\"a\",1]", "1", true },
        { "x", "any_of", "[\"a\",1]", "\"1\"", false },
        { "x", "contains", "\"a\"", "[\"b\",\"a\"]", true },
        { "x", "contains", "\"a\"", "\"a\"", false },
        { "x", "contains", "\"a\"", "[[\"a\"]]", false },
        { "x.y", "equals", "\"a\"", "{\"y\":\"a\"}", true },
        { "/x/y", "equals", "\"a\"", "{\"y\":\"a\"}", true },
        { "x.y", "equals", "\"a\"", "\"a\"", false },
    };

    [Theory]
    [MemberData(nameof(Conditions))]
    [Trait("R", "202")]
    [Trait("R", "203")]
    public async Task A_condition_means_the_whole_value_of_its_own_type(string claim, string op, string expected, string got, bool taken)
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        await issuer.RuleAsync(await TestAccount.CreateAsync(_server), claim, op, JsonNode.Parse(expected));

        // What the rule names is in a member of the top.
        var member = claim.Trim('/').Split('.', '/')[0];
        string Token() => issuer.Token(c => c[member] = JsonNode.Parse(got));

        await (taken ? issuer.TakenAsync(Token()) : issuer.RefusedAsync("trust-rule", Token));
    }

    [Theory]
    [InlineData("claims.env == 'prod'", """{"env":"prod"}""", true)]
    [InlineData("claims.env == 'prod'", "{}", false)]
    [InlineData("claims.env == 'prod'", """{"env":1}""", false)]
    [InlineData("claims.env != 'prod'", "{}", false)]
    [InlineData("!(claims.env == 'prod')", "{}", false)]
    [InlineData("claims.n / 0 == 1", """{"n":1}""", false)]
    [InlineData("claims.n > 9223372036854775807 - 1 + 2", """{"n":1}""", false)]
    [InlineData("claims.ok", """{"ok":true}""", true)]
    [InlineData("claims.ok", """{"ok":"true"}""", false)]
    [InlineData("claims.ok", """{"ok":1}""", false)]
    [InlineData("has(claims.env)", """{"env":null}""", true)]
    [InlineData("header.typ == 'JWT' && issuer.startsWith('https://ci-') && request.address != '' && request.scopes == ['read']", "{}", true)]
    [InlineData("request.resource == []", "{}", true)]
    [InlineData("request.time > timestamp('2020-01-01T00:00:00Z')", "{}", true)]
    [InlineData("claims.sub.matches('^(a+)+$')", "{}", false)]
    [Trait("R", "203")]
    [Trait("R", "207")]
    public async Task An_expression_only_narrows_and_an_error_is_no(string cel, string claims, bool taken)
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        await issuer.RuleAsync((await TestAccount.CreateAsync(_server)).ClientId, b => b["cel"] = cel);

        string Token() => issuer.Token(c => JsonNode.Parse(claims)!.AsObject().ToList().ForEach(m => c[m.Key] = m.Value?.DeepClone()));

        if (taken)
        {
            await issuer.TakenAsync(Token(), ("scope", "read"));
            await issuer.RefusedAsync("trust-rule", issuer.Token(c => c["sub"] = "job:2"), ("scope", "read"));
        }
        else
        {
            await issuer.RefusedAsync("trust-rule", Token(), ("scope", "read"));
        }
    }

    [Fact]
    [Trait("R", "203")]
    public async Task All_conditions_must_hold_and_a_claim_that_is_there_twice_is_none()
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        var account = await TestAccount.CreateAsync(_server);
        await issuer.RuleAsync(account.ClientId, null, ForeignIssuer.Where("sub", "equals", ForeignIssuer.Subject), ForeignIssuer.Where("a.b", "equals", 1));

        await issuer.TakenAsync(issuer.Token(c => c["a"] = new JsonObject { ["b"] = 1 }));
        await issuer.TakenAsync(issuer.Token(c => c["a.b"] = 1));
        await issuer.RefusedAsync("trust-rule", issuer.Token());
        await issuer.RefusedAsync("trust-rule", issuer.Token(c => (c["a.b"], c["a"]) = (1, new JsonObject { ["b"] = 1 })));
        Assert.Equal(401, (await issuer.SendAsync(issuer.TokenOf(issuer.Claims().ToJsonString()[..^1] + ",\"sub\":\"job:1\",\"a\":{\"b\":1}}"))).Status);
        Assert.Equal(401, (await issuer.SendAsync(issuer.TokenOf(issuer.Claims().ToJsonString()[..^1] + ",\"a\":{\"b\":2,\"b\":1}}"))).Status);
        Assert.Equal(401, (await issuer.SendAsync(issuer.TokenOf(issuer.Claims().ToJsonString()[..^1] + ",\"a\":{\"b\":\"\\ud800\"}}"))).Status);
    }

    [Fact]
    public async Task Two_rules_that_name_different_accounts_are_none_and_both_are_told()
    {
        var (issuer, first, rule) = await ForeignIssuer.WithRuleAsync(_server);
        var second = await TestAccount.CreateAsync(_server);
        var other = await issuer.RuleAsync(second.ClientId, b => b["name"] = $"other {issuer.Id}");
        var name = (await issuer.Root.GetAsync($"/trust-rules/{rule}"))["name"];

        var told = await issuer.RefusedAsync("trust-rule-unambiguous", () => issuer.Token());
        Assert.All(new[] { name, $"other {issuer.Id}", first.ClientId, second.ClientId }, t => Assert.Contains(t, told, StringComparison.Ordinal));

        await issuer.PatchAsync($"/trust-rules/{other}", new { disabled = true });
        await issuer.TakenAsync();
    }

    [Fact]
    public async Task Of_two_rules_for_one_account_the_narrowest_holds()
    {
        var (issuer, account, _) = await ForeignIssuer.WithRuleAsync(_server);
        await issuer.RuleAsync(account.ClientId, b => (b["scopes"], b["lifetime_seconds"]) = (new JsonArray("read", "write"), 120));
        await issuer.RuleAsync(account.ClientId, b => (b["scopes"], b["lifetime_seconds"]) = (new JsonArray("read"), 600));

        var answer = await issuer.SendAsync(null, ("scope", "read"));
        Assert.Equal(("read", "120"), (answer["scope"], answer["expires_in"]));
        await _server.AssertRefusedAsync(await issuer.SendAsync(null, ("scope", "write")), 400, "invalid_scope", "rule-scope");
        await _server.AssertRefusedAsync(await issuer.SendAsync(null, ("scope", "read write")), 400, "invalid_scope", "rule-scope");
    }

    [Fact]
    [Trait("R", "104")]
    public async Task Scopes_and_lifetime_are_at_most_the_rules_and_never_more_than_the_accounts()
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        var account = await TestAccount.CreateAsync(_server);
        var api = await TestApi.CreateAsync(_server, "elsewhere");
        await issuer.RuleAsync(account.ClientId, b => (b["scopes"], b["lifetime_seconds"]) = (new JsonArray("write", "elsewhere"), 86400));
        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { lifetime_seconds = 7200 } });

        await _server.AssertRefusedAsync(await issuer.SendAsync(null, ("scope", "read")), 400, "invalid_scope", "rule-scope");
        await _server.AssertRefusedAsync(await issuer.SendAsync(null, ("scope", "elsewhere")), 400, "invalid_scope", "scope-granted");

        // Its default is not among them.
        await _server.AssertRefusedAsync(await issuer.SendAsync(), 400, "invalid_scope", "scope-asked");
        Assert.Equal(("7200", "3600"), ((await issuer.SendAsync(null, ("scope", "write")))["expires_in"], (await issuer.ByGrantAsync(null, ("scope", "write")))["expires_in"]));
        _ = api;
    }

    [Fact]
    public async Task A_rule_that_only_reports_grants_nothing_and_is_recorded()
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        var (watched, account) = (await TestAccount.CreateAsync(_server), await TestAccount.CreateAsync(_server));
        var report = await issuer.RuleAsync(watched.ClientId, b => b["mode"] = "report");
        await issuer.RefusedAsync("trust-rule", () => issuer.Token());
        Assert.Equal(3, (await RecordsAsync()).Count);

        // Beside one in force it makes nothing ambiguous.
        await issuer.RuleAsync(account.ClientId);
        Assert.Equal(account.ClientId, (await _server.IntrospectAsync(await issuer.TakenAsync()))["client_id"]);
        var last = (await RecordsAsync())[0];
        Assert.Equal(watched.Id.ToString(), last.GetProperty("account").GetString());

        // What does not match it, and what is not verified, is not recorded.
        await issuer.SendAsync(issuer.Token(c => c["sub"] = "job:2"));
        await issuer.SendAsync(issuer.Token(key: Signer.NewKey(kid: issuer.Key.Kid)));
        Assert.Equal(4, (await RecordsAsync()).Count);
        await issuer.PatchAsync($"/trust-rules/{report}", new { mode = "enforce" });
        await issuer.RefusedAsync("trust-rule-unambiguous");

        async Task<List<JsonElement>> RecordsAsync()
        {
            await _server.Services.GetRequiredService<AuditWriter>().FlushAsync(CancellationToken.None);

            return [.. (await issuer.Root.ListAsync("/audit-events?kind=trust-rule.matched&limit=200")).Where(e => e.GetRawText().Contains(report.ToString(), StringComparison.Ordinal))];
        }
    }

    [Fact]
    [Trait("R", "203")]
    public async Task A_rule_is_in_force_until_it_expires_and_unless_it_is_disabled()
    {
        await using var server = await TestServer.StartAsync();
        var issuer = await ForeignIssuer.CreateAsync(server);
        var account = await TestAccount.CreateAsync(server);
        var rule = await issuer.RuleAsync(account.ClientId, b => b["expires_at"] = server.Clock.GetUtcNow().AddMinutes(5));
        await issuer.TakenAsync();
        await issuer.PatchAsync($"/trust-rules/{rule}", new { disabled = true });
        Assert.Contains("disabled", await issuer.RefusedAsync("trust-rule"), StringComparison.Ordinal);
        await issuer.PatchAsync($"/trust-rules/{rule}", new { disabled = false });
        await issuer.TakenAsync();

        await server.ElapseAsync(TimeSpan.FromMinutes(5));
        Assert.Contains("expired", await issuer.RefusedAsync("trust-rule"), StringComparison.Ordinal);
        Assert.Equal("expired", (await issuer.Root.GetAsync($"/trust-rules/{rule}"))["state"]);
        await issuer.PatchAsync($"/trust-rules/{rule}", new { expires_at = (string?)null });
        await issuer.TakenAsync();
    }

    [Fact]
    [Trait("R", "207")]
    public async Task An_expression_that_would_never_end_is_no_and_slows_nobody_else()
    {
        var (quick, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        var bomb = await ForeignIssuer.CreateAsync(_server);
        var account = await TestAccount.CreateAsync(_server);
        var more = string.Concat(Enumerable.Range(0, 5).Select(i => $"claims.l.all(x{i}, "));
        await bomb.RuleAsync(account.ClientId, b => b["cel"] = $"{more}x0 != 'z'{new string(')', 5)}");
        await quick.TakenAsync();
        string Bomb() => bomb.Token(c => c["l"] = new JsonArray([.. Enumerable.Range(0, 200).Select(i => JsonValue.Create($"{i}"))]));

        Assert.Contains("cel came to", await bomb.RefusedAsync("trust-rule", Bomb()), StringComparison.Ordinal);

        var bombs = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => bomb.SendAsync(Bomb())));
        var times = new List<TimeSpan>();

        for (var i = 0; i < 20; i++)
        {
            var began = Stopwatch.StartNew();
            await quick.TakenAsync();
            times.Add(began.Elapsed);
        }

        Assert.All(await bombs, a => Assert.True(a.Status is 401 or 429, a.Body));
        Assert.InRange(times.Order().ElementAt(10), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task The_use_of_a_rule_is_shown()
    {
        var (issuer, account, rule) = await ForeignIssuer.WithRuleAsync(_server);
        await issuer.TakenAsync();

        Assert.NotEqual("", (await issuer.Root.GetAsync($"/trust-rules/{rule}"))["last_used_at"]);
        Assert.NotEqual("", (await issuer.Root.GetAsync(issuer.Path))["last_used_at"]);
        Assert.NotEqual("", (await account.AdminAsync(HttpMethod.Get))["last_used_at"]);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Server.Audit;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>What would become of a token, before it becomes anything.</summary>
public sealed class DryRunTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Path = "/explanations";

    private readonly TestServer _server = shared.Server;

    [Fact]
    [Trait("R", "209")]
    public async Task A_token_that_would_be_taken_says_what_it_would_get()
    {
        var (issuer, account, rule) = await ForeignIssuer.WithRuleAsync(_server);
        var token = issuer.Token();
        var run = await RunAsync(new { jwt = token, scope = "write read" });

        Assert.Equal(("would-issue", "foreign", "True", ""), (run["outcome"], run["kind"], run["verified"], run["error"]));
        Assert.Equal((issuer.Id, issuer.Issuer), (run.Json.GetProperty("trusted_issuer").GetProperty("id").GetGuid(), run.Json.GetProperty("trusted_issuer").GetProperty("issuer").GetString()));
        var got = run.Json.GetProperty("token");
        Assert.Equal((account.Id, account.ClientId, rule, "write read"), (got.GetProperty("account").GetGuid(), got.GetProperty("client_id").GetString(), got.GetProperty("credential").GetGuid(), got.GetProperty("scope").GetString()));
        Assert.Equal(_server.Demo.Api.Identifier, got.GetProperty("audience")[0].GetString());
        Assert.All(Checks(run), c => Assert.True(c.Passed));
        Assert.Equal(ForeignIssuer.Subject, run.Json.GetProperty("claims").GetProperty("sub").GetString());
        Assert.Equal(issuer.Key.Kid, run.Json.GetProperty("header").GetProperty("kid").GetString());

        // As it is then.
        var answer = await issuer.SendAsync(token, ("scope", "write read"));
        Assert.Equal((answer["scope"], answer["expires_in"]), (got.GetProperty("scope").GetString(), got.GetProperty("lifetime_seconds").ToString()));
        Assert.DoesNotContain(token.Split('.')[2], run.Body, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("R", "209")]
    public async Task Nothing_comes_of_it()
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        var rule = await issuer.RuleAsync(null, b => (b["template"], _) = (new JsonObject
        {
            ["client_id"] = $"{issuer.Id:n}-{{n}}",
            ["grants"] = new JsonArray(new JsonObject { ["api"] = _server.Demo.Api.Identifier, ["scopes"] = new JsonArray("read"), ["default_scopes"] = new JsonArray("read") }),
        }, b.Remove("account")));
        await issuer.RuleAsync((await TestAccount.CreateAsync(_server)).ClientId, b => b["mode"] = "report");
        var token = issuer.Token(c => c["n"] = 1);
        var before = await EventsAsync();

        for (var i = 0; i < 3; i++)
        {
            foreach (var use in new[] { "client_assertion", "jwt_bearer", "subject_token" })
            {
                var run = await RunAsync(new Dictionary<string, object> { ["jwt"] = token, ["as"] = use });
                Assert.True(run["outcome"] == "would-issue", run.Body);
                Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("token").GetProperty("account").ValueKind);
                Assert.Equal($"{issuer.Id:n}-1", run.Json.GetProperty("token").GetProperty("client_id").GetString());
            }

            // Nor of one that fails: no count that would hold up who comes after.
            for (var j = 0; j < 5; j++)
            {
                Assert.Equal("refused", (await RunAsync(new { jwt = issuer.Token(c => c["aud"] = "x") }))["outcome"]);
            }
        }

        Assert.Equal(before, await EventsAsync());
        Assert.Empty(await issuer.Root.ListAsync($"/trust-rules/{rule}/accounts"));
        Assert.Equal("", (await issuer.Root.GetAsync($"/trust-rules/{rule}"))["last_used_at"]);
        Assert.Equal(401, (await issuer.SendAsync(issuer.Token(c => c["aud"] = "x"))).Status);
        await issuer.TakenAsync(token);
        var used = await RunAsync(new { jwt = token });
        Assert.Equal(("refused", "invalid_client"), (used["outcome"], used["error"]));
        Assert.Equal("assertion-unused", Assert.Single(Checks(used), c => !c.Passed).Check);

        async Task<int> EventsAsync()
        {
            await _server.Services.GetRequiredService<AuditWriter>().FlushAsync(CancellationToken.None);

            return (await issuer.Root.ListAsync("/audit-events?limit=200")).Length;
        }
    }

    [Fact]
    [Trait("R", "209")]
    public async Task All_faults_are_shown_at_once()
    {
        var (issuer, account, _) = await ForeignIssuer.WithRuleAsync(_server);
        await account.AdminAsync(HttpMethod.Patch, "", new { disabled = true });
        var run = await RunAsync(new { jwt = issuer.Token(c => (c["aud"], c["exp"], c["sub"], _) = ("x", 1, "job:2", c.Remove("jti")), type: "at+jwt") });

        Assert.Equal(("refused", "invalid_client", "True"), (run["outcome"], run["error"], run["verified"]));
        Assert.Equal(["assertion-type", "assertion-audience", "assertion-time", "assertion-id", "trust-rule"], Checks(run).Where(c => !c.Passed).Select(c => c.Check));
        Assert.NotEqual("", run["hint"]);
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("token").ValueKind);

        using var other = Signer.NewKey(kid: issuer.Key.Kid);
        var forged = await RunAsync(new { jwt = issuer.Token(c => c["aud"] = "x", key: other) });
        Assert.Equal(("refused", "False"), (forged["outcome"], forged["verified"]));
        Assert.Equal(["signature", "assertion-audience"], Checks(forged).Where(c => !c.Passed).Select(c => c.Check));

        foreach (var (use, error) in new[] { ("client_assertion", "invalid_client"), ("jwt_bearer", "invalid_grant"), ("subject_token", "invalid_request") })
        {
            var refused = await RunAsync(new Dictionary<string, object> { ["jwt"] = issuer.Token(), ["as"] = use });
            Assert.Equal((error, "account-enabled"), (refused["error"], Assert.Single(Checks(refused), c => !c.Passed).Check));
        }
    }

    [Fact]
    [Trait("R", "203")]
    [Trait("R", "209")]
    public async Task Each_rule_says_what_its_conditions_come_to()
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        var account = await TestAccount.CreateAsync(_server);
        var meets = await issuer.RuleAsync(account.ClientId, b => b["cel"] = "claims.env == 'prod' && size(claims.sub) == 5");
        var misses = await issuer.RuleAsync(account.ClientId, b => (b["mode"], b["disabled"]) = ("report", true), ForeignIssuer.Where("sub", "glob", "x/*"), ForeignIssuer.Where("n", "any_of", new JsonArray(1, "a")));
        var run = await RunAsync(new { jwt = issuer.Token(c => c["env"] = "prod") });
        var rules = run.Json.GetProperty("rules").EnumerateArray().ToArray();

        Assert.Equal([meets, misses], rules.Select(r => r.GetProperty("id").GetGuid()));
        Assert.Equal(("enforce", "active", true, account.ClientId), Of(rules[0]));
        Assert.Equal(("report", "disabled", false, account.ClientId), Of(rules[1]));
        var cel = rules[0].GetProperty("cel");
        Assert.Equal((true, "true"), (cel.GetProperty("passed").GetBoolean(), cel.GetProperty("value").GetString()));
        Assert.Contains(cel.GetProperty("steps").EnumerateArray(), s => s.GetProperty("text").GetString() == "claims.env");
        Assert.Equal(JsonValueKind.Null, rules[1].GetProperty("cel").ValueKind);
        Assert.Equal(
            [("sub", "glob", "\"x/*\"", "\"job:1\"", false), ("n", "any_of", "[1,\"a\"]", null, false)],
            rules[1].GetProperty("conditions").EnumerateArray().Select(c => (
                c.GetProperty("claim").GetString()!, c.GetProperty("operator").GetString()!, c.GetProperty("expected").GetRawText(), c.GetProperty("got").GetString(), c.GetProperty("passed").GetBoolean())));

        var error = await RunAsync(new { jwt = issuer.Token() });
        Assert.Equal("refused", error["outcome"]);
        Assert.False(error.Json.GetProperty("rules")[0].GetProperty("cel").GetProperty("passed").GetBoolean());

        static (string?, string?, bool, string?) Of(JsonElement r) => (r.GetProperty("mode").GetString(), r.GetProperty("state").GetString(), r.GetProperty("matched").GetBoolean(), r.GetProperty("account").GetString());
    }

    [Fact]
    [Trait("R", "209")]
    public async Task The_rule_that_is_proposed_lets_the_token_pass_when_it_is_saved()
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        var account = await TestAccount.CreateAsync(_server);
        var token = issuer.Token(c => (c["sub"], c["azp"]) = ("repo:acme/app é", "tool"));
        var run = await RunAsync(new { jwt = token, account = account.ClientId });
        Assert.Equal(("refused", "trust-rule"), (run["outcome"], Assert.Single(Checks(run), c => !c.Passed).Check));

        var proposal = run.Json.GetProperty("proposal");
        Assert.Equal(account.ClientId, proposal.GetProperty("account").GetString());
        await issuer.Root.MakeAsync("/trust-rules", proposal.GetRawText());
        Assert.Equal("would-issue", (await RunAsync(new { jwt = token }))["outcome"]);
        await issuer.TakenAsync(token);
    }

    [Fact]
    public async Task A_refused_token_leaves_its_proposal_under_the_trace()
    {
        var issuer = await ForeignIssuer.CreateAsync(_server);
        var account = await TestAccount.CreateAsync(_server);
        var token = issuer.Token();
        var refused = await issuer.SendAsync(token);
        await _server.AssertRefusedAsync(refused, 401, "invalid_client", "trust-rule");

        var proposal = JsonNode.Parse((await _server.ExplainAsync(refused)).GetProperty("proposal").GetRawText())!.AsObject();
        Assert.False(proposal.ContainsKey("account"));
        proposal["account"] = account.ClientId;
        await issuer.Root.MakeAsync("/trust-rules", proposal);
        await issuer.TakenAsync(token);

        // Where another thing than a rule is missing, none is proposed.
        var other = await issuer.SendAsync(issuer.Token(c => c["aud"] = "x"));
        Assert.True(!(await _server.ExplainAsync(other)).TryGetProperty("proposal", out var none) || none.ValueKind == JsonValueKind.Null);
    }

    [Fact]
    [Trait("R", "209")]
    public async Task An_issuer_that_is_not_trusted_is_proposed_with_its_first_rule()
    {
        var stranger = new ForeignIssuer(await _server.RootAsync(), default, $"https://s{Guid.NewGuid():n}.example", Signer.NewKey());
        var account = await TestAccount.CreateAsync(_server);
        var token = stranger.Token();
        var run = await RunAsync(new { jwt = token, account = account.ClientId });

        Assert.Equal(("refused", "foreign", "False"), (run["outcome"], run["kind"], run["verified"]));
        Assert.Equal("issuer-known", Assert.Single(Checks(run), c => !c.Passed).Check);
        var proposed = JsonNode.Parse(run.Json.GetProperty("proposed_issuer").GetRawText())!.AsObject();
        Assert.Equal((stranger.Issuer, "generic", true), (proposed["issuer"]!.GetValue<string>(), proposed["kind"]!.GetValue<string>(), proposed["discovery"]!.GetValue<bool>()));

        // In a test no discovery is reached.
        (proposed["jwks"], _) = (ForeignIssuer.Set(stranger.Key), proposed.Remove("discovery"));
        await stranger.Root.MakeAsync("/trusted-issuers", proposed);
        await stranger.Root.MakeAsync("/trust-rules", run.Json.GetProperty("proposal").GetRawText());
        await stranger.TakenAsync(token);

        var wrong = await RunAsync(new { jwt = (stranger with { Issuer = "https://t.example" }).Token(c => c["aud"] = "x") });
        Assert.Equal(["issuer-known", "assertion-audience"], Checks(wrong).Where(c => !c.Passed).Select(c => c.Check));
    }

    [Fact]
    [Trait("R", "209")]
    public async Task An_assertion_that_an_account_signed_itself_is_judged_and_not_used()
    {
        var signer = await Signer.CreateAsync(_server);
        var assertion = signer.Assertion();
        var run = await RunAsync(new { jwt = assertion, scope = "read" });
        Assert.Equal(("would-issue", "self-signed", "True"), (run["outcome"], run["kind"], run["verified"]));
        Assert.Equal((signer.Id, signer.KeyId), (run.Json.GetProperty("token").GetProperty("account").GetGuid(), run.Json.GetProperty("token").GetProperty("credential").GetGuid()));

        Assert.Equal(200, (await signer.TokenAsync(assertion)).Status);
        var used = await RunAsync(new { jwt = assertion });
        Assert.Equal("assertion-unused", Assert.Single(Checks(used), c => !c.Passed).Check);
        var bad = await RunAsync(new { jwt = signer.Assertion(c => (c["aud"], c["exp"]) = ("x", 1)) });
        Assert.Equal(["assertion-audience", "assertion-time"], Checks(bad).Where(c => !c.Passed).Select(c => c.Check));
        Assert.Equal("refused", (await RunAsync(new Dictionary<string, object> { ["jwt"] = signer.Assertion(), ["as"] = "subject_token" }))["outcome"]);
        Assert.Equal("invalid_scope", (await RunAsync(new { jwt = signer.Assertion(), scope = "nothing" }))["error"]);
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "209")]
    public async Task A_token_of_this_server_is_told_good_or_why_not(string format)
    {
        var account = await TestAccount.CreateAsync(_server);
        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { format } });
        var token = (await account.TokenAsync(("scope", "read write")))["access_token"];
        var run = await RunAsync(new { jwt = token });
        Assert.Equal(("active", "access-token", "True"), (run["outcome"], run["kind"], run["verified"]));
        Assert.DoesNotContain(token[^20..], run.Body, StringComparison.Ordinal);

        var exchanged = await RunAsync(new Dictionary<string, object> { ["jwt"] = token, ["as"] = "subject_token", ["scope"] = "read" });
        Assert.Equal(("would-issue", "read"), (exchanged["outcome"], exchanged.Json.GetProperty("token").GetProperty("scope").GetString()));
        var other = await TestAccount.CreateAsync(_server);
        var byOther = await RunAsync(new Dictionary<string, object> { ["jwt"] = token, ["as"] = "subject_token", ["account"] = other.ClientId });
        Assert.Equal(("refused", "exchange-rule"), (byOther["outcome"], Assert.Single(Checks(byOther), c => !c.Passed).Check));

        await account.AdminAsync(HttpMethod.Post, "/revoke-tokens", new { });
        var revoked = await RunAsync(new { jwt = token });
        Assert.Equal(("refused", "token-active"), (revoked["outcome"], Assert.Single(Checks(revoked), c => !c.Passed).Check));
    }

    [Fact]
    [Trait("R", "209")]
    public async Task An_account_alone_says_what_it_could_get()
    {
        var account = await TestAccount.CreateAsync(_server);
        var run = await RunAsync(new { account = account.Id, scope = "read" });
        Assert.Equal(("would-issue", "none", account.ClientId), (run["outcome"], run["kind"], run.Json.GetProperty("token").GetProperty("client_id").GetString()));
        Assert.Equal(("refused", "invalid_scope"), ((await RunAsync(new { account = account.ClientId, scope = "nothing" }))["outcome"], (await RunAsync(new { account = account.ClientId, scope = "nothing" }))["error"]));

        await account.AdminAsync(HttpMethod.Patch, "", new { access_policy = new { cel = "request.address == '10.0.0.1' && request.time < timestamp('2030-01-01T00:00:00Z')" } });
        Assert.Equal("would-issue", (await RunAsync(new { account = account.ClientId, address = "10.0.0.1", time = "2029-01-01T00:00:00Z" }))["outcome"]);
        Assert.Equal("access-policy", Assert.Single(Checks(await RunAsync(new { account = account.ClientId, address = "10.0.0.2", time = "2029-01-01T00:00:00Z" })), c => !c.Passed).Check);
        Assert.Equal("refused", (await RunAsync(new { account = account.ClientId, address = "10.0.0.1", time = "2031-01-01T00:00:00Z" }))["outcome"]);
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("1960-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.9999999Z")]
    public async Task Any_time_can_be_asked_about(string time)
    {
        var (issuer, account, _) = await ForeignIssuer.WithRuleAsync(_server);
        var made = await ForeignIssuer.CreateAsync(_server);
        await made.RuleAsync(null, b => (b["template"], b["cel"], _) = (new JsonObject { ["client_id"] = $"{made.Id:n}-{{n}}" }, "request.time > timestamp(0)", b.Remove("account")));
        var signer = await Signer.CreateAsync(_server);

        // So long ago that the token is from a time ahead; what is judged beside that is judged.
        var at = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds();
        var fitting = made.Token(c => (c["iat"], c["exp"], c["n"]) = (at, Math.Min(at + 60, 253402300799), 1));

        foreach (var jwt in new[] { issuer.Token(), fitting, signer.Assertion(), (await account.TokenAsync())["access_token"] })
        {
            foreach (var use in new[] { "client_assertion", "subject_token" })
            {
                Assert.Equal("refused", (await RunAsync(new Dictionary<string, object> { ["jwt"] = jwt, ["time"] = time, ["as"] = use }))["outcome"]);
            }
        }

        Assert.Equal("would-issue", (await RunAsync(new { account = account.ClientId, time }))["outcome"]);
    }

    [Theory]
    [InlineData("jwt", "{}")]
    [InlineData("jwt", """{"jwt":""}""")]
    [InlineData("jwt", """{"jwt":"a b"}""")]
    [InlineData("jwt", """{"jwt":"\u00e9"}""")]
    [InlineData("as", """{"jwt":"x","as":"password"}""")]
    [InlineData("address", """{"jwt":"x","address":"host.example"}""")]
    [InlineData("scope", """{"jwt":"x","scope":"a\"b"}""")]
    [InlineData("resource", """{"jwt":"x","resource":["#"]}""")]
    [InlineData("account", """{"account":"nobody"}""")]
    public async Task A_question_that_is_none_is_refused_by_the_member_that_has_it(string member, string body)
    {
        var answer = await (await _server.RootAsync()).PostAsync(Path, body);

        Assert.True(answer.Status is 400 or 404, answer.Body);
        Assert.Equal(member, Assert.Single(answer.Json.GetProperty("errors").EnumerateObject()).Name);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("a.b.c")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("cst_")]
    public async Task Whatever_is_no_token_is_told_as_that(string jwt)
    {
        var run = await RunAsync(new { jwt });

        Assert.Equal(("refused", "invalid_client"), (run["outcome"], run["error"]));
    }

    [Fact]
    [Trait("R", "209")]
    [Trait("R", "214")]
    public async Task It_is_open_to_who_may_change_the_rules_of_the_whole_tenant_alone()
    {
        var root = await _server.RootAsync();
        var estate = await Estate.MakeAsync(root);
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);

        foreach (var caller in new[] { (await root.AdministratorAsync("auditor")).Caller, (await root.AdministratorAsync("org-admin", estate.Owner, estate.Owner)).Caller, (await root.AdministratorAsync("super-admin", estate.Owner, estate.Owner)).Caller })
        {
            var answer = await caller.PostAsync(Path, new { jwt = issuer.Token() });
            Assert.True(answer.Status == 403, answer.Body);
            Assert.DoesNotContain(ForeignIssuer.Subject, answer.Body, StringComparison.Ordinal);
        }

        Assert.Equal(401, (await new Caller(_server, null).PostAsync(Path, new { jwt = issuer.Token() })).Status);
    }

    private async Task<Answer> RunAsync(object body)
    {
        var answer = await _server.AdminAsync(HttpMethod.Post, Path, body);
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Body}");

        return answer;
    }

    private static (string Check, bool Passed)[] Checks(Answer run) =>
        [.. run.Json.GetProperty("checks").EnumerateArray().Select(c => (c.GetProperty("check").GetString()!, c.GetProperty("passed").GetBoolean()))];
}

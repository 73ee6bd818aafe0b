using System.Text.Json.Nodes;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;
using Countersign.Server.Tests.TrustedIssuers;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>What a client gets for the token of another: never more than the token holds, the subject holds now, and one rule allows.</summary>
public sealed class ExchangeByRuleTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Fact]
    [Trait("R", "107")]
    [Trait("R", "113")]
    public async Task The_result_is_about_the_subject_for_the_API_and_says_what_it_is()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();

        var answer = await gateway.ExchangeAsync(token, ("audience", gateway.Orders.Identifier), ("requested_token_type", Gateway.AccessToken));

        Assert.Equal(200, answer.Status);
        Assert.Equal(["access_token", "token_type", "expires_in", "scope", "issued_token_type"], answer.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal(("Bearer", "read", Gateway.AccessToken), (answer["token_type"], answer["scope"], answer["issued_token_type"]));
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        var read = await gateway.ReadAsync(answer["access_token"]);
        Assert.Equal(
            (gateway.Subject.Id.ToString(), gateway.Client.ClientId, gateway.Orders.Identifier, "read"),
            (read.GetProperty("sub").GetString(), read.GetProperty("client_id").GetString(), read.GetProperty("aud").GetString(), read.GetProperty("scope").GetString()));
        Assert.Equal($$"""{"sub":"{{gateway.Client.Id}}"}""", read.GetProperty("act").GetRawText());

        // The token that was exchanged is as it was.
        var before = await gateway.ReadAsync(token);
        Assert.Equal((gateway.Subject.ClientId, gateway.Front.Identifier), (before.GetProperty("client_id").GetString(), before.GetProperty("aud").GetString()));
        Assert.False(before.TryGetProperty("act", out _));
    }

    [Fact]
    [Trait("R", "107")]
    public async Task Without_a_rule_for_this_subject_nothing_is_exchanged()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var other = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();

        // Nobody's rule, another's rule, and the reverse of the rule.
        var without = await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(await TestAccount.CreateAsync(_server), token), "exchange-rule");
        Assert.Contains(gateway.Subject.ClientId, without, StringComparison.Ordinal);
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(other.Client, token), "exchange-rule");
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(await other.TokenAsync()), "exchange-rule");
        await gateway.Client.GrantAsync(gateway.Orders.Identifier, ["read"]);
        await gateway.AssertNotTakenAsync(
            await gateway.ExchangeAsync(gateway.Subject, await Gateway.TokenOfAsync(gateway.Client, gateway.Orders.Identifier, "read")), "exchange-rule");

        // To be what the token is for is not enough: this server has no list of who an API is but the rule.
        await gateway.AdminAsync(HttpMethod.Post, $"/apis/{gateway.Front.Id}/resource-servers", new { account = other.Client.Id });
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(other.Client, token), "exchange-rule");
    }

    [Fact]
    [Trait("R", "107")]
    [Trait("R", "39")]
    public async Task A_rule_holds_from_the_next_request_and_no_longer_from_the_next_after_its_end()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        await gateway.ExchangedAsync(token);

        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { disabled = true });
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token), "exchange-rule");
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { disabled = false });
        await gateway.ExchangedAsync(token);
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { subjects = new[] { gateway.Client.ClientId } });
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token), "exchange-rule");
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { any_subject = true });
        await gateway.ExchangedAsync(token);
        await gateway.AdminAsync(HttpMethod.Delete, gateway.RulePath);
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token), "exchange-rule");
    }

    [Theory]
    [InlineData("read write", null, "read")]
    [InlineData("read write", "read", "read")]
    [InlineData("read write delete", null, "read")]
    [InlineData("read write", "read write", null)]
    [InlineData("read write", "write", null)]
    [InlineData("read write delete", "delete", null)]
    [InlineData("read write", "read delete", null)]
    [InlineData("write", "read", null)]
    [InlineData("write", null, null)]
    [InlineData("delete", null, null)]
    [InlineData("read", "admin", null)]
    [InlineData("read", "READ", null)]
    [Trait("R", "108")]
    public async Task The_scopes_are_in_the_token_and_held_by_the_subject_and_allowed_by_the_rule(string held, string? asked, string? given)
    {
        var gateway = await Gateway.MakeAsync(_server);

        // RFC 6749 §3.3 lets a server narrow what was asked for; this one refuses, so that nobody finds out later. What is not asked for is narrowed.
        var answer = await gateway.ExchangeAsync(await gateway.TokenAsync(held), ("scope", asked));

        if (given is null)
        {
            await gateway.AssertRefusedAsync(answer, "invalid_scope", Gateway.NotGranted, "exchange-scope");
        }
        else
        {
            Assert.Equal(given, answer["scope"]);
            Assert.Equal(given, (await gateway.ReadAsync(Gateway.Token(answer))).GetProperty("scope").GetString());
        }
    }

    [Fact]
    [Trait("R", "108")]
    [Trait("R", "39")]
    public async Task What_the_subject_lost_since_is_not_in_the_result()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        var path = $"/service-accounts/{gateway.Subject.Id}/grants";
        var grant = (await gateway.AdminAsync(HttpMethod.Get, path)).Json.GetProperty("items").EnumerateArray()
            .Single(g => g.GetProperty("api").GetRawText().Contains(gateway.Orders.Identifier, StringComparison.Ordinal)).GetProperty("id").GetString();
        await gateway.ExchangedAsync(token);

        await gateway.AdminAsync(HttpMethod.Delete, $"{path}/{grant}");

        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token), "invalid_scope", Gateway.NotGranted, "exchange-scope");
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, ("scope", "read")), "invalid_scope", Gateway.NotGranted, "exchange-scope");
    }

    [Theory]
    [InlineData("audience")]
    [InlineData("resource")]
    [Trait("R", "108")]
    public async Task Only_an_API_of_the_rule_is_a_target(string name)
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        var strange = await TestApi.CreateAsync(_server, "read");
        await gateway.Client.GrantAsync(strange.Identifier, ["read"]);
        await gateway.Subject.GrantAsync(strange.Identifier, ["read"]);

        // Not what the token is for, not what either party is granted, not the admin API, and no name that is nearly right.
        foreach (var target in new[] { gateway.Front.Identifier, strange.Identifier, "urn:countersign:admin", gateway.Orders.Identifier + "/", gateway.Orders.Identifier.ToUpperInvariant(), $"urn:example:{gateway.Client.ClientId}" })
        {
            var reason = await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, (name, target)), "invalid_target", Gateway.BadTarget, "exchange-target");
            Assert.Contains(gateway.Orders.Identifier, reason, StringComparison.Ordinal);
        }

        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(token, (name, gateway.Orders.Identifier), (name, strange.Identifier)), "invalid_target", Gateway.BadTarget, "exchange-target");
        await gateway.ExchangedAsync(token, (name, gateway.Orders.Identifier));
        await gateway.ExchangedAsync(token, (name, gateway.Orders.Identifier), (name, gateway.Orders.Identifier), (name == "audience" ? "resource" : "audience", gateway.Orders.Identifier));
    }

    [Theory]
    [InlineData("audience")]
    [InlineData("resource")]
    [Trait("R", "108")]
    [Trait("R", "115")]
    public async Task A_target_that_is_no_URI_or_too_long_or_one_of_too_many_is_refused_unread(string name)
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();

        foreach (var target in new[] { "orders", "https://a.example/#x", "https://user:canary@a.example/", $"https://a.example/{new string('a', 1024)}" })
        {
            var reason = await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, (name, target)), "invalid_target", Gateway.BadTarget, "resource-syntax");
            Assert.DoesNotContain("canary", reason, StringComparison.Ordinal);
            Assert.InRange(reason.Length, 0, 600);
        }

        // So many, of both together.
        var many = Enumerable.Range(0, 6).SelectMany(n => new (string, string?)[] { ("audience", $"https://{n}.example"), ("resource", $"https://r{n}.example") }).ToArray();
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, many), "invalid_target", Gateway.BadTarget, "resource-count");
    }

    [Fact]
    [Trait("R", "108")]
    [Trait("R", "116")]
    public async Task Several_APIs_of_one_rule_are_one_tokens_where_each_is_given_something()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var stock = await TestApi.CreateAsync(_server, "read", "count");
        await gateway.Subject.GrantAsync(stock.Identifier, ["read", "count"]);
        await gateway.Subject.GrantAsync((await TestApi.CreateAsync(_server, "count")).Identifier, ["count"]);
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { apis = new[] { Api(gateway.Orders, "read"), Api(stock, "read", "count") } });
        var token = await gateway.TokenAsync();
        (string, string?)[] both = [("audience", gateway.Orders.Identifier), ("resource", stock.Identifier)];

        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token), "invalid_target", Gateway.BadTarget, "exchange-target");
        var read = await gateway.ReadAsync(await gateway.ExchangedAsync(token, both));
        Assert.Equal([stock.Identifier, gateway.Orders.Identifier], read.GetProperty("aud").EnumerateArray().Select(a => a.GetString()));
        Assert.Equal("read", read.GetProperty("scope").GetString());

        // The subject's token is not for counting, though its scope might be had.
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, [.. both, ("scope", "read count")]), "invalid_scope", Gateway.NotGranted, "exchange-scope");

        // What is not for both must not read in the second as if it were (R116): left away where nothing is asked for, else refused.
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { apis = new[] { Api(gateway.Orders, "read", "delete"), Api(stock, "count") } });
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, [.. both, ("scope", "read")]), "invalid_scope", Gateway.NotGranted, "exchange-scope");
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, both), "invalid_scope", Gateway.NotGranted, "exchange-scope");
    }

    [Fact]
    [Trait("R", "108")]
    [Trait("R", "116")]
    public async Task No_API_is_in_the_token_without_a_scope_of_its_own()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var stock = await TestApi.CreateAsync(_server, "count");
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { apis = new[] { Api(gateway.Orders, "read"), Api(stock, "count") } });
        var token = await gateway.TokenAsync();

        // The subject holds nothing of the stock at all: an API that looks at the audience alone must not be told otherwise.
        foreach (var scope in new[] { null, "read" })
        {
            await gateway.AssertRefusedAsync(
                await gateway.ExchangeAsync(token, ("audience", gateway.Orders.Identifier), ("audience", stock.Identifier), ("scope", scope)), "invalid_target", Gateway.BadTarget, "exchange-target");
        }
    }

    [Fact]
    [Trait("R", "107")]
    [Trait("R", "108")]
    public async Task No_token_is_put_together_from_two_rules()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var stock = await TestApi.CreateAsync(_server, "read", "count");
        var strange = await TestApi.CreateAsync(_server, "look");
        await gateway.Subject.GrantAsync(stock.Identifier, ["read", "count"]);
        await gateway.Subject.GrantAsync(strange.Identifier, ["look"]);
        await gateway.RuleAsync(gateway.Client, [(stock, ["read", "count"])]);
        await gateway.RuleAsync(gateway.Client, [(strange, ["look"])]);
        await gateway.RuleAsync(gateway.Client, [(gateway.Orders, ["write"])]);
        var token = await gateway.TokenAsync();

        // Each alone.
        Assert.Equal("read", (await gateway.ExchangeAsync(token, ("audience", stock.Identifier)))["scope"]);
        Assert.Equal("read", (await gateway.ExchangeAsync(token, ("audience", gateway.Orders.Identifier)))["scope"]);
        Assert.Equal("write", (await gateway.ExchangeAsync(token, ("audience", gateway.Orders.Identifier), ("scope", "write")))["scope"]);

        // Two scopes of one API, and two APIs, of which each rule has one.
        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(token, ("audience", gateway.Orders.Identifier), ("scope", "read write")), "invalid_scope", Gateway.NotGranted, "exchange-scope");
        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(token, ("audience", gateway.Orders.Identifier), ("audience", stock.Identifier)), "invalid_scope", Gateway.NotGranted, "exchange-scope");
        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(token, ("audience", gateway.Orders.Identifier), ("audience", strange.Identifier), ("scope", "read")), "invalid_target", Gateway.BadTarget, "exchange-target");
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token), "invalid_target", Gateway.BadTarget, "exchange-target");
    }

    [Fact]
    [Trait("R", "108")]
    public async Task A_rule_that_names_what_is_gone_gives_nothing_for_it()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Orders.Id}", new { scopes = new[] { new { name = "write" }, new { name = "delete" } } });
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token), "invalid_scope", Gateway.NotGranted, "exchange-scope");

        Assert.InRange((await _server.AdminAsync(HttpMethod.Delete, $"/apis/{gateway.Orders.Id}")).Status, 200, 204);
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token), "invalid_target", Gateway.BadTarget, "exchange-target");
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, ("audience", gateway.Orders.Identifier)), "invalid_target", Gateway.BadTarget, "exchange-target");
    }

    [Fact]
    [Trait("R", "107")]
    public async Task A_token_for_the_admin_API_is_not_exchanged_by_its_owner_nor_by_another()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var root = await _server.RootAsync();
        var admin = await root.AdministratorAsync("super-admin");
        var account = new TestAccount(_server, admin.Id, admin.ClientId, default, admin.Secret);
        await gateway.RuleAsync(gateway.Client, [(gateway.Orders, ["read"])], any: true);
        await account.GrantAsync(gateway.Orders.Identifier, ["read"]);

        Assert.Contains("admin API", await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(admin.Caller.Token!)), StringComparison.Ordinal);
        Assert.Contains("admin API", await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(account, admin.Caller.Token!)), StringComparison.Ordinal);
        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(await gateway.TokenAsync(), ("actor_token", admin.Caller.Token), ("actor_token_type", Gateway.AccessToken)),
            "invalid_request",
            "the actor token is not valid",
            "actor-token");
        await gateway.ExchangedAsync(await Gateway.TokenOfAsync(account, gateway.Orders.Identifier, "read"), ("audience", gateway.Orders.Identifier));
    }

    [Fact]
    [Trait("R", "108")]
    public async Task What_the_client_came_in_by_limits_what_it_gets()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var platform = await ForeignIssuer.CreateAsync(_server);
        await platform.RuleAsync(gateway.Client.ClientId, r => (r["scopes"], r["lifetime_seconds"]) = (new JsonArray("delete"), 90));
        await platform.RuleAsync(gateway.Subject.ClientId, r => r["scopes"] = new JsonArray("read"), ForeignIssuer.Where("sub", "equals", "job:2"));
        var token = await gateway.TokenAsync();

        // By its secret the client gets what its exchange rule says. The token of its platform lets it in for less.
        Assert.Equal("read", (await gateway.ExchangeAsync(token))["scope"]);
        var refused = await _server.PostAsync("/oauth2/token", Gateway.Form(token, Proof(platform.Token())));
        await gateway.AssertRefusedAsync(refused, "invalid_scope", Gateway.NotGranted, "exchange-scope");
        await gateway.AdminAsync(HttpMethod.Patch, await GrantAsync(), new { scopes = new[] { "read", "delete" } });
        var given = await _server.PostAsync("/oauth2/token", Gateway.Form(await gateway.TokenAsync("read delete"), Proof(platform.Token())));
        Assert.Equal("delete", (await gateway.ReadAsync(Gateway.Token(given))).GetProperty("scope").GetString());
        Assert.Equal("90", given["expires_in"]);

        // The same for an account that narrows its own.
        var own = await _server.PostAsync("/oauth2/token", Gateway.Form(token, Proof(platform.Token(c => c["sub"] = "job:2"))));
        Assert.Equal("read", (await gateway.ReadAsync(Gateway.Token(own))).GetProperty("scope").GetString());

        async Task<string> GrantAsync()
        {
            var path = $"/service-accounts/{gateway.Subject.Id}/grants";
            var grants = (await gateway.AdminAsync(HttpMethod.Get, path)).Json.GetProperty("items").EnumerateArray();

            return $"{path}/{grants.Single(g => g.GetRawText().Contains(gateway.Orders.Identifier, StringComparison.Ordinal)).GetProperty("id")}";
        }

        static (string, string?)[] Proof(string assertion) => [("client_assertion_type", Signer.AssertionType), ("client_assertion", assertion)];
    }

    private static object Api(TestApi api, params string[] scopes) => new { api = api.Identifier, scopes };
}

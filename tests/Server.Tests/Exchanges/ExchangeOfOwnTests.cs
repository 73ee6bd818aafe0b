using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>An account that exchanges its own token: without a rule, and only for less.</summary>
public sealed class ExchangeOfOwnTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Fact]
    [Trait("R", "107")]
    [Trait("R", "113")]
    public async Task It_needs_no_rule_and_names_no_actor()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();

        var answer = await gateway.NarrowAsync(token, ("scope", "read"));

        Assert.Equal(("Bearer", "read", Gateway.AccessToken), (answer["token_type"], answer["scope"], answer["issued_token_type"]));
        var (read, before) = (await gateway.ReadAsync(answer["access_token"]), await gateway.ReadAsync(token));
        Assert.False(read.TryGetProperty("act", out _));

        foreach (var same in new[] { "sub", "client_id", "aud", "cred" })
        {
            Assert.Equal(before.GetProperty(same).GetString(), read.GetProperty(same).GetString());
        }

        Assert.NotEqual(before.GetProperty("jti").GetString(), read.GetProperty("jti").GetString());
    }

    [Theory]
    [InlineData("read write", null, "read write")]
    [InlineData("write read", "write", "write")]
    [InlineData("read", "read write", null)]
    [InlineData("read", "write", null)]
    [InlineData("read", "unknown", null)]
    [Trait("R", "108")]
    public async Task Nothing_that_the_token_lacks_is_had_though_the_account_holds_it(string held, string? asked, string? given)
    {
        var gateway = await Gateway.MakeAsync(_server);

        var answer = await gateway.NarrowAsync(await gateway.TokenAsync(held), ("scope", asked));

        if (given is null)
        {
            await gateway.AssertRefusedAsync(answer, "invalid_scope", Gateway.NotGranted, "exchange-scope");
        }
        else
        {
            Assert.Equal(given, answer["scope"]);
        }
    }

    [Fact]
    [Trait("R", "108")]
    [Trait("R", "116")]
    public async Task Of_several_APIs_it_may_keep_some_and_add_none()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var stock = await TestApi.CreateAsync(_server, "count");
        await gateway.Subject.GrantAsync(stock.Identifier, ["count"]);
        var wide = Gateway.Token(await gateway.Subject.TokenAsync(("resource", gateway.Orders.Identifier), ("resource", stock.Identifier), ("scope", "read count")));

        var orders = await gateway.NarrowAsync(wide, ("audience", gateway.Orders.Identifier));
        Assert.Equal("read", orders["scope"]);
        Assert.Equal(gateway.Orders.Identifier, (await gateway.ReadAsync(Gateway.Token(orders))).GetProperty("aud").GetString());
        Assert.Equal("count", (await gateway.NarrowAsync(wide, ("resource", stock.Identifier)))["scope"]);
        Assert.Equal("read count", (await gateway.NarrowAsync(wide))["scope"]);
        await gateway.AssertRefusedAsync(
            await gateway.NarrowAsync(wide, ("audience", stock.Identifier), ("scope", "read")), "invalid_scope", Gateway.NotGranted, "exchange-scope");

        // Held, but not what the token is for; the same for what the narrowed one has left behind.
        foreach (var target in new[] { gateway.Front.Identifier, stock.Identifier, "urn:countersign:admin", "urn:example:nothing" })
        {
            await gateway.AssertRefusedAsync(await gateway.NarrowAsync(orders["access_token"], ("audience", target)), "invalid_target", Gateway.BadTarget, "exchange-target");
        }
    }

    [Fact]
    [Trait("R", "108")]
    public async Task What_the_account_lost_since_is_left_away_or_refused()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync("read write");
        var path = $"/service-accounts/{gateway.Subject.Id}/grants";
        var grant = (await gateway.AdminAsync(HttpMethod.Get, path)).Json.GetProperty("items").EnumerateArray()
            .Single(g => g.GetProperty("api").GetRawText().Contains(gateway.Front.Identifier, StringComparison.Ordinal)).GetProperty("id").GetString();

        await gateway.AdminAsync(HttpMethod.Patch, $"{path}/{grant}", new { scopes = new[] { "write" }, default_scopes = Array.Empty<string>() });

        Assert.Equal("write", (await gateway.NarrowAsync(token))["scope"]);
        await gateway.AssertRefusedAsync(await gateway.NarrowAsync(token, ("scope", "read")), "invalid_scope", Gateway.NotGranted, "exchange-scope");
        await gateway.AdminAsync(HttpMethod.Delete, $"{path}/{grant}");
        await gateway.AssertRefusedAsync(await gateway.NarrowAsync(token), "invalid_scope", Gateway.NotGranted, "exchange-scope");
    }

    [Fact]
    [Trait("R", "109")]
    [Trait("R", "110")]
    public async Task It_can_be_done_eight_times_and_never_lengthens_the_life()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        var end = (await gateway.ReadAsync(token)).GetProperty("exp").GetInt64();

        for (var i = 0; i < 8; i++)
        {
            token = Gateway.Token(await gateway.NarrowAsync(token));
            Assert.InRange((await gateway.ReadAsync(token)).GetProperty("exp").GetInt64(), 0, end);
        }

        await gateway.AssertNotTakenAsync(await gateway.NarrowAsync(token), "act-depth");
    }

    [Fact]
    [Trait("R", "107")]
    [Trait("R", "110")]
    public async Task A_token_about_the_account_that_another_got_keeps_its_actor()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var exchanged = await gateway.ExchangedAsync(await gateway.TokenAsync());

        var own = await gateway.ReadAsync(Gateway.Token(await gateway.NarrowAsync(exchanged)));

        Assert.Equal($$"""{"sub":"{{gateway.Client.Id}}"}""", own.GetProperty("act").GetRawText());
        Assert.Equal(gateway.Orders.Identifier, own.GetProperty("aud").GetString());
    }

    [Fact]
    [Trait("R", "107")]
    public async Task A_rule_does_not_widen_what_is_ones_own()
    {
        var gateway = await Gateway.MakeAsync(_server);
        await gateway.RuleAsync(gateway.Subject, [(gateway.Orders, ["read", "write"])], any: true);

        await gateway.AssertRefusedAsync(
            await gateway.NarrowAsync(await gateway.TokenAsync(), ("audience", gateway.Orders.Identifier)), "invalid_target", Gateway.BadTarget, "exchange-target");
    }
}

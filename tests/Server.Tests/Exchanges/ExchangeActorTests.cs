using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>Who acts for whom: chains, actor tokens, and the rule that lets a client hide.</summary>
public sealed class ExchangeActorTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string BadActor = "the actor token is not valid";

    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "110")]
    public async Task The_present_actor_stands_outermost_and_those_before_within_it(string format)
    {
        var gateway = await Gateway.MakeAsync(_server);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Orders.Id}", new { access_token = new { format } });
        var clients = await ClientsAsync(gateway, 3);
        var token = await gateway.TokenAsync();

        foreach (var client in clients)
        {
            token = Gateway.Token(await gateway.ExchangeAsync(client, token));
        }

        var read = await gateway.ReadAsync(token);
        Assert.Equal(gateway.Subject.Id.ToString(), read.GetProperty("sub").GetString());
        Assert.Equal(clients[2].ClientId, read.GetProperty("client_id").GetString());
        Assert.Equal($$$$"""{"sub":"{{{{clients[2].Id}}}}","act":{"sub":"{{{{clients[1].Id}}}}","act":{"sub":"{{{{clients[0].Id}}}}"}}}""", read.GetProperty("act").GetRawText());

        if (format == "jwt")
        {
            var claims = IndependentJwt.Read(token).Claims;
            Assert.Equal(read.GetProperty("act").GetRawText(), claims.GetProperty("act").GetRawText());
        }
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "110")]
    public async Task Eight_actors_are_the_most(string format)
    {
        var gateway = await Gateway.MakeAsync(_server);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Orders.Id}", new { access_token = new { format } });
        var clients = await ClientsAsync(gateway, 2);
        var token = await gateway.TokenAsync();

        for (var i = 0; i < 8; i++)
        {
            token = Gateway.Token(await gateway.ExchangeAsync(clients[i % 2], token));
        }

        Assert.Equal(8, Depth((await gateway.ReadAsync(token)).GetProperty("act")));
        var reason = await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(clients[0], token), "act-depth");
        Assert.Contains("at most 8", reason, StringComparison.Ordinal);

        // Those that went through fewer hands are taken still.
        Assert.Equal(200, (await gateway.ExchangeAsync(clients[0], await gateway.TokenAsync())).Status);
    }

    [Fact]
    [Trait("R", "110")]
    public async Task An_actor_token_is_one_of_the_clients_own()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        await gateway.Client.GrantAsync(gateway.Front.Identifier, ["delete"]);
        var own = await Gateway.TokenOfAsync(gateway.Client, gateway.Front.Identifier, "delete");

        var read = await gateway.ReadAsync(await gateway.ExchangedAsync(token, Actor(own)));
        Assert.Equal($$"""{"sub":"{{gateway.Client.Id}}"}""", read.GetProperty("act").GetRawText());
        Assert.Equal("read", read.GetProperty("scope").GetString());

        // The subject's is another's: a client cannot have somebody else act.
        var reason = await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, Actor(token)), "invalid_request", BadActor, "actor-token");
        Assert.Contains("another's", reason, StringComparison.Ordinal);
        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(await TestAccount.CreateAsync(_server), token, Actor(own)), "invalid_request", BadActor, "actor-token");

        foreach (var spoilt in new[] { "rubbish", own[..^4] + "AAAA", own + "A", gateway.Client.Secret })
        {
            await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, Actor(spoilt)), "invalid_request", BadActor, "actor-token");
        }

        Assert.Equal(200, (await _server.PostAsAsync(gateway.Client.ClientId, gateway.Client.Secret, "/oauth2/revoke", ("token", own))).Status);
        Assert.Contains("revoked", await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, Actor(own)), "invalid_request", BadActor, "actor-token"), StringComparison.Ordinal);
        await gateway.ExchangedAsync(token);
    }

    [Fact]
    [Trait("R", "114")]
    public async Task A_client_hides_only_where_the_rule_says_so_and_only_from_the_token()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        await gateway.ExchangedAsync(token);
        Assert.Empty(await EventsAsync(gateway));

        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { impersonation = true });
        var answer = await gateway.ExchangeAsync(token);

        var read = await gateway.ReadAsync(Gateway.Token(answer));
        Assert.Equal(gateway.Subject.Id.ToString(), read.GetProperty("sub").GetString());
        Assert.False(read.TryGetProperty("act", out _));
        Assert.Equal(gateway.Client.ClientId, read.GetProperty("client_id").GetString());

        // It is on record before the token leaves, with both, and without the token.
        var made = Assert.Single(await EventsAsync(gateway));
        Assert.Equal(
            ("success", gateway.Client.Id.ToString(), gateway.Subject.Id.ToString(), gateway.Client.ClientId, "client_secret_basic"),
            (Text(made, "outcome"), Text(made, "actor"), Text(made, "account"), Text(made, "client_id"), Text(made, "method")));
        Assert.Equal((gateway.Client.SecretId.ToString(), $"{gateway.Orders.Identifier} read"), (Text(made, "credential"), Text(made, "target")));
        Assert.DoesNotContain(answer["access_token"], made.GetRawText(), StringComparison.Ordinal);

        // Disallowed again, the next one names the client.
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { impersonation = false });
        Assert.True((await gateway.ReadAsync(await gateway.ExchangedAsync(token))).TryGetProperty("act", out _));
        Assert.Single(await EventsAsync(gateway));
    }

    [Fact]
    [Trait("R", "114")]
    [Trait("R", "110")]
    public async Task With_an_actor_token_it_is_delegation_under_any_rule()
    {
        var gateway = await Gateway.MakeAsync(_server);
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { impersonation = true });
        await gateway.Client.GrantAsync(gateway.Front.Identifier, ["read"]);
        var own = await Gateway.TokenOfAsync(gateway.Client, gateway.Front.Identifier, "read");

        var read = await gateway.ReadAsync(await gateway.ExchangedAsync(await gateway.TokenAsync(), Actor(own)));

        Assert.Equal(gateway.Client.Id.ToString(), read.GetProperty("act").GetProperty("sub").GetString());
        Assert.Empty(await EventsAsync(gateway));
    }

    [Fact]
    [Trait("R", "110")]
    [Trait("R", "114")]
    public async Task One_who_hides_does_not_wipe_out_who_acted_before()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var second = await TestAccount.CreateAsync(_server, granted: false);
        await gateway.RuleAsync(second, [(gateway.Orders, ["read"])], impersonation: true);

        var read = await gateway.ReadAsync(Gateway.Token(await gateway.ExchangeAsync(second, await gateway.ExchangedAsync(await gateway.TokenAsync()))));

        Assert.Equal($$"""{"sub":"{{gateway.Client.Id}}"}""", read.GetProperty("act").GetRawText());
        Assert.Single(await EventsAsync(gateway));
    }

    [Fact]
    [Trait("R", "114")]
    public async Task A_rule_lets_hide_for_its_own_subjects_and_APIs_alone()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var stock = await TestApi.CreateAsync(_server, "read");
        await gateway.Subject.GrantAsync(stock.Identifier, ["read"]);
        await gateway.RuleAsync(gateway.Client, [(stock, ["read"])], impersonation: true);
        var other = await Gateway.MakeAsync(_server);
        await gateway.RuleAsync(gateway.Client, [(other.Orders, ["read"])], other.Subject, impersonation: true);
        var token = await gateway.TokenAsync();

        Assert.False((await gateway.ReadAsync(await gateway.ExchangedAsync(token, ("audience", stock.Identifier)))).TryGetProperty("act", out _));
        Assert.True((await gateway.ReadAsync(await gateway.ExchangedAsync(token, ("audience", gateway.Orders.Identifier)))).TryGetProperty("act", out _));
        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(token, ("audience", other.Orders.Identifier)), "invalid_target", Gateway.BadTarget, "exchange-target");
    }

    [Fact]
    [Trait("R", "110")]
    public async Task A_claim_of_actors_in_the_request_says_nothing()
    {
        var gateway = await Gateway.MakeAsync(_server);

        var answer = await gateway.ExchangeAsync(
            await gateway.TokenAsync(), ("act", "{\"sub\":\"other\"}"), ("may_act", "{\"sub\":\"other\"}"), ("actor", "other"), ("requested_subject", "other"));

        Assert.Equal($$"""{"sub":"{{gateway.Client.Id}}"}""", (await gateway.ReadAsync(Gateway.Token(answer))).GetProperty("act").GetRawText());
    }

    /// <summary>Clients, each of which may exchange the subject's tokens for the orders.</summary>
    private static async Task<TestAccount[]> ClientsAsync(Gateway gateway, int count)
    {
        var clients = new TestAccount[count];

        for (var i = 0; i < count; i++)
        {
            clients[i] = await TestAccount.CreateAsync(gateway.Server, granted: false);
            await gateway.RuleAsync(clients[i], [(gateway.Orders, ["read"])]);
        }

        return clients;
    }

    private static (string Name, string? Value)[] Actor(string token) => [("actor_token", token), ("actor_token_type", Gateway.AccessToken)];

    private static async Task<JsonElement[]> EventsAsync(Gateway gateway) =>
        [.. (await gateway.AdminAsync(HttpMethod.Get, $"/audit-events?kind=token.impersonated&account={gateway.Subject.Id}")).Json.GetProperty("items").EnumerateArray()];

    private static string? Text(JsonElement json, string member) => json.GetProperty(member).GetString();

    private static int Depth(JsonElement act) => 1 + (act.TryGetProperty("act", out var next) ? Depth(next) : 0);
}

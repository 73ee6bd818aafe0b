using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>What ends a token that was got by exchange: each token, account and credential that it came from.</summary>
public sealed class ExchangeEndTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    public static TheoryData<string, string> Ends => new(
        from what in new[] { "subject token", "first exchanged", "subject tokens", "first tokens", "second tokens", "subject disabled", "first disabled", "second disabled", "subject deleted", "first deleted", "second deleted", "subject secret", "first secret", "second secret", "subject credential", "first credential", "all" }
        from format in new[] { "jwt", "opaque" }
        select (what, format));

    /// <summary>Two hops: the subject's token, what the gateway got for it, and what a second client got for that.</summary>
    [Theory]
    [MemberData(nameof(Ends))]
    [Trait("R", "112")]
    public async Task An_exchanged_token_ends_with_whatever_it_came_from(string what, string format)
    {
        // All of a tenant is more than a shared server bears.
        await using var own = what == "all" ? await TestServer.StartAsync() : null;
        var server = own ?? _server;
        var gateway = await Gateway.MakeAsync(server);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Orders.Id}", new { access_token = new { format } });
        var second = await TestAccount.CreateAsync(server, granted: false);
        await gateway.RuleAsync(second, [(gateway.Orders, ["read"])]);
        var subjectToken = await gateway.TokenAsync();
        var first = await gateway.ExchangedAsync(subjectToken);
        var result = Gateway.Token(await gateway.ExchangeAsync(second, first));
        await gateway.AssertActiveAsync(result);
        var party = what.Split(' ')[0] switch { "subject" => gateway.Subject, "first" => gateway.Client, _ => second };
        var account = $"/service-accounts/{party.Id}";

        switch (what.Split(' ')[^1])
        {
            case "token":
                await gateway.AdminAsync(HttpMethod.Post, "/revocations", new { token = subjectToken });
                break;
            case "exchanged":
                await gateway.AdminAsync(HttpMethod.Post, "/revocations", new { token = first });
                break;
            case "tokens":
                await gateway.AdminAsync(HttpMethod.Post, $"{account}/revoke-tokens", new { });
                break;
            case "disabled":
                await gateway.AdminAsync(HttpMethod.Patch, account, new { disabled = true });
                break;
            case "deleted":
                await gateway.AdminAsync(HttpMethod.Delete, account);
                break;
            case "secret":
                await gateway.AdminAsync(HttpMethod.Delete, $"{account}/secrets/{party.SecretId}");
                break;
            case "credential":
                await gateway.AdminAsync(HttpMethod.Post, "/revocations", new { credential = party.SecretId });
                break;
            default:
                await gateway.AdminAsync(HttpMethod.Post, "/revocations", new { all = true });
                server.ForgetAdminToken();
                await Task.Delay(5);
                break;
        }

        await gateway.AssertEndedAsync(result);

        // And nothing comes of it any more.
        var third = await TestAccount.CreateAsync(server, granted: false);
        await gateway.RuleAsync(third, [(gateway.Orders, ["read"])], any: true);
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(third, result));

        if (what.StartsWith("second", StringComparison.Ordinal))
        {
            await gateway.AssertActiveAsync(first);
        }
        else
        {
            await gateway.AssertEndedAsync(first);
        }
    }

    [Fact]
    [Trait("R", "112")]
    public async Task What_comes_after_does_not_end_what_was_before()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        var (one, other) = (await gateway.ExchangedAsync(token), await gateway.ExchangedAsync(token));

        await gateway.AdminAsync(HttpMethod.Post, "/revocations", new { token = one });
        await gateway.AssertEndedAsync(one);
        await gateway.AssertActiveAsync(other);
        await gateway.AssertActiveAsync(token);

        await gateway.AdminAsync(HttpMethod.Delete, $"/service-accounts/{gateway.Client.Id}");
        await gateway.AssertEndedAsync(other);
        await gateway.AssertActiveAsync(token);
    }

    [Fact]
    [Trait("R", "112")]
    public async Task Enabling_again_brings_no_exchanged_token_back()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        var (bySubject, result) = (token, await gateway.ExchangedAsync(token));

        foreach (var disabled in new[] { true, false })
        {
            await gateway.AdminAsync(HttpMethod.Patch, $"/service-accounts/{gateway.Client.Id}", new { disabled });
        }

        await gateway.AssertEndedAsync(result);
        await gateway.AssertActiveAsync(bySubject);
        await Task.Delay(5);
        await gateway.AssertActiveAsync(await gateway.ExchangedAsync(token));
    }

    [Fact]
    [Trait("R", "112")]
    public async Task A_client_that_lets_a_token_go_ends_what_it_got_and_no_more()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var second = await TestAccount.CreateAsync(_server, granted: false);
        await gateway.RuleAsync(second, [(gateway.Orders, ["read"])]);
        var token = await gateway.TokenAsync();
        var first = await gateway.ExchangedAsync(token);
        var result = Gateway.Token(await gateway.ExchangeAsync(second, first));

        // RFC 7009 §2.1: the client that the token was issued to. Neither who came before it nor a stranger; the subject's is its own.
        await _server.AssertRefusedAsync(await RevokeAsync(gateway.Client, result), 400, "unauthorized_client", "token-owner");
        await _server.AssertRefusedAsync(await RevokeAsync(await TestAccount.CreateAsync(_server), result), 400, "unauthorized_client", "token-owner");
        await _server.AssertRefusedAsync(await RevokeAsync(gateway.Client, token), 400, "unauthorized_client", "token-owner");
        Assert.Equal(200, (await RevokeAsync(second, result)).Status);
        await gateway.AssertEndedAsync(result);
        await gateway.AssertActiveAsync(first);
        Assert.Equal(200, (await RevokeAsync(gateway.Subject, first)).Status);
        await gateway.AssertEndedAsync(first);
        await gateway.AssertActiveAsync(token);
    }

    [Fact]
    [Trait("R", "112")]
    public async Task A_revocation_up_to_a_moment_counts_from_when_the_subjects_token_was_made()
    {
        await using var server = await TestServer.StartAsync();
        var gateway = await Gateway.MakeAsync(server);
        var token = await gateway.TokenAsync();
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        var moment = server.Clock.GetUtcNow();
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        var result = await gateway.ExchangedAsync(token);
        var late = await gateway.ExchangedAsync(await gateway.TokenAsync());

        // The exchanged token is younger than the moment; what it came from is not.
        await gateway.AdminAsync(HttpMethod.Post, $"/service-accounts/{gateway.Subject.Id}/revoke-tokens", new { issued_before = moment });
        await gateway.AssertEndedAsync(result);
        await gateway.AssertActiveAsync(late);

        // The client had none at that moment.
        await gateway.AdminAsync(HttpMethod.Post, $"/service-accounts/{gateway.Client.Id}/revoke-tokens", new { issued_before = moment });
        await gateway.AssertActiveAsync(late);
        await gateway.AdminAsync(HttpMethod.Post, "/revocations", new { all = true, issued_before = moment });
        await gateway.AssertActiveAsync(late);
    }

    [Fact]
    [Trait("R", "112")]
    [Trait("R", "243")]
    public async Task A_second_node_ends_it_too()
    {
        await using var server = await TestServer.StartAsync();
        var gateway = await Gateway.MakeAsync(server);
        var token = await gateway.TokenAsync();
        var result = await gateway.ExchangedAsync(token);
        await using var second = await server.StartSecondNodeAsync();
        await (gateway with { Server = second }).AssertActiveAsync(result);

        await gateway.AdminAsync(HttpMethod.Post, "/revocations", new { token });

        for (var i = 0; i < 100 && (await (gateway with { Server = second }).IntrospectAsync(result)).Body != Gateway.Inactive; i++)
        {
            await Task.Delay(50);
        }

        await (gateway with { Server = second }).AssertEndedAsync(result);
    }

    [Fact]
    [Trait("R", "112")]
    public async Task Tokens_live_on_without_the_rule_that_they_were_got_by()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var result = await gateway.ExchangedAsync(await gateway.TokenAsync());

        // As docs/federation/token-exchange.md says: to end them at once, end the client's tokens.
        await gateway.AdminAsync(HttpMethod.Delete, gateway.RulePath);
        await gateway.AssertActiveAsync(result);
        await gateway.AdminAsync(HttpMethod.Post, $"/service-accounts/{gateway.Client.Id}/revoke-tokens", new { });
        await gateway.AssertEndedAsync(result);
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "107")]
    public async Task A_token_that_has_ended_is_not_exchanged_and_the_operator_reads_why(string format)
    {
        var gateway = await Gateway.MakeAsync(_server);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Front.Id}", new { access_token = new { format } });
        var token = await gateway.TokenAsync();
        var account = $"/service-accounts/{gateway.Subject.Id}";

        await gateway.AdminAsync(HttpMethod.Patch, account, new { disabled = true });
        Assert.Matches("revoked|disabled", await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token)));
        await gateway.AdminAsync(HttpMethod.Patch, account, new { disabled = false });
        Assert.Contains("revoked", await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token)), StringComparison.Ordinal);
        await Task.Delay(5);
        token = await gateway.TokenAsync();
        await gateway.ExchangedAsync(token);
        await gateway.AdminAsync(HttpMethod.Delete, $"{account}/secrets/{gateway.Subject.SecretId}");
        Assert.Matches("revoked|deleted", await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token)));

        var second = await Gateway.MakeAsync(_server);
        token = await second.TokenAsync();
        await second.AdminAsync(HttpMethod.Delete, $"/service-accounts/{second.Subject.Id}");
        Assert.Matches("revoked|gone", await second.AssertNotTakenAsync(await second.ExchangeAsync(token)));
    }

    [Fact]
    [Trait("R", "107")]
    [Trait("R", "39")]
    public async Task A_client_that_is_disabled_or_deleted_exchanges_nothing()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        await gateway.AdminAsync(HttpMethod.Patch, $"/service-accounts/{gateway.Client.Id}", new { disabled = true });
        var answer = await gateway.ExchangeAsync(token);
        Assert.Equal((401, "invalid_client"), (answer.Status, answer["error"]));
        await gateway.AdminAsync(HttpMethod.Delete, $"/service-accounts/{gateway.Client.Id}");
        await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token), "invalid_client", "client authentication failed", "client-known");
        await gateway.AssertActiveAsync(token);
    }

    [Theory]
    [InlineData("jwt", "ES256")]
    [InlineData("opaque", "A256GCM")]
    [Trait("R", "107")]
    [Trait("R", "170")]
    public async Task A_token_of_a_withdrawn_key_is_not_exchanged(string format, string alg)
    {
        await using var server = await TestServer.StartAsync();
        var gateway = await Gateway.MakeAsync(server);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Front.Id}", new { access_token = new { format } });
        var token = await gateway.TokenAsync();
        var key = (await gateway.AdminAsync(HttpMethod.Get, $"/signing-keys?alg={alg}")).Json.GetProperty("items")[0].GetProperty("id");

        await gateway.AdminAsync(HttpMethod.Post, $"/signing-keys/{key}/withdraw");
        server.ForgetAdminToken();

        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token));
        await gateway.AssertNotTakenAsync(await gateway.NarrowAsync(token));
        await gateway.ExchangedAsync(await gateway.TokenAsync());
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "107")]
    [Trait("R", "102")]
    public async Task Another_tenants_token_is_no_token_here(string format)
    {
        var gateway = await Gateway.MakeAsync(_server);
        var root = await _server.RootAsync();
        var host = $"{Guid.NewGuid():n}.example";
        var admin = (await root.MakeAsync("/tenants", new { name = host, issuer = $"https://{host}" })).Json.GetProperty("admin");
        var there = await _server.SignInAsync(admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!, host);

        // The same names there, and an account of the same client id.
        await there.MakeAsync("/apis", new { identifier = gateway.Front.Identifier, name = "front", scopes = new[] { new { name = "read" } }, access_token = new { format } });
        var made = await there.MakeAsync("/service-accounts", new { name = "subject", client_id = gateway.Subject.ClientId });
        await there.MakeAsync($"/service-accounts/{made["id"]}/grants", new { api = gateway.Front.Identifier, scopes = new[] { "read" } });
        var secret = (await there.MakeAsync($"/service-accounts/{made["id"]}/secrets", new { }))["client_secret"];
        var request = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"), ("scope", "read"));
        request.Headers.Authorization = TestServer.Basic(gateway.Subject.ClientId, secret);
        request.Headers.Host = host;
        var token = Gateway.Token(await _server.SendAsync(request));

        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token));
        await gateway.AssertNotTakenAsync(await gateway.NarrowAsync(token));

        // And the reverse: neither party is anybody there.
        var back = TestServer.Form("/oauth2/token", Gateway.Form(await gateway.TokenAsync()));
        back.Headers.Authorization = TestServer.Basic(gateway.Subject.ClientId, secret);
        back.Headers.Host = host;
        var answer = await _server.SendAsync(back);
        Assert.Equal((400, "invalid_request"), (answer.Status, answer["error"]));
    }

    private static Task<Answer> RevokeAsync(TestAccount by, string token) => by.Server.PostAsAsync(by.ClientId, by.Secret, "/oauth2/revoke", ("token", token));
}

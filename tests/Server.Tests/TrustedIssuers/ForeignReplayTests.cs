using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>How often a foreign token is good: once, until it ends, or for a while from its first use; and what one without id is good for.</summary>
public sealed class ForeignReplayTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("R", "56")]
    [Trait("R", "102")]
    public async Task A_token_is_good_once_wherever_it_comes_again()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        var token = issuer.Token();
        await issuer.TakenAsync(token);

        await issuer.RefusedAsync("assertion-unused", () => token);

        // The jti counts, whatever else the token says.
        var jti = $"{Guid.NewGuid()}";
        await issuer.TakenAsync(issuer.Token(c => c["jti"] = jti));
        await issuer.RefusedAsync("assertion-unused", issuer.Token(c => (c["jti"], c["more"]) = (jti, 1)));
    }

    [Fact]
    [Trait("R", "56")]
    public async Task A_token_that_is_refused_for_something_else_is_not_used_up()
    {
        var (issuer, account, rule) = await ForeignIssuer.WithRuleAsync(_server);
        var token = issuer.Token();
        await issuer.PatchAsync($"/trust-rules/{rule}", new { conditions = new[] { new { claim = "sub", equals = "other" } } });
        await issuer.RefusedAsync("trust-rule", () => token);
        await account.AdminAsync(HttpMethod.Patch, "", new { disabled = true });
        await issuer.PatchAsync($"/trust-rules/{rule}", new { conditions = new[] { new { claim = "sub", equals = ForeignIssuer.Subject } } });
        await issuer.RefusedAsync("account-enabled", token);

        await account.AdminAsync(HttpMethod.Patch, "", new { disabled = false });
        await issuer.TakenAsync(token);
    }

    [Fact]
    [Trait("R", "57")]
    public async Task Of_fifty_at_once_one_is_taken()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        await issuer.TakenAsync();

        for (var round = 0; round < 3; round++)
        {
            var token = issuer.Token();
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => i % 3 == 0 ? issuer.ByGrantAsync(token) : i % 3 == 1 ? issuer.AsSubjectAsync(token) : issuer.SendAsync(token)));

            Assert.Single(answers, a => a.Status == 200);
            Assert.All(answers.Where(a => a.Status != 200), a => Assert.True(a.Status is 400 or 401 or 429, a.Body));
        }
    }

    [Fact]
    public async Task A_token_is_good_until_it_ends_where_that_is_set()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server, b => b["replay"] = "until-expiry");
        var token = issuer.Token();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => issuer.SendAsync(token))), a => Assert.Equal(200, a.Status));

        await ElapseAsync(400);
        await issuer.RefusedAsync("assertion-time", () => token);
    }

    [Fact]
    public async Task A_token_is_good_for_a_while_from_its_first_use_where_that_is_set()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server, b => (b["replay"], b["replay_window_seconds"]) = ("window", 30));
        var token = issuer.Token();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => issuer.SendAsync(token))), a => Assert.Equal(200, a.Status));
        await ElapseAsync(20);
        await issuer.TakenAsync(token);

        // The last use does not lengthen it.
        await ElapseAsync(20);
        Assert.Contains("30 s from their first use", await issuer.RefusedAsync("assertion-unused", () => token), StringComparison.Ordinal);
        await issuer.TakenAsync();
    }

    [Fact]
    public async Task A_window_that_is_made_narrower_holds_for_what_was_used_before()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server, b => (b["replay"], b["replay_window_seconds"]) = ("window", 600));
        var token = issuer.Token();
        await issuer.TakenAsync(token);
        await issuer.PatchAsync(issuer.Path, new { replay = "once", replay_window_seconds = (int?)null });

        await issuer.RefusedAsync("assertion-unused", () => token);
    }

    [Fact]
    [Trait("R", "69")]
    [Trait("R", "81")]
    public async Task Without_an_id_a_token_is_taken_where_that_is_set_and_itself_counts()
    {
        var (strict, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        await strict.RefusedAsync("assertion-id", () => strict.Token(c => c.Remove("jti")));

        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server, b => b["require_jti"] = false);
        var token = issuer.Token(c => c.Remove("jti"));
        await issuer.TakenAsync(token);
        await issuer.RefusedAsync("assertion-unused", () => token);
        await issuer.RefusedAsync("assertion-id", issuer.Token(c => c["jti"] = ""));
        await issuer.RefusedAsync("assertion-id", issuer.Token(c => c["jti"] = new string('x', 256)));
        await issuer.RefusedAsync("assertion-time", issuer.Token(c => (c["exp"], _) = (_server.Clock.GetUtcNow().ToUnixTimeSeconds() + 3700, c.Remove("jti"))));
    }

    [Fact]
    [Trait("R", "69")]
    public async Task Without_an_id_a_token_gets_nothing_that_makes_credentials()
    {
        var root = await _server.RootAsync();
        var admin = await root.AdministratorAsync("super-admin");
        var issuer = await ForeignIssuer.CreateAsync(root, b => b["require_jti"] = false);
        await issuer.RuleAsync(admin.ClientId);

        foreach (var scope in new[] { "accounts.write", "credentials.write", "trust.write", "roles.write" })
        {
            var answer = await issuer.SendAsync(WithoutId(), ("scope", scope), ("resource", "urn:countersign:admin"));
            await _server.AssertRefusedAsync(answer, 400, "invalid_scope", "rule-scope");
        }

        var read = await issuer.SendAsync(WithoutId(), ("scope", "accounts.read"), ("resource", "urn:countersign:admin"));
        Assert.Equal((200, "accounts.read"), (read.Status, read["scope"]));

        // Nor by default.
        var all = await issuer.SendAsync(WithoutId());
        Assert.True(all.Status == 200, all.Body);
        Assert.DoesNotContain(".write", all["scope"], StringComparison.Ordinal);
        Assert.Contains("accounts.write", (await issuer.SendAsync())["scope"], StringComparison.Ordinal);

        // What was signed is what counts, so that each must be another.
        string WithoutId() => issuer.Token(c => (c["n"], _) = ($"{Guid.NewGuid()}", c.Remove("jti")));
    }

    private async Task ElapseAsync(int seconds)
    {
        await _server.ElapseAsync(TimeSpan.FromSeconds(seconds));
        _server.ForgetAdminToken();
    }
}

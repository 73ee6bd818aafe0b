using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>What was got by a trust ends with it, and does not come back.</summary>
public sealed class TrustRevocationTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("rule deleted")]
    [InlineData("rule disabled")]
    [InlineData("rule for another account")]
    [InlineData("rule of another issuer")]
    [InlineData("issuer deleted")]
    [InlineData("issuer disabled")]
    [InlineData("issuer renamed")]
    [InlineData("account disabled")]
    [InlineData("account deleted")]
    [Trait("R", "39")]
    [Trait("R", "210")]
    public async Task A_token_ends_with_what_it_rests_on_and_stays_ended(string what)
    {
        var (issuer, account, rule) = await ForeignIssuer.WithRuleAsync(_server);
        var (other, another) = (await ForeignIssuer.CreateAsync(_server), await TestAccount.CreateAsync(_server));
        var rulePath = $"/trust-rules/{rule}";
        var opaque = await issuer.TakenAsync();
        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { format = "jwt" } });
        string[] tokens = [opaque, await issuer.TakenAsync(), (await issuer.ByGrantAsync())["access_token"], (await issuer.AsSubjectAsync())["access_token"]];
        await AssertAsync(tokens, "True");
        var before = await issuer.Root.ReadAsync(rulePath);

        await (what switch
        {
            "rule deleted" => issuer.Root.DeleteAsync(rulePath),
            "rule disabled" => issuer.Root.PatchAsync(rulePath, new { disabled = true }),
            "rule for another account" => issuer.Root.PatchAsync(rulePath, new { account = another.ClientId }),
            "rule of another issuer" => issuer.Root.PatchAsync(rulePath, new { trusted_issuer = other.Id }),
            "issuer deleted" => issuer.Root.DeleteAsync(issuer.Path),
            "issuer disabled" => issuer.Root.PatchAsync(issuer.Path, new { disabled = true }),
            "issuer renamed" => issuer.Root.PatchAsync(issuer.Path, new { issuer = $"{issuer.Issuer}/new" }),
            "account disabled" => account.AdminAsync(HttpMethod.Patch, "", new { disabled = true }),
            _ => account.AdminAsync(HttpMethod.Delete),
        });
        await AssertAsync(tokens, "False");

        await (what switch
        {
            "rule disabled" => issuer.Root.PatchAsync(rulePath, new { disabled = false }),
            "rule for another account" => issuer.Root.PatchAsync(rulePath, new { account = account.ClientId }),
            "rule of another issuer" => issuer.Root.PatchAsync(rulePath, new { trusted_issuer = issuer.Id }),
            "issuer disabled" => issuer.Root.PatchAsync(issuer.Path, new { disabled = false }),
            "issuer renamed" => issuer.Root.PatchAsync(issuer.Path, new { issuer = issuer.Issuer }),
            "account disabled" => account.AdminAsync(HttpMethod.Patch, "", new { disabled = false }),
            "rule deleted" => issuer.Root.MakeAsync("/trust-rules", issuer.Rule(account.ClientId)),
            "issuer deleted" => AgainAsync(),
            _ => AccountAgainAsync(),
        });

        // Those who come now are let in; those who came before stay out.
        await AssertAsync(tokens, "False");
        await AssertAsync([await issuer.TakenAsync()], "True");

        async Task<Answer> AgainAsync()
        {
            var again = await ForeignIssuer.CreateAsync(issuer.Root, b => (b["name"], b["issuer"]) = (before.GetProperty("trusted_issuer").GetProperty("name").GetString(), issuer.Issuer), issuer.Key);

            return await again.Root.MakeAsync("/trust-rules", again.Rule(account.ClientId));
        }

        async Task<Answer> AccountAgainAsync()
        {
            // Its rules went with it, and do not come back with one of the same name.
            Assert.Equal(404, (await issuer.Root.GetAsync(rulePath)).Status);
            var again = await TestAccount.CreateAsync(_server, account.ClientId);
            await issuer.RefusedAsync("trust-rule");

            return await issuer.Root.MakeAsync("/trust-rules", issuer.Rule(again.ClientId));
        }
    }

    [Fact]
    [Trait("R", "210")]
    public async Task A_rule_revoked_as_a_credential_ends_its_tokens_and_no_others()
    {
        var (issuer, account, rule) = await ForeignIssuer.WithRuleAsync(_server);
        var (byRule, bySecret) = (await issuer.TakenAsync(), (await account.TokenAsync())["access_token"]);
        Assert.Equal(204, (await issuer.Root.DeleteAsync($"/trust-rules/{rule}")).Status);

        await AssertAsync([byRule], "False");
        await AssertAsync([bySecret], "True");
    }

    [Fact]
    [Trait("R", "210")]
    public async Task Another_node_hears_of_it()
    {
        await using var server = await TestServer.StartAsync();
        await using var second = await server.StartSecondNodeAsync();
        var (issuer, _, rule) = await ForeignIssuer.WithRuleAsync(server);
        var token = await issuer.TakenAsync();
        Assert.Equal(204, (await issuer.Root.DeleteAsync($"/trust-rules/{rule}")).Status);

        for (var i = 0; (await second.IntrospectAsync(token))["active"] == "True"; i++)
        {
            Assert.True(i < 100, "the other node still takes it");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private async Task AssertAsync(string[] tokens, string active)
    {
        foreach (var token in tokens)
        {
            Assert.Equal(active, (await _server.IntrospectAsync(token))["active"]);
        }
    }
}

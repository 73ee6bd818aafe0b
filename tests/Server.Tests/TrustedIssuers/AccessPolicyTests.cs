using System.Text.Json.Nodes;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>An account's own condition on its logins, whatever the credential.</summary>
public sealed class AccessPolicyTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Fact]
    public async Task It_holds_for_each_kind_of_credential_until_it_is_taken_away()
    {
        var (issuer, account, _) = await ForeignIssuer.WithRuleAsync(_server);
        var signer = await Signer.CreateAsync(_server);
        await account.AdminAsync(HttpMethod.Patch, "", Policy("'write' in request.scopes"));
        await signer.AdminAsync(HttpMethod.Patch, "", Policy("'write' in request.scopes"));

        await _server.AssertRefusedAsync(await account.TokenAsync(("scope", "read")), 401, "invalid_client", "access-policy");
        await _server.AssertRefusedAsync(await issuer.SendAsync(null, ("scope", "read")), 401, "invalid_client", "access-policy");
        await _server.AssertRefusedAsync(await issuer.ByGrantAsync(null, ("scope", "read")), 400, "invalid_grant", "access-policy");
        await _server.AssertRefusedAsync(await issuer.AsSubjectAsync(null, ("scope", "read")), 400, "invalid_request", "access-policy");
        await _server.AssertRefusedAsync(await signer.TokenAsync(null, ("scope", "read")), 401, "invalid_client", "access-policy");
        await _server.AssertRefusedAsync(await signer.ByGrantAsync(null, ("scope", "read")), 400, "invalid_grant", "access-policy");

        foreach (var answer in new[] { await account.TokenAsync(("scope", "write")), await issuer.SendAsync(null, ("scope", "write read")), await issuer.AsSubjectAsync(null, ("scope", "write")), await signer.TokenAsync(null, ("scope", "write")), await signer.ByGrantAsync(null, ("scope", "write")) })
        {
            Assert.True(answer.Status == 200, answer.Body);
        }

        // A good secret at another endpoint is a login too, which asks for nothing.
        Assert.Equal(401, (await _server.PostAsAsync(account.ClientId, account.Secret, "/oauth2/introspect", ("token", "x"))).Status);

        await account.AdminAsync(HttpMethod.Patch, "", """{"access_policy":null}""");
        Assert.Equal(200, (await account.TokenAsync(("scope", "read"))).Status);
        await issuer.TakenAsync(null, ("scope", "read"));
        Assert.Equal("", (await account.AdminAsync(HttpMethod.Get))["access_policy"]);
    }

    [Theory]
    [InlineData("request.address == '127.0.0.1' || request.address == '::1'", true)]
    [InlineData("request.address.startsWith('10.')", false)]
    [InlineData("request.time > timestamp('2020-01-01T00:00:00Z')", true)]
    [InlineData("request.time < timestamp('2020-01-01T00:00:00Z')", false)]
    [InlineData("request.scopes == ['read'] && request.resource == []", true)]
    [InlineData("claims == {} && header == {}", true)]
    [InlineData("claims.sub == 'x'", false)]
    [InlineData("claims.sub != 'x'", false)]
    [InlineData("1 / 0 == 1", false)]
    [InlineData("issuer == ''", true)]
    [Trait("R", "203")]
    public async Task It_sees_the_request_and_an_error_is_no(string cel, bool taken)
    {
        var account = await TestAccount.CreateAsync(_server);
        await account.AdminAsync(HttpMethod.Patch, "", Policy(cel));
        var answer = await account.TokenAsync(("scope", "read"));

        if (taken)
        {
            Assert.True(answer.Status == 200, answer.Body);
        }
        else
        {
            await _server.AssertRefusedAsync(answer, 401, "invalid_client", "access-policy");
        }
    }

    [Fact]
    public async Task It_sees_the_token_that_was_sent()
    {
        var (issuer, account, _) = await ForeignIssuer.WithRuleAsync(_server);
        await account.AdminAsync(HttpMethod.Patch, "", Policy($"issuer == '{issuer.Issuer}' && claims.env == 'prod' && header.typ == 'JWT'"));

        await issuer.TakenAsync(issuer.Token(c => c["env"] = "prod"));
        await issuer.RefusedAsync("access-policy", () => issuer.Token());
        await _server.AssertRefusedAsync(await account.TokenAsync(), 401, "invalid_client", "access-policy");

        var signer = await Signer.CreateAsync(_server);
        await signer.AdminAsync(HttpMethod.Patch, "", Policy($"issuer == '{signer.ClientId}' && claims.env == 'prod'"));
        Assert.Equal((200, 401), ((await signer.TokenAsync(signer.Assertion(c => c["env"] = "prod"))).Status, (await signer.TokenAsync()).Status));
    }

    [Fact]
    [Trait("R", "38")]
    public async Task A_wrong_secret_reads_the_same_whatever_the_policy_says()
    {
        var account = await TestAccount.CreateAsync(_server);
        var wrong = await account.TokenByAsync("wrong");
        await account.AdminAsync(HttpMethod.Patch, "", Policy("false"));
        var shut = await account.TokenAsync();

        Assert.Equal((wrong.Status, wrong.Body.Split("(trace ")[0]), (shut.Status, shut.Body.Split("(trace ")[0]));
        await _server.AssertRefusedAsync(await account.TokenByAsync("wrong"), 401, "invalid_client", "secret-matches");
    }

    [Theory]
    [InlineData("""{"cel":""}""")]
    [InlineData("""{"cel":"claims.sub =="}""")]
    [InlineData("""{"cel":"'x'"}""")]
    [InlineData("""{"cel":"nobody.knows"}""")]
    [InlineData("""{"cel":"true","tests":[{"allows":false}]}""")]
    [InlineData("""{"cel":"true","tests":[{"matches":true}]}""")]
    [InlineData("""{"cel":"true","tests":[null]}""")]
    [InlineData("""{"cel":"claims.sub == 'a'","tests":[{"claims":{"sub":"\ud800"},"allows":true}]}""")]
    [InlineData("""{"cel":"request.address == '10.0.0.1'","tests":[{"name":"home","request":{"address":"10.0.0.2"},"allows":true}]}""")]
    [InlineData("""{"tests":[]}""")]
    [InlineData("{}")]
    [InlineData("true")]
    [InlineData("\"true\"")]
    [Trait("R", "207")]
    public async Task A_policy_that_does_not_compile_or_fails_its_tests_is_not_saved(string policy)
    {
        var account = await TestAccount.CreateAsync(_server);
        var answer = await _server.AdminAsync(HttpMethod.Patch, $"/service-accounts/{account.Id}", $"{{\"access_policy\":{policy}}}");

        Assert.True(answer.Status == 400, $"{answer.Status} {answer.Body}");
        Assert.Equal("", (await account.AdminAsync(HttpMethod.Get))["access_policy"]);
        Assert.Equal(200, (await account.TokenAsync()).Status);
    }

    [Fact]
    public async Task Its_tests_are_kept_and_shown()
    {
        var account = await TestAccount.CreateAsync(_server);
        var policy = JsonNode.Parse("""{"cel":"request.address == '10.0.0.1'","tests":[{"name":"home","request":{"address":"10.0.0.1"},"allows":true},{"request":{"address":"10.0.0.2"},"allows":false}]}""");
        await account.AdminAsync(HttpMethod.Patch, "", new JsonObject { ["access_policy"] = policy });

        var shown = (await account.AdminAsync(HttpMethod.Get)).Json.GetProperty("access_policy");
        Assert.Equal(("request.address == '10.0.0.1'", 2), (shown.GetProperty("cel").GetString(), shown.GetProperty("tests").GetArrayLength()));
        Assert.True(shown.GetProperty("tests")[0].GetProperty("allows").GetBoolean());

        // What was shown can be sent back.
        await account.AdminAsync(HttpMethod.Patch, "", new JsonObject { ["access_policy"] = JsonNode.Parse(shown.GetRawText()) });
    }

    [Fact]
    [Trait("R", "218")]
    public async Task The_last_super_admin_is_not_shut_out_by_it()
    {
        await using var server = await TestServer.StartAsync();
        var root = await server.RootAsync();
        var id = (await root.ReadAsync("/whoami")).GetProperty("account").GetGuid();

        var refused = await root.PatchAsync($"/service-accounts/{id}", Policy("true"));
        Assert.Equal(409, refused.Status);
        Assert.Contains("last super-admin", refused["detail"], StringComparison.Ordinal);
        var other = await root.AdministratorAsync("super-admin");
        Assert.Equal(200, (await root.PatchAsync($"/service-accounts/{id}", Policy("true"))).Status);

        // Whom a policy may shut out does not count: the other is the last now.
        Assert.Equal((409, 409), ((await root.PatchAsync($"/service-accounts/{other.Id}", Policy("true"))).Status, (await root.PatchAsync($"/service-accounts/{other.Id}", new { disabled = true })).Status));
        Assert.Equal(200, (await root.PatchAsync($"/service-accounts/{id}", """{"access_policy":null}""")).Status);
        Assert.Equal(200, (await root.PatchAsync($"/service-accounts/{other.Id}", Policy("true"))).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task A_policy_of_a_granted_account_is_changed_by_who_may_change_its_credentials()
    {
        var root = await _server.RootAsync();
        var estate = await Estate.MakeAsync(root);
        var admin = await root.AdministratorAsync("org-admin", estate.Owner, estate.Owner);

        await root.AssertForbiddenAsync(await admin.Caller.PatchAsync($"/service-accounts/{estate.Holder}", Policy("true")), "granted scopes");
        Assert.Equal(200, (await admin.Caller.PatchAsync($"/service-accounts/{estate.Account}", Policy("true"))).Status);
    }

    private static object Policy(string cel) => new { access_policy = new { cel } };
}

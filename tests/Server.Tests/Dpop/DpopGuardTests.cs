using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Exchanges;
using Countersign.Server.Tests.Framework;
using Countersign.Server.Tests.TrustedIssuers;

namespace Countersign.Server.Tests.Dpop;

/// <summary>Ways around bound tokens, and what a proof that is refused must not cost.</summary>
public sealed class DpopGuardTests : IAsyncLifetime
{
    private const string Admin = "/admin/v1/whoami";

    private TestServer _server = null!;
    private ProofMaker _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _client = new ProofMaker(_server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("R", "140")]
    public async Task A_token_that_is_good_once_is_still_good_when_only_a_nonce_was_missing()
    {
        var (issuer, account, _) = await ForeignIssuer.WithRuleAsync(_server);
        await RequireNonceAsync();
        var token = issuer.Token();

        var first = await SendAsync(token, _client.Proof());
        await _server.AssertRefusedAsync(first, 400, "use_dpop_nonce", "dpop-nonce");
        var second = await SendAsync(token, _client.Proof(nonce: first.Headers["DPoP-Nonce"], path: "/elsewhere"));
        await _server.AssertRefusedAsync(second, 400, "invalid_dpop_proof", "dpop-url");
        var third = await SendAsync(token, _client.Proof(nonce: first.Headers["DPoP-Nonce"]));

        Assert.Equal((200, "DPoP"), (third.Status, third["token_type"]));
        Assert.Equal(account.ClientId, (await _server.IntrospectAsync(third["access_token"]))["client_id"]);
    }

    [Fact]
    [Trait("R", "48")]
    [Trait("R", "140")]
    public async Task Learning_a_nonce_is_no_failure_that_counts()
    {
        var root = new TestAccount(_server, default, _server.Demo.Admin.ClientId, default, _server.Demo.Admin.ClientSecret);
        var token = (await _client.TokenAsync(root))["access_token"];
        await RequireNonceAsync();
        Answer? answer = null;

        for (var i = 0; i < 25; i++)
        {
            answer = await _client.GetAsync(Admin, "DPoP", token, _client.Proof("GET", Admin, token));
            Assert.Equal(401, answer.Status);
        }

        var good = await _client.GetAsync(Admin, "DPoP", token, _client.Proof("GET", Admin, token, answer!.Headers["DPoP-Nonce"]));
        Assert.Equal(200, good.Status);
        Assert.Equal(200, (await _client.GetAsync(Admin, "DPoP", token, _client.Proof("GET", Admin, token, good.Headers["DPoP-Nonce"]))).Status);
    }

    [Fact]
    [Trait("R", "142")]
    public async Task No_exchange_gets_an_unbound_token_for_a_subject_that_must_be_bound()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var before = await gateway.TokenAsync();
        await gateway.Subject.AdminAsync(HttpMethod.Patch, "", new { dpop_bound_access_tokens = true });

        await _server.AssertRefusedAsync(await gateway.ExchangeAsync(before), 400, "invalid_dpop_proof", "dpop-present");
    }

    [Fact]
    [Trait("R", "218")]
    public async Task What_is_part_of_the_credential_needs_the_permission_for_credentials()
    {
        var root = await _server.RootAsync();
        var account = await TestAccount.CreateAsync(_server, granted: false);
        var role = await root.MakeAsync("/roles", new { name = $"role {Guid.NewGuid()}", scopes = new[] { new { api = "urn:countersign:admin", scope = "accounts.write" } } });
        var caller = (await root.AdministratorAsync(role["id"])).Caller;

        foreach (var body in new object[] { new { dpop_bound_access_tokens = false }, new { access_policy = (object?)null }, new { assertions = new { require_jti = false } } })
        {
            await root.AssertForbiddenAsync(await caller.PatchAsync($"/service-accounts/{account.Id}", body), "credentials.write");
        }

        Assert.Equal(200, (await caller.PatchAsync($"/service-accounts/{account.Id}", new { description = "free" })).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task The_last_super_admin_is_not_bound()
    {
        var root = await _server.RootAsync();
        var me = (await root.ReadAsync("/whoami")).GetProperty("account");

        Assert.Equal(409, (await root.PatchAsync($"/service-accounts/{me}", new { dpop_bound_access_tokens = true })).Status);
    }

    [Fact]
    [Trait("R", "135")]
    public async Task A_host_that_no_name_can_have_is_refused_like_any_other()
    {
        var account = await TestAccount.CreateAsync(_server);
        var proof = _client.Proof(change: c => c["htu"] = $"https://{new string('ü', 63)}/oauth2/token");

        await _server.AssertRefusedAsync(await _client.TokenAsync(account, [proof]), 400, "invalid_dpop_proof", "dpop-url");
    }

    private async Task<Answer> SendAsync(string token, string proof)
    {
        var request = TestServer.Form(
            "/oauth2/token", ("grant_type", "client_credentials"), ("client_assertion_type", Signer.AssertionType), ("client_assertion", token));
        request.Headers.TryAddWithoutValidation("DPoP", proof);

        return await _server.SendAsync(request);
    }

    private async Task RequireNonceAsync()
    {
        var tenant = (await _server.AdminAsync(HttpMethod.Get, "/whoami"))["tenant"];
        Assert.Equal(200, (await _server.AdminAsync(HttpMethod.Patch, $"/tenants/{tenant}", new { settings = new { require_dpop_nonce = true } })).Status);
    }
}

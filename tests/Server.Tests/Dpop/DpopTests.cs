using System.Text;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Dpop;

/// <summary>Tokens that are bound to a key (RFC 9449), from the token endpoint to the APIs of our own.</summary>
public sealed class DpopTests : IAsyncLifetime
{
    private const string Admin = "/admin/v1/whoami";

    private TestServer _server = null!;
    private ProofMaker _client = null!;
    private TestAccount _account = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _client = new ProofMaker(_server);
        _account = await TestAccount.CreateAsync(_server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [Trait("R", "141")]
    [InlineData("jwt")]
    [InlineData("opaque")]
    public async Task A_proof_binds_the_token_to_its_key(string format)
    {
        await _account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { format } });

        var answer = await _client.TokenAsync(_account);

        Assert.Equal((200, "DPoP"), (answer.Status, answer["token_type"]));
        var seen = await _server.IntrospectAsync(answer["access_token"]);
        Assert.Equal(("True", "DPoP", _client.Key.Thumbprint), (seen["active"], seen["token_type"], seen.Json.GetProperty("cnf").GetProperty("jkt").GetString()));

        var plain = await _account.TokenAsync();
        Assert.Equal("Bearer", plain["token_type"]);
        Assert.False((await _server.IntrospectAsync(plain["access_token"])).Json.TryGetProperty("cnf", out _));
    }

    [Fact]
    [Trait("R", "142")]
    [Trait("R", "144")]
    public async Task A_client_that_must_be_bound_gets_nothing_without_a_proof()
    {
        await _account.AdminAsync(HttpMethod.Patch, "", new { dpop_bound_access_tokens = true });

        await _server.AssertRefusedAsync(await _account.TokenAsync(), 400, "invalid_dpop_proof", "dpop-present");
        Assert.Equal("DPoP", (await _client.TokenAsync(_account))["token_type"]);

        // A proof says nothing of who the client is.
        await _server.AssertRefusedAsync(await _client.TokenAsync(_account with { Secret = "wrong" }), 401, "invalid_client", "secret-matches");

        await _account.AdminAsync(HttpMethod.Patch, "", new { dpop_bound_access_tokens = false });
        Assert.Equal(200, (await _account.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "133")]
    [Trait("R", "135")]
    [Trait("R", "136")]
    [Trait("R", "144")]
    public async Task A_proof_that_is_not_of_this_request_is_refused()
    {
        var other = new ProofMaker(_server);

        await RefusedAsync("dpop-method", _client.Proof(method: "GET"));
        await RefusedAsync("dpop-url", _client.Proof(path: "/oauth2/introspect"));
        await RefusedAsync("dpop-time", _client.Proof(change: c => c["iat"] = c["iat"]!.GetValue<long>() - 3600));
        await RefusedAsync("dpop-time", _client.Proof(change: c => c["iat"] = c["iat"]!.GetValue<long>() + 3600));
        await RefusedAsync("dpop-claims", _client.Proof(change: c => c.Remove("jti")));
        await RefusedAsync("dpop-form", "not.a.jwt");
        await RefusedAsync("dpop-signature", _client.Proof()[..^4] + "AAAA");

        // R15, before anything else is looked at.
        var twice = await _client.TokenAsync(_account, [_client.Proof(), other.Proof()]);
        Assert.Equal((400, "invalid_request"), (twice.Status, twice["error"]));

        async Task RefusedAsync(string check, string proof) =>
            await _server.AssertRefusedAsync(await _client.TokenAsync(_account, [proof]), 400, "invalid_dpop_proof", check);
    }

    [Fact]
    [Trait("R", "138")]
    public async Task A_proof_is_good_once_on_every_node()
    {
        await using var node = await _server.StartSecondNodeAsync();
        var proof = _client.Proof();

        Assert.Equal(200, (await _client.TokenAsync(_account, [proof])).Status);
        await _server.AssertRefusedAsync(await _client.TokenAsync(_account, [proof]), 400, "invalid_dpop_proof", "dpop-unused");
        await node.AssertRefusedAsync(await new ProofMaker(node).TokenAsync(_account with { Server = node }, [proof]), 400, "invalid_dpop_proof", "dpop-unused");

        // A refusal for something else does not use it up.
        var later = _client.Proof();
        Assert.Equal(400, (await _client.TokenAsync(_account, [later], ("scope", "never-granted"))).Status);
        Assert.Equal(200, (await _client.TokenAsync(_account, [later])).Status);
    }

    [Fact]
    [Trait("R", "136")]
    [Trait("R", "140")]
    public async Task With_nonces_the_first_answer_tells_one_and_the_next_request_passes()
    {
        await RequireNonceAsync();

        var first = await _client.TokenAsync(_account);
        await _server.AssertRefusedAsync(first, 400, "use_dpop_nonce", "dpop-nonce");
        var nonce = first.Headers["DPoP-Nonce"];
        Assert.Matches("^[A-Za-z0-9_-]+$", nonce);

        // Of the wrong clock that a nonce makes up for: a minute ahead.
        var second = await _client.TokenAsync(_account, [_client.Proof(nonce: nonce, change: c => c["iat"] = c["iat"]!.GetValue<long>() + 50)]);
        Assert.Equal((200, "DPoP"), (second.Status, second["token_type"]));
        Assert.Equal(200, (await _client.TokenAsync(_account, [_client.Proof(nonce: second.Headers["DPoP-Nonce"])])).Status);

        // Any node's, for five minutes.
        await using var node = await _server.StartSecondNodeAsync();
        Assert.Equal(200, (await new ProofMaker(node).TokenAsync(_account with { Server = node }, [new ProofMaker(node).Proof(nonce: nonce)])).Status);

        foreach (var wrong in new[] { "", "forged", nonce[..^2] + (nonce[^2] == 'A' ? "B" : "A") + nonce[^1] })
        {
            await _server.AssertRefusedAsync(await _client.TokenAsync(_account, [_client.Proof(nonce: wrong)]), 400, "use_dpop_nonce", "dpop-nonce");
        }

        await _server.ElapseAsync(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        _server.ForgetAdminToken();
        await _server.AssertRefusedAsync(await _client.TokenAsync(_account, [_client.Proof(nonce: nonce)]), 400, "use_dpop_nonce", "dpop-nonce");
    }

    [Fact]
    [Trait("R", "143")]
    public async Task Our_own_API_takes_a_bound_token_only_with_proof_of_its_key()
    {
        var root = new TestAccount(_server, default, _server.Demo.Admin.ClientId, default, _server.Demo.Admin.ClientSecret);
        var token = (await _client.TokenAsync(root))["access_token"];
        var plain = (await root.TokenAsync())["access_token"];

        Assert.Equal(200, (await _client.GetAsync(Admin, "DPoP", token, Fresh())).Status);
        Assert.Equal(200, (await _client.GetAsync(Admin, "dpop", token, Fresh())).Status);
        Assert.Equal(200, (await _client.GetAsync(Admin, "Bearer", plain)).Status);

        await RefusedAsync("invalid_token", "Bearer", token);
        await RefusedAsync("invalid_token", "Bearer", token, Fresh());
        await RefusedAsync("invalid_dpop_proof", "DPoP", token);
        await RefusedAsync("invalid_token", "DPoP", token, new ProofMaker(_server).Proof("GET", Admin, token));
        await RefusedAsync("invalid_dpop_proof", "DPoP", token, _client.Proof("GET", Admin));
        await RefusedAsync("invalid_dpop_proof", "DPoP", token, _client.Proof("GET", Admin, plain));
        await RefusedAsync("invalid_dpop_proof", "DPoP", token, _client.Proof("GET", "/admin/v1/groups", token));
        await RefusedAsync("invalid_token", "DPoP", plain, _client.Proof("GET", Admin, plain));

        var once = Fresh();
        Assert.Equal(200, (await _client.GetAsync(Admin, "DPoP", token, once)).Status);
        await RefusedAsync("invalid_dpop_proof", "DPoP", token, once);

        string Fresh() => _client.Proof("GET", Admin, token);

        async Task RefusedAsync(string error, string scheme, string text, params string?[] proofs)
        {
            var answer = await _client.GetAsync(Admin, scheme, text, proofs);
            Assert.Equal(401, answer.Status);
            Assert.Contains($"error=\"{error}\"", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);

            if (scheme == "DPoP")
            {
                Assert.StartsWith("DPoP algs=\"", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    [Trait("R", "140")]
    [Trait("R", "143")]
    public async Task Nonces_hold_for_our_own_API_too()
    {
        var root = new TestAccount(_server, default, _server.Demo.Admin.ClientId, default, _server.Demo.Admin.ClientSecret);
        var token = (await _client.TokenAsync(root))["access_token"];
        await RequireNonceAsync();

        var first = await _client.GetAsync(Admin, "DPoP", token, _client.Proof("GET", Admin, token));

        Assert.Equal(401, first.Status);
        Assert.Contains("error=\"use_dpop_nonce\"", first.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        Assert.Equal(200, (await _client.GetAsync(Admin, "DPoP", token, _client.Proof("GET", Admin, token, first.Headers["DPoP-Nonce"]))).Status);
    }

    [Fact]
    [Trait("R", "111")]
    public async Task A_bound_token_is_exchanged_by_whoever_holds_its_key_and_stays_bound()
    {
        const string Grant = "urn:ietf:params:oauth:grant-type:token-exchange";
        var bound = (await _client.TokenAsync(_account, null, ("scope", "read")))["access_token"];
        (string, string)[] exchange = [("grant_type", Grant), ("subject_token", bound), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")];

        await _server.AssertRefusedAsync(await ExchangeAsync(null), 400, "invalid_dpop_proof", "dpop-present");
        await _server.AssertRefusedAsync(await ExchangeAsync(new ProofMaker(_server).Proof()), 400, "invalid_dpop_proof", "dpop-binding");

        var exchanged = await ExchangeAsync(_client.Proof());
        Assert.Equal((200, "DPoP"), (exchanged.Status, exchanged["token_type"]));
        Assert.Equal(_client.Key.Thumbprint, (await _server.IntrospectAsync(exchanged["access_token"])).Json.GetProperty("cnf").GetProperty("jkt").GetString());

        async Task<Answer> ExchangeAsync(string? proof)
        {
            var request = TestServer.Form("/oauth2/token", exchange);
            request.Headers.Authorization = TestServer.Basic(_account.ClientId, _account.Secret);

            if (proof is not null)
            {
                request.Headers.TryAddWithoutValidation("DPoP", proof);
            }

            return await _server.SendAsync(request);
        }
    }

    [Fact]
    [Trait("R", "141")]
    public async Task The_metadata_names_the_algorithms_of_proofs()
    {
        foreach (var path in new[] { "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/oauth-protected-resource/admin/v1" })
        {
            var document = await _server.SendAsync(new HttpRequestMessage(HttpMethod.Get, path));
            Assert.Contains("ES256", document["dpop_signing_alg_values_supported"], StringComparison.Ordinal);
            Assert.DoesNotContain("HS", document["dpop_signing_alg_values_supported"], StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("R", "239")]
    public async Task No_proof_is_kept()
    {
        var proof = _client.Proof();
        Assert.Equal(200, (await _client.TokenAsync(_account, [proof])).Status);
        var refused = await _client.TokenAsync(_account, [proof]);

        var explanation = (await _server.ExplainAsync(refused)).GetRawText();

        Assert.All(proof.Split('.'), part => Assert.DoesNotContain(part, explanation, StringComparison.Ordinal));
        Assert.False(await _server.Database.ContainsAsync(Encoding.UTF8.GetString(_client.Key.PublicJwk)));
    }

    private async Task RequireNonceAsync()
    {
        var tenant = (await _server.AdminAsync(HttpMethod.Get, "/whoami"))["tenant"];
        Assert.Equal(200, (await _server.AdminAsync(HttpMethod.Patch, $"/tenants/{tenant}", new { settings = new { require_dpop_nonce = true } })).Status);
    }
}

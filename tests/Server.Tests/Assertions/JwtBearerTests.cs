using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Assertions;

/// <summary>RFC 7523 §2.1: the assertion is the grant.</summary>
public sealed class JwtBearerTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    [InlineData("PS512")]
    public async Task An_account_gets_a_token_by_its_own_key(string alg)
    {
        var signer = await Signer.CreateAsync(_server, alg);

        var answer = await signer.ByGrantAsync(null, ("scope", "write read"));

        Assert.True(answer.Status == 200, answer.Body);
        Assert.Equal(("Bearer", "write read"), (answer["token_type"], answer["scope"]));
        Assert.False(answer.Json.TryGetProperty("refresh_token", out _));
        var introspected = await _server.IntrospectAsync(answer["access_token"]);
        Assert.Equal(("True", signer.Id.ToString()), (introspected["active"], introspected["sub"]));
    }

    [Fact]
    [Trait("R", "99")]
    public async Task The_assertion_must_be_there_once()
    {
        var signer = await Signer.CreateAsync(_server);

        await _server.AssertRefusedAsync(await _server.PostAsync("/oauth2/token", ("grant_type", Signer.JwtBearer)), 400, "invalid_request", "assertion-present");
        await _server.AssertRefusedAsync(
            await _server.PostAsync("/oauth2/token", ("grant_type", Signer.JwtBearer), ("assertion", "")), 400, "invalid_request", "assertion-present");
        var twice = await signer.ByGrantAsync(null, ("assertion", signer.Assertion()));
        Assert.Equal((400, "invalid_request"), (twice.Status, twice["error"]));
    }

    [Fact]
    [Trait("R", "99")]
    [Trait("R", "101")]
    [Trait("R", "102")]
    public async Task Whatever_is_wrong_with_it_is_an_invalid_grant()
    {
        var signer = await Signer.CreateAsync(_server);
        using var other = Signer.NewKey(kid: signer.Key.Kid);
        (string Assertion, string Check)[] cases =
        [
            ("a.b.c", "assertion-form"),
            (signer.AssertionWithHeader(signer.Header(), other), "signature"),
            ((signer with { ClientId = "nobody" }).Assertion(), "client-known"),
            (signer.Assertion(c => c["aud"] = TestServer.Issuer + "/oauth2/token"), "assertion-audience"),
            (signer.Assertion(c => c["aud"] = new System.Text.Json.Nodes.JsonArray(TestServer.Issuer, "https://rs.example")), "assertion-audience"),
            (signer.Assertion(c => c["exp"] = 1), "assertion-time"),
            (signer.Assertion(c => c.Remove("jti")), "assertion-id"),
            (signer.Assertion(c => c["sub"] = _server.Demo.ServiceAccount.ClientId), "method-registered"),
            (signer.AssertionWithHeader("""{"alg":"none"}"""), "assertion-algorithm"),
        ];

        foreach (var (assertion, check) in cases)
        {
            await _server.AssertRefusedAsync(await signer.ByGrantAsync(assertion), 400, "invalid_grant", check);
        }
    }

    [Theory]
    [InlineData("JWT", true)]
    [InlineData("authorization-grant+jwt", true)]
    [InlineData("client-authentication+jwt", false)]
    [InlineData("at+jwt", false)]
    [InlineData("dpop+jwt", false)]
    [Trait("R", "61")]
    public async Task One_made_to_authenticate_is_no_grant(string type, bool taken)
    {
        var signer = await Signer.CreateAsync(_server);

        var answer = await signer.ByGrantAsync(signer.Assertion(type: type));

        if (taken)
        {
            Assert.Equal(200, answer.Status);
        }
        else
        {
            await _server.AssertRefusedAsync(answer, 400, "invalid_grant", "assertion-type");
        }
    }

    [Fact]
    [Trait("R", "61")]
    public async Task An_assertion_is_no_token_and_a_token_is_no_assertion()
    {
        var signer = await Signer.CreateAsync(_server);
        var token = (await signer.TokenAsync())["access_token"];

        Assert.Equal("False", (await _server.IntrospectAsync(signer.Assertion()))["active"]);
        Assert.Equal(401, (await _server.AdminAsAsync(signer.Assertion(), HttpMethod.Get, "/whoami")).Status);
        Assert.Equal((401, 400), ((await signer.TokenAsync(token)).Status, (await signer.ByGrantAsync(token)).Status));
    }

    [Fact]
    [Trait("R", "103")]
    public async Task A_client_that_authenticates_beside_it_must_be_the_same_and_be_right()
    {
        var signer = await Signer.CreateAsync(_server);
        var other = await TestAccount.CreateAsync(_server);
        (string, string)[] grant = [("grant_type", Signer.JwtBearer), ("assertion", signer.Assertion())];

        var wrong = await _server.PostAsAsync(other.ClientId, "wrong", "/oauth2/token", grant);
        await _server.AssertRefusedAsync(wrong, 401, "invalid_client", "secret-matches");
        var another = await _server.PostAsAsync(other.ClientId, other.Secret, "/oauth2/token", grant);
        await _server.AssertRefusedAsync(another, 400, "invalid_grant", "assertion-client");
        var both = await signer.ByGrantAsync(null, ("client_assertion_type", Signer.AssertionType), ("client_assertion", signer.Assertion()));
        Assert.True(both.Status == 200, both.Body);
        Assert.Equal(200, (await signer.ByGrantAsync(null, ("client_id", signer.ClientId))).Status);
        await _server.AssertRefusedAsync(await signer.ByGrantAsync(null, ("client_id", other.ClientId)), 400, "invalid_request", "client-id-agrees");
    }

    [Fact]
    [Trait("R", "25")]
    public async Task It_counts_for_nothing_with_another_grant_type()
    {
        var signer = await Signer.CreateAsync(_server);
        var account = await TestAccount.CreateAsync(_server);

        Assert.Equal(200, (await account.TokenAsync(("assertion", signer.Assertion()))).Status);
        await _server.AssertRefusedAsync(
            await _server.PostAsync("/oauth2/token", ("grant_type", "client_credentials"), ("assertion", signer.Assertion())), 401, "invalid_client", "credential-present");
    }

    [Fact]
    [Trait("R", "104")]
    public async Task The_token_lives_an_hour_at_most()
    {
        var signer = await Signer.CreateAsync(_server);
        await signer.AdminAsync(HttpMethod.Patch, "", new { access_token = new { lifetime_seconds = 7200 } });

        Assert.Equal(("3600", "7200"), ((await signer.ByGrantAsync())["expires_in"], (await signer.TokenAsync())["expires_in"]));
    }

    [Fact]
    [Trait("R", "39")]
    [Trait("R", "100")]
    public async Task An_issuer_without_keys_or_disabled_grants_nothing()
    {
        var signer = await Signer.CreateAsync(_server);
        var without = await TestAccount.CreateAsync(_server);
        await _server.AssertRefusedAsync(
            await signer.ByGrantAsync((signer with { ClientId = without.ClientId }).Assertion()), 400, "invalid_grant", "method-registered");

        await signer.AdminAsync(HttpMethod.Patch, "", new { disabled = true });
        await _server.AssertRefusedAsync(await signer.ByGrantAsync(), 400, "invalid_grant", "account-enabled");

        await signer.AdminAsync(HttpMethod.Patch, "", new { disabled = false });
        Assert.Equal(200, (await signer.ByGrantAsync()).Status);
        await signer.AdminAsync(HttpMethod.Delete, $"/keys/{signer.KeyId}");
        await _server.AssertRefusedAsync(await signer.ByGrantAsync(), 400, "invalid_grant", "key-known");
    }

    [Fact]
    [Trait("R", "102")]
    public async Task A_tenants_assertion_is_nothing_to_another_tenant()
    {
        var root = await _server.AdminAsync(HttpMethod.Post, "/tenants", new { name = "other", issuer = "https://other.example" });
        Assert.True(root.Status == 201, root.Body);
        var signer = await Signer.CreateAsync(_server);
        var request = TestServer.Form("/oauth2/token", ("grant_type", Signer.JwtBearer), ("assertion", signer.Assertion()));
        request.Headers.Host = "other.example";

        var answer = await _server.SendAsync(request);

        Assert.Equal((400, "invalid_grant"), (answer.Status, answer["error"]));
    }
}

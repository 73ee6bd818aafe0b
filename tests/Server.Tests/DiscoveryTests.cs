using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class DiscoveryTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("/.well-known/oauth-authorization-server")]
    [InlineData("/.well-known/openid-configuration")]
    [Trait("R", "164")]
    [Trait("R", "165")]
    public async Task The_metadata_says_what_the_server_accepts(string path)
    {
        var answer = await GetAsync(path);

        Assert.Equal(200, answer.Status);
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.Equal(TestServer.Issuer, answer["issuer"]);
        Assert.Equal(TestServer.Issuer + "/oauth2/token", answer["token_endpoint"]);
        Assert.Equal("""["client_credentials","urn:ietf:params:oauth:grant-type:jwt-bearer","urn:ietf:params:oauth:grant-type:token-exchange"]""", answer["grant_types_supported"]);
        Assert.Equal("""["client_secret_basic","client_secret_post","private_key_jwt","spiffe_jwt"]""", answer["token_endpoint_auth_methods_supported"]);

        // RFC 8414 §2: present where private_key_jwt is, and never none.
        foreach (var of in new[] { "token", "introspection", "revocation" })
        {
            Assert.Equal(
                """["ES256","ES384","ES512","RS256","RS384","RS512","PS256","PS384","PS512"]""", answer[$"{of}_endpoint_auth_signing_alg_values_supported"]);
        }

        Assert.DoesNotContain("none", answer.Body, StringComparison.Ordinal);

        foreach (var endpoint in answer.Json.EnumerateObject().Where(m => m.Name.EndsWith("_endpoint", StringComparison.Ordinal)))
        {
            var url = new Uri(endpoint.Value.GetString()!);
            Assert.StartsWith(TestServer.Issuer + "/", url.ToString(), StringComparison.Ordinal);
            Assert.NotEqual(404, (await _server.PostAsync(url.AbsolutePath)).Status);
        }
    }

    [Fact]
    [Trait("R", "165")]
    public async Task Each_listed_method_and_grant_works_and_an_unlisted_one_does_not()
    {
        var account = _server.Demo.ServiceAccount;

        Assert.Equal(200, (await _server.TokenAsync()).Status);
        Assert.Equal(200, (await _server.PostAsync(
            "/oauth2/token", ("grant_type", "client_credentials"), ("client_id", account.ClientId), ("client_secret", account.ClientSecret))).Status);
        var unlisted = await _server.PostAsAsync(account.ClientId, account.ClientSecret, "/oauth2/token", ("grant_type", "password"));
        await _server.AssertRefusedAsync(unlisted, 400, "unsupported_grant_type", "grant-type");
    }

    [Fact]
    [Trait("R", "167")]
    public async Task The_key_set_is_public_and_may_be_kept_for_a_while()
    {
        var answer = await GetAsync("/oauth2/jwks");
        var keys = answer.Json.GetProperty("keys").EnumerateArray().ToList();

        Assert.Equal("public, max-age=300", answer.Headers["Cache-Control"]);
        Assert.Equal(["ES256", "RS256"], keys.Select(k => k.GetProperty("alg").GetString()).Order());
        Assert.Equal(keys.Count, keys.Select(k => k.GetProperty("kid").GetString()).Distinct().Count());
        Assert.All(keys, key =>
        {
            Assert.Equal("sig", key.GetProperty("use").GetString());
            Assert.DoesNotContain(key.EnumerateObject().Select(m => m.Name), n => n is "d" or "p" or "q" or "dp" or "dq" or "qi" or "k");
        });

        var request = new HttpRequestMessage(HttpMethod.Get, "/oauth2/jwks");
        request.Headers.TryAddWithoutValidation("If-None-Match", answer.Headers["ETag"]);
        Assert.Equal(304, (await _server.SendAsync(request)).Status);
    }

    [Fact]
    [Trait("R", "4")]
    public async Task A_foreign_host_name_is_served_nothing()
    {
        foreach (var path in new[] { "/.well-known/openid-configuration", "/oauth2/jwks", "/oauth2/token", "/admin/v1/tenants" })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = "evil.example";
            var answer = await _server.SendAsync(request);

            Assert.Equal(421, answer.Status);
            Assert.DoesNotContain("evil", answer.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("R", "166")]
    public async Task The_admin_api_describes_itself_and_challenges_point_there()
    {
        var challenge = await _server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/admin/v1/tenants"));
        var url = challenge.Headers["WWW-Authenticate"].Split("resource_metadata=\"")[1].Split('"')[0];

        var answer = await GetAsync(new Uri(url).AbsolutePath);

        Assert.Equal("urn:countersign:admin", answer["resource"]);
        Assert.Equal(TestServer.Issuer, answer.Json.GetProperty("authorization_servers")[0].GetString());
    }

    [Theory]
    [InlineData("/oauth2/jwks")]
    [InlineData("/.well-known/openid-configuration")]
    [Trait("R", "9")]
    public async Task Other_methods_are_not_allowed(string path)
    {
        var answer = await _server.SendAsync(new HttpRequestMessage(HttpMethod.Post, path));

        Assert.Equal((405, "GET"), (answer.Status, answer.Headers["Allow"]));
    }

    [Fact]
    public async Task Health_needs_no_host_name()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/health/ready");
        request.Headers.Host = "10.0.0.1";
        var answer = await _server.SendAsync(request);

        Assert.Equal((200, "ready"), (answer.Status, answer["status"]));
        Assert.Equal(JsonValueKind.Number, answer.Json.GetProperty("seconds_behind").ValueKind);
    }

    private Task<Answer> GetAsync(string path) => _server.SendAsync(new HttpRequestMessage(HttpMethod.Get, path));
}

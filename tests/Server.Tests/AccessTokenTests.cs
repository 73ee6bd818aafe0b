using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Tenants;
using Countersign.Server.Tests.Framework;
using Countersign.Server.Token;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests;

public sealed class AccessTokenTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("PS512")]
    [Trait("R", "122")]
    [Trait("R", "123")]
    public async Task A_JWT_is_what_RFC_9068_says_and_its_published_key_verifies_it(string alg)
    {
        await NeedKeyAsync(alg);
        var account = await TestAccount.CreateAsync(_server);
        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { alg } });
        var before = _server.Clock.GetUtcNow().ToUnixTimeSeconds();

        var token = IndependentJwt.Read((await account.TokenAsync(("scope", "read write")))["access_token"]);

        Assert.Equal(["typ", "alg", "kid"], token.Header.EnumerateObject().Select(m => m.Name));
        Assert.Equal(("at+jwt", alg), (token.Header.GetProperty("typ").GetString(), token.Header.GetProperty("alg").GetString()));
        Assert.True(token.IsSignedByOneOf((await JwksAsync()).Json));
        Assert.Equal(
            ["aud", "client_id", "cred", "exp", "iat", "iss", "jti", "scope", "sub"], token.Claims.EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal));
        Assert.Equal(TestServer.Issuer, token.Claim("iss"));
        Assert.Equal(_server.Demo.Api.Identifier, token.Claim("aud"));
        Assert.Equal((account.Id.ToString(), account.ClientId, account.SecretId.ToString()), (token.Claim("sub"), token.Claim("client_id"), token.Claim("cred")));
        Assert.Equal("read write", token.Claim("scope"));
        Assert.InRange(token.Claims.GetProperty("iat").GetInt64(), before, before + 60);
        Assert.Equal(3600, token.Claims.GetProperty("exp").GetInt64() - token.Claims.GetProperty("iat").GetInt64());
        Assert.All((string[])["iss", "aud", "sub", "client_id", "jti", "scope"], c => Assert.Equal(JsonValueKind.String, token.Claims.GetProperty(c).ValueKind));
    }

    [Fact]
    [Trait("R", "122")]
    public async Task The_least_significant_bit_of_claims_or_signature_spoils_the_token()
    {
        var keys = (await JwksAsync()).Json;
        var token = IndependentJwt.Read(await _server.AccessTokenAsync());
        token.Signature[^1] ^= 1;
        Assert.False(token.IsSignedByOneOf(keys));
        token.Signature[^1] ^= 1;
        token.Signed[^1] ^= 1;

        Assert.False(token.IsSignedByOneOf(keys));
    }

    [Fact]
    [Trait("R", "122")]
    public async Task Characters_that_JSON_escapes_come_back_whole()
    {
        var account = await TestAccount.CreateAsync(_server, """a "quoted" \ <client> & it's /id""");

        var token = IndependentJwt.Read((await account.TokenAsync())["access_token"]);

        Assert.Equal(account.ClientId, token.Claim("client_id"));
        Assert.Equal(account.ClientId, (await _server.IntrospectAsync((await account.TokenAsync())["access_token"]))["client_id"]);
    }

    [Fact]
    [Trait("R", "130")]
    public async Task Format_lifetime_and_algorithm_are_the_account_s_else_the_API_s_else_the_tenant_s()
    {
        var plain = await TestApi.CreateAsync(_server, "a");
        var particular = await TestApi.CreateAsync(_server, $"https://{Guid.NewGuid():n}.example", new { format = "jwt", lifetime_seconds = 300, alg = "RS256" }, "b");
        var account = await TestAccount.CreateAsync(_server, granted: false);
        await account.GrantAsync(plain.Identifier, ["a"]);
        await account.GrantAsync(particular.Identifier, ["b"]);

        Assert.Equal(("ES256", 3600), await ShapeAsync("a"));
        Assert.Equal(("RS256", 300), await ShapeAsync("b"));
        Assert.Equal(("RS256", 300), await ShapeAsync("a b"));

        await TenantAsync(new { format = "opaque", lifetime_seconds = 600, alg = "RS256" });
        Assert.Equal(("opaque", 600), await ShapeAsync("a"));
        Assert.Equal(("RS256", 300), await ShapeAsync("b"));

        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { format = "jwt", lifetime_seconds = 60, alg = "ES256" } });
        Assert.Equal(("ES256", 60), await ShapeAsync("a"));
        Assert.Equal(("ES256", 60), await ShapeAsync("b"));

        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { format = (string?)null, alg = (string?)null } });
        Assert.Equal(("opaque", 60), await ShapeAsync("a"));
        Assert.Equal(("RS256", 60), await ShapeAsync("b"));

        async Task<(string, int)> ShapeAsync(string scope)
        {
            var answer = await account.TokenAsync(("scope", scope));
            var text = answer["access_token"];
            var lifetime = answer.Json.GetProperty("expires_in").GetInt32();

            if (text.StartsWith("cs_at_", StringComparison.Ordinal))
            {
                return ("opaque", lifetime);
            }

            var token = IndependentJwt.Read(text);
            Assert.Equal(lifetime, token.Claims.GetProperty("exp").GetInt64() - token.Claims.GetProperty("iat").GetInt64());

            return (token.Header.GetProperty("alg").GetString()!, lifetime);
        }
    }

    [Theory]
    [InlineData(59, 400)]
    [InlineData(60, 200)]
    [InlineData(86_400, 200)]
    [InlineData(86_401, 400)]
    [InlineData(0, 400)]
    [InlineData(-1, 400)]
    [Trait("R", "130")]
    public async Task A_lifetime_is_from_a_minute_to_a_day(int seconds, int status)
    {
        var access_token = new { lifetime_seconds = seconds };
        var api = await TestApi.CreateAsync(_server, "a");

        Assert.Equal(status, (await _server.AdminAsync(HttpMethod.Patch, $"/service-accounts/{_server.Demo.ServiceAccount.Id}", new { access_token })).Status);
        Assert.Equal(status, (await _server.AdminAsync(HttpMethod.Patch, $"/apis/{api.Id}", new { access_token })).Status);
        Assert.Equal(status, (await _server.AdminAsync(HttpMethod.Patch, $"/tenants/{await TenantIdAsync()}", new { settings = new { access_token } })).Status);

        if (status == 200)
        {
            Assert.Equal(seconds, (await _server.TokenAsync()).Json.GetProperty("expires_in").GetInt32());
        }
    }

    [Theory]
    [InlineData("expires_in", "1")]
    [InlineData("expires_in", "999999")]
    [InlineData("lifetime", "999999")]
    [InlineData("requested_token_lifetime", "999999")]
    [Trait("R", "130")]
    public async Task A_request_does_not_lengthen_the_life_of_a_token(string name, string value) =>
        Assert.InRange((await _server.TokenAsync((name, value))).Json.GetProperty("expires_in").GetInt32(), 1, 3600);

    [Theory]
    [InlineData("jwt", "ES256")]
    [InlineData("jwt", "RS256")]
    [InlineData("opaque", "ES256")]
    [Trait("R", "131")]
    public async Task A_token_of_fifty_scopes_fits_4_KiB(string format, string alg)
    {
        var scopes = Enumerable.Range(10, 50).Select(i => $"resource{i}:some-long-permission.write").ToArray();
        var api = await TestApi.CreateAsync(_server, scopes);
        var account = await TestAccount.CreateAsync(_server, granted: false);
        await account.GrantAsync(api.Identifier, scopes, scopes);
        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { format, alg } });

        var answer = await account.TokenAsync();

        Assert.Equal(50, answer["scope"].Split(' ').Length);
        Assert.InRange(answer["access_token"].Length, 1000, 4096);
    }

    [Fact]
    [Trait("R", "131")]
    public async Task What_would_not_fit_is_refused_when_it_is_configured()
    {
        var scopes = Enumerable.Range(1000, 60).Select(i => $"{i}{new string('s', 40)}").Select(name => new { name }).ToArray();

        var answer = await _server.AdminAsync(HttpMethod.Post, "/apis", new { identifier = "https://large.example", name = "large", scopes });

        Assert.Equal(400, answer.Status);
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "131")]
    public async Task What_does_not_fit_of_several_APIs_together_is_asked_for_apart(string format)
    {
        var account = await TestAccount.CreateAsync(_server, granted: false);
        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { format } });

        for (var i = 0; i < 2; i++)
        {
            var scopes = Enumerable.Range(10, 50).Select(j => $"api{i}-resource{j}:long-permission.write").ToArray();
            var api = await TestApi.CreateAsync(_server, scopes);
            await account.GrantAsync(api.Identifier, scopes, scopes);
            Assert.Equal(200, (await account.TokenAsync(("resource", api.Identifier))).Status);
        }

        await _server.AssertRefusedAsync(await account.TokenAsync(), 400, "invalid_scope", "token-size");
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "125")]
    public async Task No_two_of_a_hundred_thousand_tokens_share_an_id_or_a_text(string format)
    {
        var tenant = _server.Services.GetRequiredService<TenantDirectory>().All.Single();
        var account = await tenant.Accounts.FindAsync(_server.Demo.ServiceAccount.Id, CancellationToken.None);
        var client = new ProvenClient(account!, account!.Secrets[0].Id);
        var grant = new TokenGrant(["urn:countersign:demo"], "read", format == "opaque", 3600, "ES256");
        var now = _server.Clock.GetUtcNow();
        var (ids, texts) = (new TokenId[100_000], new string[100_000]);

        // All at one moment: the random part alone tells them apart.
        Parallel.For(0, ids.Length, i =>
        {
            var exchange = new Exchange("token", tenant, null, now);

            if (TokenIssuer.Issue(client, grant, exchange, json => texts[i] = System.Text.Encoding.ASCII.GetString(json)) is null)
            {
                ids[i] = exchange.TokenId!.Value;
            }
        });

        Assert.Equal(100_000, ids.ToHashSet().Count);
        Assert.Equal(100_000, texts.ToHashSet(StringComparer.Ordinal).Count);

        // Every bit of the random part occurs with either value about equally often.
        for (var bit = 0; bit < 64; bit++)
        {
            Assert.InRange(ids.Count(id => (((ulong)(id.Random >> 64) >> bit) & 1) == 1), 48_500, 51_500);
            Assert.InRange(ids.Count(id => (((ulong)id.Random >> bit) & 1) == 1), 48_500, 51_500);
        }
    }

    private async Task NeedKeyAsync(string alg)
    {
        if (alg is not ("ES256" or "RS256"))
        {
            var answer = await _server.AdminAsync(HttpMethod.Post, "/signing-keys", new { alg, activate = "now" });
            Assert.True(answer.Status == 201, answer.Body);
        }
    }

    private Task<Answer> JwksAsync() => _server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/oauth2/jwks"));

    private async Task<string> TenantIdAsync() =>
        (await _server.AdminAsync(HttpMethod.Get, "/tenants")).Json.GetProperty("items")[0].GetProperty("id").GetString()!;

    private async Task TenantAsync(object access_token)
    {
        var answer = await _server.AdminAsync(HttpMethod.Patch, $"/tenants/{await TenantIdAsync()}", new { settings = new { access_token } });
        Assert.True(answer.Status == 200, answer.Body);
    }
}

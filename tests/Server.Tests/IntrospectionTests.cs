using System.Text;
using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class IntrospectionTests : IAsyncLifetime
{
    private const string Inactive = """{"active":false}""";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "151")]
    public async Task A_live_token_reads_as_it_was_issued(string format)
    {
        await SetFormatAsync(format);
        var token = await _server.AccessTokenAsync(("scope", "read write"));

        var answer = await _server.IntrospectAsync(token);

        Assert.Equal(200, answer.Status);
        var json = answer.Json;
        Assert.True(json.GetProperty("active").GetBoolean());
        Assert.Equal(TestServer.Issuer, answer["iss"]);
        Assert.Equal(_server.Demo.ServiceAccount.Id.ToString(), answer["sub"]);
        Assert.Equal(_server.Demo.ServiceAccount.ClientId, answer["client_id"]);
        Assert.Equal(_server.Demo.Api.Identifier, answer["aud"]);
        Assert.Equal("read write", answer["scope"]);
        Assert.Equal("Bearer", answer["token_type"]);
        Assert.Equal(3600, json.GetProperty("exp").GetInt64() - json.GetProperty("iat").GetInt64());
        Assert.Equal(JsonValueKind.String, json.GetProperty("jti").ValueKind);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal(format == "opaque", token.StartsWith("cs_at_", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("R", "149")]
    public async Task Anything_that_is_no_live_token_reads_inactive_and_nothing_more()
    {
        await SetFormatAsync("opaque");
        var opaque = await _server.AccessTokenAsync();
        await SetFormatAsync("jwt");
        var jwt = await _server.AccessTokenAsync();
        string[] bad =
        [
            "x", "cs_at_", "cs_at_AAAA", "a.b.c", "..", jwt[..^1], jwt + "A", jwt.Replace('.', ' '), opaque[..^1], opaque + "A", opaque.ToUpperInvariant(),
            _server.Demo.ServiceAccount.ClientSecret, new string('a', 20_000), jwt[..^4] + (jwt.EndsWith("AAAA", StringComparison.Ordinal) ? "BBBB" : "AAAA"),
        ];

        foreach (var text in bad)
        {
            var answer = await _server.IntrospectAsync(text);
            Assert.Equal((200, Inactive), (answer.Status, answer.Body));
        }
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "149")]
    [Trait("R", "252")]
    public async Task A_token_is_dead_from_the_second_of_its_expiry_and_before_its_time(string format)
    {
        await SetFormatAsync(format);
        var token = await _server.AccessTokenAsync();

        _server.Clock.Advance(TimeSpan.FromSeconds(3599));
        Assert.Equal("True", (await _server.IntrospectAsync(token))["active"]);
        _server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Inactive, (await _server.IntrospectAsync(token)).Body);
        _server.Clock.Advance(TimeSpan.FromDays(-1));
        Assert.Equal(Inactive, (await _server.IntrospectAsync(token)).Body);
    }

    [Fact]
    [Trait("R", "150")]
    public async Task A_caller_outside_the_audience_sees_nothing()
    {
        var token = await _server.AccessTokenAsync();
        var (clientId, secret) = await NewAccountAsync();

        var stranger = await _server.PostAsAsync(clientId, secret, "/oauth2/introspect", ("token", token));
        var unknown = await _server.PostAsAsync(clientId, secret, "/oauth2/introspect", ("token", "x"));

        Assert.Equal((200, Inactive), (stranger.Status, stranger.Body));
        Assert.Equal(unknown.Headers.Keys.Order(), stranger.Headers.Keys.Order());
    }

    [Fact]
    [Trait("R", "150")]
    public async Task A_client_does_not_see_its_own_token_without_acting_as_the_api()
    {
        await _server.AdminAsync(HttpMethod.Delete, $"/apis/{_server.Demo.Api.Id}/resource-servers/{_server.Demo.ServiceAccount.Id}");
        var token = await _server.AccessTokenAsync();

        Assert.Equal(Inactive, (await _server.IntrospectAsync(token)).Body);
    }

    [Fact]
    [Trait("R", "148")]
    public async Task An_administrator_introspects_by_secret_and_by_token()
    {
        var token = await _server.AccessTokenAsync();
        var admin = _server.Demo.Admin;

        var bySecret = await _server.PostAsAsync(admin.ClientId, admin.ClientSecret, "/oauth2/introspect", ("token", token));
        var request = TestServer.Form("/oauth2/introspect", ("token", token));
        request.Headers.Authorization = new("bearer", await _server.AdminTokenAsync(admin.ClientId, admin.ClientSecret));
        var byToken = await _server.SendAsync(request);

        Assert.Equal("True", bySecret["active"]);
        Assert.Equal(bySecret.Body, byToken.Body);
    }

    [Fact]
    [Trait("R", "148")]
    [Trait("R", "37")]
    public async Task Without_credentials_or_with_bad_ones_it_answers_401()
    {
        var token = await _server.AccessTokenAsync();

        var none = await _server.PostAsync("/oauth2/introspect", ("token", token));
        var wrong = await _server.PostAsAsync(_server.Demo.ServiceAccount.ClientId, "wrong", "/oauth2/introspect", ("token", token));
        var request = TestServer.Form("/oauth2/introspect", ("token", token));
        request.Headers.Authorization = new("Bearer", token);
        var lacking = await _server.SendAsync(request);

        await _server.AssertRefusedAsync(none, 401, "invalid_client", "credential-present");
        await _server.AssertRefusedAsync(wrong, 401, "invalid_client", "secret-matches");
        await _server.AssertRefusedAsync(lacking, 401, "invalid_client", "caller-token");
        Assert.StartsWith("Basic ", none.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        Assert.StartsWith("Bearer ", lacking.Headers["WWW-Authenticate"], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("R", "33")]
    public async Task A_bearer_token_and_a_secret_are_two_methods()
    {
        var admin = _server.Demo.Admin;
        var request = TestServer.Form("/oauth2/introspect", ("token", "x"), ("client_id", admin.ClientId), ("client_secret", admin.ClientSecret));
        request.Headers.Authorization = new("Bearer", await _server.AdminTokenAsync(admin.ClientId, admin.ClientSecret));

        await _server.AssertRefusedAsync(await _server.SendAsync(request), 400, "invalid_request", "one-method");
    }

    [Fact]
    [Trait("R", "49")]
    public async Task Guessed_bearer_tokens_are_slowed_and_good_ones_are_not()
    {
        var statuses = new List<int>();

        for (var i = 0; i < 12; i++)
        {
            var guess = TestServer.Form("/oauth2/introspect", ("token", "x"));
            guess.Headers.Authorization = new("Bearer", $"guess-{i}");
            statuses.Add((await _server.SendAsync(guess)).Status);
        }

        Assert.Equal([.. Enumerable.Repeat(401, 10), 429, 429], statuses);
        var admin = _server.Demo.Admin;
        var good = TestServer.Form("/oauth2/introspect", ("token", "x"));
        good.Headers.Authorization = new("Bearer", await _server.AdminTokenAsync(admin.ClientId, admin.ClientSecret));
        Assert.Equal(200, (await _server.SendAsync(good)).Status);
    }

    [Fact]
    [Trait("R", "148")]
    public async Task A_missing_or_repeated_token_is_400()
    {
        var demo = _server.Demo.ServiceAccount;

        var missing = await _server.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/introspect");
        var repeated = await _server.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/introspect", ("token", "a"), ("token", "a"));
        var empty = await _server.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/introspect", ("token", ""));

        await _server.AssertRefusedAsync(missing, 400, "invalid_request", "token-present");
        await _server.AssertRefusedAsync(repeated, 400, "invalid_request", "form-parameter-once");
        await _server.AssertRefusedAsync(empty, 400, "invalid_request", "token-present");
    }

    [Theory]
    [InlineData("refresh_token")]
    [InlineData("nonsense")]
    [Trait("R", "152")]
    public async Task A_hint_changes_nothing(string hint)
    {
        var demo = _server.Demo.ServiceAccount;
        var token = await _server.AccessTokenAsync();

        var answer = await _server.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/introspect", ("token", token), ("token_type_hint", hint));

        Assert.Equal("True", answer["active"]);
    }

    [Fact]
    [Trait("R", "155")]
    public async Task Introspection_leaves_the_token_as_it_is()
    {
        var token = await _server.AccessTokenAsync();

        var first = await _server.IntrospectAsync(token);
        _server.Clock.Advance(TimeSpan.FromMinutes(5));
        var second = await _server.IntrospectAsync(token);

        Assert.Equal(first.Body, second.Body);
    }

    [Fact]
    [Trait("R", "154")]
    public async Task The_signed_form_is_for_its_caller_and_is_no_access_token()
    {
        var token = await _server.AccessTokenAsync();
        var signed = await SignedAsync(token);
        var parts = signed.Body.Split('.');
        var header = Decode(parts[0]);
        var claims = Decode(parts[1]);

        Assert.StartsWith("application/token-introspection+jwt", signed.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal("token-introspection+jwt", header.GetProperty("typ").GetString());
        Assert.Equal(TestServer.Issuer, claims.GetProperty("iss").GetString());
        Assert.Equal(_server.Demo.ServiceAccount.ClientId, claims.GetProperty("aud").GetString());
        Assert.True(claims.GetProperty("token_introspection").GetProperty("active").GetBoolean());
        Assert.False(claims.TryGetProperty("sub", out _) || claims.TryGetProperty("exp", out _));
        Assert.Equal(Inactive, (await _server.IntrospectAsync(signed.Body)).Body);
        Assert.Equal(401, (await _server.AdminAsAsync(signed.Body, HttpMethod.Get, "/whoami")).Status);
        Assert.Equal(Inactive, Decode((await SignedAsync("x")).Body.Split('.')[1]).GetProperty("token_introspection").GetRawText());
    }

    [Theory]
    [InlineData("account")]
    [InlineData("secret")]
    [InlineData("tenant")]
    [Trait("R", "149")]
    [Trait("R", "39")]
    public async Task A_token_ends_with_what_it_came_from(string what)
    {
        var demo = _server.Demo.ServiceAccount;
        var (clientId, secret) = await NewAccountAsync(("read", _server.Demo.Api.Identifier));
        var token = (await _server.PostAsAsync(clientId, secret, "/oauth2/token", ("grant_type", "client_credentials"), ("scope", "read")))["access_token"];
        Assert.Equal("True", (await _server.IntrospectAsync(token))["active"]);
        var account = (await _server.AdminAsync(HttpMethod.Get, $"/service-accounts?client_id={clientId}")).Json.GetProperty("items")[0].GetProperty("id").GetString();

        switch (what)
        {
            case "account":
                Assert.Equal(200, (await _server.AdminAsync(HttpMethod.Patch, $"/service-accounts/{account}", new { disabled = true })).Status);
                break;
            case "secret":
                var id = (await _server.AdminAsync(HttpMethod.Get, $"/service-accounts/{account}/secrets")).Json.GetProperty("items")[0].GetProperty("id").GetString();
                Assert.Equal(204, (await _server.AdminAsync(HttpMethod.Delete, $"/service-accounts/{account}/secrets/{id}")).Status);
                break;
            default:
                Assert.Equal(201, (await _server.AdminAsync(HttpMethod.Post, "/revocations", new { all = true })).Status);
                await Task.Delay(5);
                break;
        }

        Assert.Equal(Inactive, (await _server.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/introspect", ("token", token))).Body);
    }

    [Fact]
    public async Task Enabling_an_account_again_brings_no_old_token_back()
    {
        var token = await _server.AccessTokenAsync();
        var account = $"/service-accounts/{_server.Demo.ServiceAccount.Id}";
        await _server.AdminAsync(HttpMethod.Patch, account, new { disabled = true });
        await _server.AdminAsync(HttpMethod.Patch, account, new { disabled = false });
        await Task.Delay(5);

        Assert.Equal(Inactive, (await _server.IntrospectAsync(token)).Body);
        Assert.Equal("True", (await _server.IntrospectAsync(await _server.AccessTokenAsync()))["active"]);
    }

    private async Task<Answer> SignedAsync(string token)
    {
        var request = TestServer.Form("/oauth2/introspect", ("token", token));
        request.Headers.Authorization = TestServer.Basic(_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);
        request.Headers.TryAddWithoutValidation("Accept", "application/token-introspection+jwt");

        return await _server.SendAsync(request);
    }

    private static JsonElement Decode(string segment) =>
        JsonDocument.Parse(Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(segment))).RootElement;

    private async Task SetFormatAsync(string format) =>
        Assert.Equal(200, (await _server.AdminAsync(HttpMethod.Patch, $"/service-accounts/{_server.Demo.ServiceAccount.Id}", new { access_token = new { format } })).Status);

    private async Task<(string ClientId, string Secret)> NewAccountAsync(params (string Scope, string Api)[] grants)
    {
        var account = await _server.AdminAsync(HttpMethod.Post, "/service-accounts", new { name = "another" });

        foreach (var (scope, api) in grants)
        {
            Assert.Equal(201, (await _server.AdminAsync(HttpMethod.Post, $"/service-accounts/{account["id"]}/grants", new { api, scopes = new[] { scope } })).Status);
        }

        return (account["client_id"], (await _server.AdminAsync(HttpMethod.Post, $"/service-accounts/{account["id"]}/secrets", new { }))["client_secret"]);
    }
}

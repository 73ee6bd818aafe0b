using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class RevocationTests : IAsyncLifetime
{
    private const string Inactive = """{"active":false}""";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData("refresh_token")]
    [InlineData("nonsense")]
    [Trait("R", "156")]
    [Trait("R", "159")]
    [Trait("R", "160")]
    public async Task A_client_ends_its_own_token_whatever_the_hint(string? hint)
    {
        var token = await _server.AccessTokenAsync();
        var other = await _server.AccessTokenAsync();

        var answer = await RevokeAsync(token, hint);

        Assert.Equal((200, ""), (answer.Status, answer.Body));
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal(Inactive, (await _server.IntrospectAsync(token)).Body);
        Assert.Equal("True", (await _server.IntrospectAsync(other))["active"]);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("cs_at_AAAA")]
    [InlineData("a.b.c")]
    [Trait("R", "156")]
    public async Task What_is_unknown_or_malformed_is_success(string token)
    {
        var answer = await RevokeAsync(token);

        Assert.Equal((200, ""), (answer.Status, answer.Body));
    }

    [Fact]
    [Trait("R", "156")]
    public async Task Revoking_twice_is_success()
    {
        var token = await _server.AccessTokenAsync();
        await RevokeAsync(token);

        Assert.Equal(200, (await RevokeAsync(token)).Status);
    }

    [Fact]
    [Trait("R", "157")]
    public async Task Anothers_token_is_refused_and_stays_good()
    {
        var token = await _server.AccessTokenAsync();
        var admin = _server.Demo.Admin;

        var answer = await _server.PostAsAsync(admin.ClientId, admin.ClientSecret, "/oauth2/revoke", ("token", token));

        await _server.AssertRefusedAsync(answer, 400, "unauthorized_client", "token-owner");
        Assert.Equal("True", (await _server.IntrospectAsync(token))["active"]);
    }

    [Fact]
    [Trait("R", "159")]
    public async Task A_secret_is_no_token_that_could_be_revoked()
    {
        await _server.AssertRefusedAsync(await RevokeAsync(_server.Demo.ServiceAccount.ClientSecret), 400, "unsupported_token_type", "token-type");
    }

    [Fact]
    [Trait("R", "156")]
    public async Task It_needs_a_client()
    {
        var token = await _server.AccessTokenAsync();

        await _server.AssertRefusedAsync(await _server.PostAsync("/oauth2/revoke", ("token", token)), 401, "invalid_client", "credential-present");
        Assert.Equal("True", (await _server.IntrospectAsync(token))["active"]);
    }

    [Fact]
    [Trait("R", "161")]
    [Trait("R", "153")]
    public async Task All_tokens_of_an_account_up_to_a_moment_end_and_later_ones_live()
    {
        var before = await _server.AccessTokenAsync();
        _server.Clock.Advance(TimeSpan.FromSeconds(2));
        var moment = _server.Clock.GetUtcNow();
        _server.Clock.Advance(TimeSpan.FromSeconds(2));
        var after = await _server.AccessTokenAsync();

        var answer = await _server.AdminAsync(
            HttpMethod.Post, $"/service-accounts/{_server.Demo.ServiceAccount.Id}/revoke-tokens", new { issued_before = moment });

        Assert.Equal(200, answer.Status);
        Assert.Equal(Inactive, (await _server.IntrospectAsync(before)).Body);
        Assert.Equal("True", (await _server.IntrospectAsync(after))["active"]);

        // A laxer rule that comes later does not loosen the stricter one.
        await _server.AdminAsync(
            HttpMethod.Post, $"/service-accounts/{_server.Demo.ServiceAccount.Id}/revoke-tokens", new { issued_before = moment.AddHours(-1) });
        Assert.Equal(Inactive, (await _server.IntrospectAsync(before)).Body);
    }

    [Fact]
    [Trait("R", "161")]
    public async Task One_credentials_tokens_end_and_those_of_the_other_live()
    {
        var account = _server.Demo.ServiceAccount;
        var first = await _server.AccessTokenAsync();
        var secret = await _server.AdminAsync(HttpMethod.Post, $"/service-accounts/{account.Id}/secrets", new { });
        var second = (await _server.PostAsAsync(account.ClientId, secret["client_secret"], "/oauth2/token", ("grant_type", "client_credentials")))["access_token"];

        Assert.Equal(200, (await _server.AdminAsync(HttpMethod.Post, $"/service-accounts/{account.Id}/revoke-tokens", new { credential = secret["id"] })).Status);

        Assert.Equal(Inactive, (await _server.IntrospectAsync(second)).Body);
        Assert.Equal("True", (await _server.IntrospectAsync(first))["active"]);
    }

    [Fact]
    [Trait("R", "161")]
    public async Task An_administrator_revokes_one_token()
    {
        var token = await _server.AccessTokenAsync();

        Assert.Equal(201, (await _server.AdminAsync(HttpMethod.Post, "/revocations", new { token })).Status);
        Assert.Equal(Inactive, (await _server.IntrospectAsync(token)).Body);
        Assert.Equal(409, (await _server.AdminAsync(HttpMethod.Post, "/revocations", new { token })).Status);
    }

    [Fact]
    [Trait("R", "162")]
    public async Task A_revocation_outlives_the_longest_token_and_then_goes()
    {
        var token = await _server.AccessTokenAsync();
        await RevokeAsync(token);
        var account = $"/service-accounts/{_server.Demo.ServiceAccount.Id}/revoke-tokens";
        await _server.AdminAsync(HttpMethod.Post, account, new { });
        Assert.Equal(2, (await _server.AdminAsync(HttpMethod.Get, "/revocations")).Json.GetProperty("items").GetArrayLength());

        var housekeeping = (Countersign.Server.Hosting.Housekeeping)_server.Services.GetService(typeof(Countersign.Server.Hosting.Housekeeping))!;
        _server.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(5));
        await housekeeping.RunOnceAsync(CancellationToken.None);
        _server.ForgetAdminToken();
        Assert.Equal(2, (await _server.AdminAsync(HttpMethod.Get, "/revocations")).Json.GetProperty("items").GetArrayLength());

        _server.Clock.Advance(TimeSpan.FromHours(24));
        await housekeeping.RunOnceAsync(CancellationToken.None);
        _server.ForgetAdminToken();
        Assert.Equal(0, (await _server.AdminAsync(HttpMethod.Get, "/revocations")).Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    [Trait("R", "158")]
    public async Task A_revocation_is_there_after_a_restart()
    {
        var token = await _server.AccessTokenAsync();
        await RevokeAsync(token);

        await using var again = await _server.StartSecondNodeAsync();

        Assert.Equal(Inactive, (await again.IntrospectAsync(token)).Body);
    }

    private Task<Answer> RevokeAsync(string token, string? hint = null)
    {
        var account = _server.Demo.ServiceAccount;

        return _server.PostAsAsync(
            account.ClientId, account.ClientSecret, "/oauth2/revoke", hint is null ? [("token", token)] : [("token", token), ("token_type_hint", hint)]);
    }
}

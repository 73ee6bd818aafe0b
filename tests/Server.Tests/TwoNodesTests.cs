using System.Diagnostics;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

/// <summary>Two servers over one database: what one changes the other knows within two seconds.</summary>
public sealed class TwoNodesTests : IAsyncLifetime
{
    private static readonly TimeSpan s_within = TimeSpan.FromSeconds(2);

    private TestServer _here = null!;
    private TestServer _there = null!;

    public async ValueTask InitializeAsync()
    {
        _here = await TestServer.StartAsync();
        _there = await _here.StartSecondNodeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _there.DisposeAsync();
        await _here.DisposeAsync();
    }

    [Fact]
    [Trait("R", "39")]
    [Trait("R", "243")]
    public async Task Disabling_an_account_holds_here_at_once_and_there_soon()
    {
        Assert.Equal((200, 200), ((await _here.TokenAsync()).Status, (await _there.TokenAsync()).Status));

        await _here.AdminAsync(HttpMethod.Patch, $"/service-accounts/{_here.Demo.ServiceAccount.Id}", new { disabled = true });

        Assert.Equal(401, (await _here.TokenAsync()).Status);
        await EventuallyAsync(async () => (await _there.TokenAsync()).Status == 401);
    }

    [Fact]
    [Trait("R", "243")]
    public async Task Retiring_a_grant_holds_here_at_once_and_there_soon()
    {
        Assert.Equal((200, 200), ((await _here.TokenAsync()).Status, (await _there.TokenAsync()).Status));
        var grants = await _here.AdminAsync(HttpMethod.Get, $"/service-accounts/{_here.Demo.ServiceAccount.Id}/grants");
        var grant = grants.Json.GetProperty("items")[0].GetProperty("id").GetString();

        Assert.Equal(204, (await _here.AdminAsync(HttpMethod.Delete, $"/service-accounts/{_here.Demo.ServiceAccount.Id}/grants/{grant}")).Status);

        await _here.AssertRefusedAsync(await _here.TokenAsync(("scope", "read")), 400, "invalid_scope", "scope-granted");
        await EventuallyAsync(async () => (await _there.TokenAsync(("scope", "read"))).Status == 400);
    }

    [Fact]
    [Trait("R", "243")]
    public async Task Deleting_a_secret_holds_here_at_once_and_there_soon()
    {
        Assert.Equal((200, 200), ((await _here.TokenAsync()).Status, (await _there.TokenAsync()).Status));
        var secrets = await _here.AdminAsync(HttpMethod.Get, $"/service-accounts/{_here.Demo.ServiceAccount.Id}/secrets");
        var secret = secrets.Json.GetProperty("items")[0].GetProperty("id").GetString();

        Assert.Equal(204, (await _here.AdminAsync(HttpMethod.Delete, $"/service-accounts/{_here.Demo.ServiceAccount.Id}/secrets/{secret}")).Status);

        Assert.Equal(401, (await _here.TokenAsync()).Status);
        await EventuallyAsync(async () => (await _there.TokenAsync()).Status == 401);
    }

    [Fact]
    [Trait("R", "160")]
    [Trait("R", "243")]
    public async Task A_revoked_token_is_inactive_here_at_once_and_there_soon()
    {
        var token = await _here.AccessTokenAsync();
        Assert.Equal("True", (await _there.IntrospectAsync(token))["active"]);

        await _here.PostAsAsync(_here.Demo.ServiceAccount.ClientId, _here.Demo.ServiceAccount.ClientSecret, "/oauth2/revoke", ("token", token));

        Assert.Equal("False", (await _here.IntrospectAsync(token))["active"]);
        await EventuallyAsync(async () => (await _there.IntrospectAsync(token))["active"] == "False");
    }

    [Fact]
    [Trait("R", "170")]
    public async Task A_withdrawn_key_leaves_both_nodes()
    {
        var token = await _there.AccessTokenAsync();
        var key = (await _here.AdminAsync(HttpMethod.Get, "/signing-keys?alg=ES256")).Json.GetProperty("items")[0].GetProperty("id").GetString();

        Assert.Equal(200, (await _here.AdminAsync(HttpMethod.Post, $"/signing-keys/{key}/withdraw")).Status);

        await EventuallyAsync(async () => (await _there.IntrospectAsync(token))["active"] == "False");
        Assert.Equal("True", (await _there.IntrospectAsync(await _there.AccessTokenAsync()))["active"]);
    }

    [Fact]
    public async Task An_account_that_was_unknown_there_is_known_once_it_is_made_here()
    {
        var unknown = await _there.PostAsAsync("made-later", "x", "/oauth2/token", ("grant_type", "client_credentials"));
        Assert.Equal(401, unknown.Status);
        var account = await _here.AdminAsync(HttpMethod.Post, "/service-accounts", new { name = "later", client_id = "made-later" });
        var secret = (await _here.AdminAsync(HttpMethod.Post, $"/service-accounts/{account["id"]}/secrets", new { }))["client_secret"];

        // No default scope: refused for that, which says that it was let in.
        Assert.Equal(400, (await _here.PostAsAsync("made-later", secret, "/oauth2/token", ("grant_type", "client_credentials"))).Status);

        // Asked seldom: each failure before it is known there counts against this address.
        await EventuallyAsync(async () => (await _there.PostAsAsync("made-later", secret, "/oauth2/token", ("grant_type", "client_credentials"))).Status == 400, 400);
    }

    [Fact]
    [Trait("R", "221")]
    public async Task A_cursor_made_here_is_good_there()
    {
        var page = await _here.AdminAsync(HttpMethod.Get, "/service-accounts?limit=1");

        var next = await _there.AdminAsync(HttpMethod.Get, $"/service-accounts?limit=1&cursor={page["next_cursor"]}");

        Assert.Equal(200, next.Status);
    }

    [Fact]
    public async Task A_token_of_one_node_is_opened_by_the_other()
    {
        await _here.AdminAsync(HttpMethod.Patch, $"/service-accounts/{_here.Demo.ServiceAccount.Id}", new { access_token = new { format = "opaque" } });

        Assert.Equal("True", (await _there.IntrospectAsync(await _here.AccessTokenAsync()))["active"]);
    }

    [Fact]
    public async Task A_refusal_there_is_explained_here()
    {
        var refused = await _there.PostAsAsync("nobody", "x", "/oauth2/token", ("grant_type", "client_credentials"));

        await EventuallyAsync(async () => (await _here.AdminAsync(HttpMethod.Get, $"/explanations/{refused.Trace}")).Status == 200);
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds, int everyMs = 20)
    {
        var started = Stopwatch.GetTimestamp();

        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < s_within + TimeSpan.FromSeconds(1), $"it does not hold within {s_within}");
            await Task.Delay(everyMs);
        }
    }
}

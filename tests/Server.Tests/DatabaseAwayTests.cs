using System.Diagnostics;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

/// <summary>The database goes away and comes back while the server runs.</summary>
public sealed class DatabaseAwayTests
{
    [Fact]
    [Trait("R", "121")]
    [Trait("R", "158")]
    [Trait("R", "167")]
    [Trait("R", "254")]
    public async Task What_needs_no_write_goes_on_and_the_rest_is_refused_until_it_is_back()
    {
        Assert.SkipUnless(TestDatabase.IsPostgres, "the embedded database is in the process");
        using var database = await TestDatabase.CreateAsync();
        using var relay = DatabaseRelay.Before(database);
        await using var server = await TestServer.StartAsync(settings => settings with { Database = relay.Setting }, database);
        var demo = server.Demo.ServiceAccount;
        var token = await server.AccessTokenAsync();
        Assert.Equal("True", (await server.IntrospectAsync(token))["active"]);

        relay.Cut();

        Assert.Equal(200, (await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/oauth2/jwks"))).Status);
        Assert.Equal(200, (await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/.well-known/oauth-authorization-server"))).Status);
        Assert.Equal(200, (await server.TokenAsync()).Status);
        Assert.Equal("True", (await server.IntrospectAsync(token))["active"]);

        foreach (var answer in new[]
        {
            await TimedAsync(() => server.PostAsAsync("not-held", "x", "/oauth2/token", ("grant_type", "client_credentials"))),
            await TimedAsync(() => server.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/revoke", ("token", token))),
        })
        {
            Assert.Equal((503, "temporarily_unavailable"), (answer.Status, answer["error"]));
            Assert.True(int.Parse(answer.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) > 0);
        }

        relay.Restore();
        await EventuallyAsync(async () => (await server.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/revoke", ("token", token))).Status == 200);
        Assert.Equal("False", (await server.IntrospectAsync(token))["active"]);
    }

    [Fact]
    [Trait("R", "243")]
    public async Task A_node_that_cannot_confirm_its_state_says_so_and_then_refuses()
    {
        Assert.SkipUnless(TestDatabase.IsPostgres, "the embedded database is in the process");
        using var database = await TestDatabase.CreateAsync();
        using var relay = DatabaseRelay.Before(database);
        await using var server = await TestServer.StartAsync(settings => settings with { Database = relay.Setting }, database);
        await server.AccessTokenAsync();
        relay.Cut();
        await Task.Delay(1500);

        server.Clock.Elapse(TimeSpan.FromSeconds(31));
        var ready = await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health/ready"));
        Assert.Equal((503, "behind"), (ready.Status, ready["status"]));
        Assert.Equal(200, (await server.TokenAsync()).Status);

        server.Clock.Elapse(TimeSpan.FromMinutes(5));
        Assert.Equal(503, (await server.TokenAsync()).Status);
        Assert.Equal(200, (await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/oauth2/jwks"))).Status);

        relay.Restore();
        await EventuallyAsync(async () => (await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health/ready"))).Status == 200);
        Assert.Equal(200, (await server.TokenAsync()).Status);
    }

    private static async Task<Answer> TimedAsync(Func<Task<Answer>> ask)
    {
        var started = Stopwatch.GetTimestamp();
        var answer = await ask();

        // The promise is a second; a machine under load gets some more.
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(3));

        return answer;
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (var i = 0; !await holds(); i++)
        {
            Assert.True(i < 50, "it is not back within five seconds");
            await Task.Delay(100);
        }
    }
}

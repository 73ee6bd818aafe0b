using Countersign.Server.Hosting;
using Countersign.Server.Tests.Framework;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.Admin;

/// <summary>A new secret comes, and the old ones go when nobody needs them any more.</summary>
public sealed class SecretRotationTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Caller _root = null!;
    private TestAccount _account = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _root = await _server.RootAsync();
        _account = await TestAccount.CreateAsync(_server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private string Secrets => $"/service-accounts/{_account.Id}/secrets";

    [Fact]
    [Trait("R", "46")]
    public async Task At_once()
    {
        var rotated = await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { now = true } });

        var previous = Assert.Single(rotated.Json.GetProperty("previous").EnumerateArray());
        Assert.Equal((_account.SecretId.ToString(), "retired"), (previous.GetProperty("id").GetString(), previous.GetProperty("state").GetString()));
        Assert.Equal(200, (await _account.TokenByAsync(rotated["client_secret"])).Status);
        await _server.AssertRefusedAsync(await _account.TokenAsync(), 401, "invalid_client", "secret-not-retired");
    }

    [Fact]
    [Trait("R", "46")]
    public async Task At_a_time()
    {
        var at = _server.Clock.GetUtcNow().AddHours(3);
        var rotated = await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { at } });
        Assert.Equal("retiring", rotated.Json.GetProperty("previous")[0].GetProperty("state").GetString());

        _server.Clock.Advance(TimeSpan.FromHours(3) - TimeSpan.FromMinutes(1));
        Assert.Equal((200, 200), ((await _account.TokenAsync()).Status, (await _account.TokenByAsync(rotated["client_secret"])).Status));

        _server.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((401, 200), ((await _account.TokenAsync()).Status, (await _account.TokenByAsync(rotated["client_secret"])).Status));
        Assert.Equal("retired", await StateAsync(_account.SecretId));
    }

    [Fact]
    [Trait("R", "46")]
    public async Task When_they_have_been_quiet_counted_from_the_last_use()
    {
        await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { quiet_hours = 24 } });

        await LaterAsync(TimeSpan.FromHours(23));
        Assert.Equal(200, (await _account.TokenAsync()).Status);
        await LaterAsync(TimeSpan.FromHours(23));
        Assert.Equal("retiring", await StateAsync(_account.SecretId));
        Assert.Equal(200, (await _account.TokenAsync()).Status);
        await LaterAsync(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(1));

        Assert.Equal("retired", await StateAsync(_account.SecretId));
        await _server.AssertRefusedAsync(await _account.TokenAsync(), 401, "invalid_client", "secret-not-retired");
        var retired = Assert.Single(await _root.ListAsync($"/audit-events?kind=secret.retired&account={_account.Id}"));
        Assert.Equal((_account.SecretId.ToString(), null), (retired.GetProperty("target").GetString(), retired.GetProperty("actor").GetString()));
    }

    [Fact]
    [Trait("R", "46")]
    public async Task A_second_rotation_does_not_lengthen_the_life_of_what_was_to_go_already()
    {
        var soon = _server.Clock.GetUtcNow().AddHours(1);
        var first = await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { at = soon } });
        await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { at = soon.AddDays(30) } });
        await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { quiet_hours = 100 } });

        _server.Clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal((401, 200), ((await _account.TokenAsync()).Status, (await _account.TokenByAsync(first["client_secret"])).Status));

        // Sooner is taken.
        _root = await _server.RootAsync();
        await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { now = true } });
        Assert.Equal(401, (await _account.TokenByAsync(first["client_secret"])).Status);
    }

    [Fact]
    [Trait("R", "46")]
    public async Task What_is_retired_or_expired_does_not_come_back()
    {
        var expiring = await _account.NewSecretAsync(_server.Clock.GetUtcNow().AddMinutes(5));
        Assert.Equal(200, (await _root.PostAsync($"{Secrets}/{_account.SecretId}/retire", new { })).Status);
        _server.Clock.Advance(TimeSpan.FromMinutes(6));
        var later = _server.Clock.GetUtcNow().AddDays(1);

        foreach (var id in new[] { _account.SecretId, expiring.Id })
        {
            Assert.Equal(409, (await _root.PostAsync($"{Secrets}/{id}/retire", new { at = later })).Status);
            Assert.Equal(409, (await _root.PostAsync($"{Secrets}/{id}/retire", new { quiet_hours = 5 })).Status);
            Assert.Equal(409, (await _root.PatchAsync($"{Secrets}/{id}", new { expires_at = later })).Status);
            await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { at = later } });
        }

        Assert.Equal((401, 401), ((await _account.TokenAsync()).Status, (await _account.TokenByAsync(expiring.Text)).Status));
    }

    [Fact]
    [Trait("R", "46")]
    public async Task The_longest_life_counts_from_the_making_however_often_it_is_put_off()
    {
        _server.Clock.Advance(TimeSpan.FromDays(100));
        _root = await _server.RootAsync();
        var now = _server.Clock.GetUtcNow();

        Assert.Equal(400, (await _root.PatchAsync($"{Secrets}/{_account.SecretId}", new { expires_at = now.AddDays(300) })).Status);
        Assert.Equal(200, (await _root.PatchAsync($"{Secrets}/{_account.SecretId}", new { expires_at = now.AddDays(264) })).Status);
        var longest = await _root.PatchAsync($"{Secrets}/{_account.SecretId}", new { expires_at = (object?)null });
        Assert.Equal(265, Math.Round((longest.Json.GetProperty("expires_at").GetDateTimeOffset() - now).TotalDays));
    }

    [Fact]
    public async Task One_secret_is_retired_by_itself()
    {
        var other = await _account.NewSecretAsync();
        var path = $"{Secrets}/{_account.SecretId}/retire";

        Assert.Equal("5", (await _root.PostAsync(path, new { quiet_hours = 5 }))["retires_when_quiet_hours"]);
        Assert.Equal("retiring", (await _root.PostAsync(path, new { at = _server.Clock.GetUtcNow().AddDays(1) }))["state"]);
        Assert.Equal(400, (await _root.PostAsync(path, new { at = _server.Clock.GetUtcNow().AddDays(1), quiet_hours = 1 })).Status);
        Assert.Equal("retired", (await _root.PostAsync(path, null))["state"]);
        Assert.Equal((401, 200), ((await _account.TokenAsync()).Status, (await _account.TokenByAsync(other.Text)).Status));
    }

    private async Task LaterAsync(TimeSpan by)
    {
        _server.Clock.Advance(by);
        await _server.Services.GetRequiredService<Housekeeping>().RunOnceAsync(TestContext.Current.CancellationToken);
        _root = await _server.RootAsync();
        _server.ForgetAdminToken();
    }

    private async Task<string> StateAsync(Guid secret)
    {
        _root = await _server.RootAsync();
        _server.ForgetAdminToken();

        return (await _root.ReadAsync($"{Secrets}/{secret}")).GetProperty("state").GetString()!;
    }
}

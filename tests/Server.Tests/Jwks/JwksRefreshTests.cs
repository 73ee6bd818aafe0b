using System.Diagnostics;
using Countersign.OAuth;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Framework;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.Jwks;

public sealed class JwksRefreshTests : IAsyncLifetime
{
    private readonly SigningKey _key = Messages.NewKey();
    private readonly SigningKey _next = Messages.NewKey();
    private Node _node = null!;

    private KeyHost Host => _node.Host;

    public async ValueTask InitializeAsync()
    {
        _node = await Node.StartAsync();
        Host.Serve(_key, _next);
        await _node.FindAsync(_key);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    [Trait("R", "195")]
    public async Task A_withdrawn_key_stops_working_within_a_quarter_of_an_hour_though_nobody_sends_another()
    {
        Host.Serve(_next);

        for (var minute = 0; minute < 15; minute++)
        {
            await MinuteAsync();
        }

        Assert.Equal(_next.Kid, Assert.Single((await _node.FindAsync(_next)).Keys!).Kid);
    }

    [Fact]
    [Trait("R", "195")]
    public async Task A_source_in_use_is_refreshed_every_8_to_12_minutes()
    {
        for (var minute = 0; minute < 120; minute++)
        {
            await MinuteAsync();
            Assert.True(_node.FindAsync(_key).IsCompletedSuccessfully);
        }

        Assert.InRange(Host.Requests, 1 + (120 / 13), 1 + (120 / 8));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(5, 1, 1)]
    [InlineData(180, 2, 3)]
    [InlineData(1800, 27, 30)]
    [InlineData(86400, 54, 60)]
    [Trait("R", "195")]
    public async Task Max_age_is_honoured_from_a_minute_to_an_hour(int maxAge, int least, int most)
    {
        Host.Answer = c =>
        {
            c.Response.Headers.CacheControl = $"max-age={maxAge}";

            return KeyHost.JsonAsync(c, KeyHost.Set(_key, _next));
        };
        await _node.Sources.RefreshAsync(_node.Tenant, _node.Facts, CancellationToken.None);
        var before = Host.Requests;
        var minutes = 0;

        while (Host.Requests == before && minutes < 100)
        {
            await MinuteAsync();
            minutes++;
        }

        Assert.InRange(minutes, least, most);
    }

    [Fact]
    [Trait("R", "195")]
    public async Task A_source_that_rested_is_asked_again_before_its_old_keys_count()
    {
        _node.Clock.Elapse(TimeSpan.FromMinutes(61));
        await _node.Refresh.RunOnceAsync(CancellationToken.None);
        Assert.Equal(1, Host.Requests);

        // Withdrawn while nobody looked.
        Host.Serve(_next);
        var found = await _node.FindAsync(_key);

        Assert.Equal(_next.Kid, Assert.Single(found.Keys!).Kid);
        Assert.Equal(2, Host.Requests);
    }

    [Fact]
    [Trait("R", "190")]
    public async Task The_last_good_set_of_a_source_that_rested_serves_when_its_host_fails()
    {
        _node.Clock.Elapse(TimeSpan.FromHours(3));
        Host.Serve("down", status: 503);

        var found = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _node.FindAsync(_key)));

        Assert.All(found, f => Assert.Equal(2, f.Keys!.Count));
        Assert.Equal(2, Host.Requests);
        Assert.True(_node.FindAsync(_key).IsCompletedSuccessfully);
    }

    [Fact]
    [Trait("R", "190")]
    [Trait("R", "195")]
    public async Task A_failed_refresh_is_tried_again_after_30_seconds_and_ever_later_up_to_5_minutes()
    {
        Host.Serve("down", status: 503);
        var at = new List<double>();
        var seconds = 0;

        for (var before = Host.Requests; seconds < 3600; seconds += 10)
        {
            _node.Clock.Elapse(TimeSpan.FromSeconds(10));
            await _node.Refresh.RunOnceAsync(CancellationToken.None);
            await _node.FindAsync(_key);

            if (Host.Requests > before)
            {
                at.Add(seconds);
                before = Host.Requests;
            }
        }

        var waits = at.Zip(at.Skip(1), (a, b) => b - a).ToList();
        Assert.InRange(waits[0], 30, 40);
        Assert.InRange(waits[1], 50, 70);
        Assert.InRange(waits[2], 100, 130);
        Assert.All(waits.Skip(4), w => Assert.InRange(w, 260, 310));

        Host.Serve(_next);
        _node.Clock.Elapse(TimeSpan.FromMinutes(5));
        await _node.Refresh.RunOnceAsync(CancellationToken.None);
        Assert.Null(_node.State!.Problem);
        Assert.Equal(_next.Kid, Assert.Single(_node.State.Keys).Kid);
        Assert.Contains(_node.Log.All, l => l.StartsWith("Information", StringComparison.Ordinal) && l.Contains("is fetched again", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("R", "196")]
    [Trait("Speed", "slow")]
    public async Task Hosts_that_hang_delay_neither_the_requests_nor_the_refresh_of_others()
    {
        await using var hanging = await KeyHost.StartAsync();
        var rows = Enumerable.Range(0, 60).Select(_ => Node.FactsOf(hanging)).ToList();
        hanging.Serve(_key);
        await Task.WhenAll(rows.Select(f => _node.Sources.FindAsync(_node.Tenant, f, Messages.By(_key), CancellationToken.None).AsTask()));
        hanging.Hang();

        // They fail once, then are due again together with the healthy one.
        await Task.WhenAll(rows.Select(f => _node.Sources.RefreshAsync(_node.Tenant, f, CancellationToken.None)));
        _node.Clock.Elapse(TimeSpan.FromMinutes(13));
        var began = Stopwatch.GetTimestamp();
        var before = Host.Requests;
        var roundBegan = began;
        var round = _node.Refresh.RunOnceAsync(CancellationToken.None);
        await _node.UntilAsync(() => Host.Requests == before + 1);

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 4);

        // A cold source meanwhile, and warm ones.
        await using var cold = await KeyHost.StartAsync();
        cold.Serve(_next);
        began = Stopwatch.GetTimestamp();
        Assert.Single((await _node.Sources.FindAsync(_node.Tenant, Node.FactsOf(cold), Messages.By(_next), CancellationToken.None)).Keys!);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 4);

        for (var i = 0; i < 1000; i++)
        {
            Assert.True(_node.FindAsync(_key).IsCompletedSuccessfully);
        }

        // Those that fail do not take turns in the places of the healthy: the next round is not far.
        await round;
        Assert.InRange(Stopwatch.GetElapsedTime(roundBegan).TotalSeconds, 4, 14);
    }

    [Fact]
    [Trait("R", "190")]
    [Trait("R", "195")]
    public async Task The_server_fetches_and_refreshes_by_itself()
    {
        await using var host = await KeyHost.StartAsync();
        host.Serve(_key);
        await using var server = await TestServer.StartAsync(services =>
        {
            services.AddSingleton(host.Rules);
            services.AddSingleton<ResolveHost>(KeyHost.ResolveAsync);
        });
        var (sources, tenant, facts) = (server.Services.GetRequiredService<JwksSources>(), Guid.CreateVersion7(), Node.FactsOf(host));
        Assert.Single((await sources.FindAsync(tenant, facts, Messages.By(_key), CancellationToken.None)).Keys!);

        host.Serve(_key, _next);
        await server.ElapseAsync(TimeSpan.FromMinutes(13));
        await _node.UntilAsync(() => sources.StateOf(tenant, facts.Id)!.Keys.Count == 2);

        Assert.Equal(2, host.Requests);
    }

    // A minute in which the source is used.
    private async Task MinuteAsync()
    {
        _node.Clock.Elapse(TimeSpan.FromMinutes(1));
        await _node.Refresh.RunOnceAsync(CancellationToken.None);
        await _node.FindAsync(_next);
    }
}

using System.Diagnostics;
using Countersign.OAuth;
using Countersign.Server.Jwks;

namespace Countersign.Server.Tests.Jwks;

public sealed class JwksSourcesTests : IAsyncLifetime
{
    private readonly SigningKey _key = Messages.NewKey();
    private readonly SigningKey _next = Messages.NewKey();
    private Node _node = null!;

    private KeyHost Host => _node.Host;

    public async ValueTask InitializeAsync()
    {
        _node = await Node.StartAsync();
        Host.Serve(_key);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    [Trait("R", "193")]
    public async Task A_hundred_callers_at_once_make_one_fetch()
    {
        await _node.WarmUpAsync();
        Host.Answer = async c =>
        {
            await Task.Delay(200);
            await KeyHost.JsonAsync(c, KeyHost.Set(_key));
        };

        var found = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => _node.FindAsync(_key))));

        Assert.All(found, f => Assert.Equal(_key.Kid, Assert.Single(f.Keys!).Kid));
        Assert.Equal(2, Host.Requests);
    }

    [Fact]
    [Trait("R", "193")]
    [Trait("Speed", "slow")]
    public async Task With_nothing_held_only_the_first_waits_for_the_whole_fetch_and_others_a_second()
    {
        Host.Hang();
        var began = Stopwatch.GetTimestamp();
        var first = _node.FindAsync(_key);
        await _node.UntilAsync(() => Host.Requests == 1);

        var joined = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _node.FindAsync(_key)));

        Assert.All(joined, j => Assert.Null(j.Keys));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 4.4);
        Assert.False(first.IsCompleted);
        Assert.Equal(FetchFailure.TimedOut.Problem, (await first).Problem);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 4.5, 10);
        Assert.Equal(1, Host.Requests);
    }

    [Fact]
    [Trait("R", "193")]
    [Trait("R", "194")]
    public async Task While_a_fetch_for_an_unknown_kid_hangs_known_keys_do_not_wait_and_others_wait_a_second()
    {
        await _node.FindAsync(_key);
        _node.Clock.Elapse(TimeSpan.FromSeconds(31));
        Host.Hang();
        var began = Stopwatch.GetTimestamp();
        var unknown = _node.FindAsync(_next);
        await _node.UntilAsync(() => Host.Requests == 2);

        Assert.True(_node.FindAsync(_key).IsCompletedSuccessfully);
        Assert.Single((await unknown).Keys!);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 4.4);
    }

    [Fact]
    [Trait("R", "193")]
    public async Task A_caller_that_gives_up_does_not_end_the_fetch_for_the_others()
    {
        await _node.WarmUpAsync();
        using var gone = new CancellationTokenSource(100);
        Host.Answer = async c =>
        {
            await Task.Delay(400);
            await KeyHost.JsonAsync(c, KeyHost.Set(_key));
        };

        var leaving = _node.Sources.FindAsync(_node.Tenant, _node.Facts, Messages.By(_key), gone.Token).AsTask();
        var staying = _node.FindAsync(_key);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Assert.Single((await staying).Keys!);
        Assert.Equal(2, Host.Requests);
    }

    [Fact]
    [Trait("R", "194")]
    public async Task A_new_key_is_found_by_its_kid()
    {
        await _node.FindAsync(_key);
        Host.Serve(_key, _next);
        _node.Clock.Elapse(TimeSpan.FromSeconds(31));

        var found = await _node.FindAsync(_next);

        Assert.Equal([_key.Kid, _next.Kid], found.Keys!.Select(k => k.Kid));
    }

    [Theory]
    [InlineData("keys")]
    [InlineData("none")]
    [InlineData("failing")]
    [InlineData("never worked")]
    [Trait("R", "194")]
    public async Task Ten_thousand_random_kids_cause_two_fetches_a_minute_whatever_the_set_holds(string set)
    {
        if (set == "none")
        {
            Host.Serve();
        }
        else if (set == "never worked")
        {
            Host.Serve("no", status: 500);
        }

        await _node.FindAsync(_key);

        if (set == "failing")
        {
            Host.Serve("no", status: 500);
        }

        _node.Clock.Elapse(TimeSpan.FromSeconds(31));
        var before = Host.Requests;

        for (var i = 0; i < 10_000; i++)
        {
            // 45 seconds, and what the test itself takes.
            _node.Clock.Elapse(TimeSpan.FromMilliseconds(4.5));
            await _node.Sources.FindAsync(_node.Tenant, _node.Facts, Messages.WithKid($"random-{i}"), CancellationToken.None);

            if (i % 100 == 0 && set is "keys" or "failing")
            {
                var valid = _node.FindAsync(_key);
                Assert.True(valid.IsCompletedSuccessfully);
                Assert.Single((await valid).Keys!);
            }
        }

        Assert.InRange(Host.Requests - before, 1, 2);
    }

    [Fact]
    [Trait("R", "194")]
    public async Task The_wall_clock_decides_nothing()
    {
        await _node.FindAsync(_key);

        // Set forwards and back, as by a bad time server.
        foreach (var hours in (int[])[48, -96, 48])
        {
            _node.Clock.Advance(TimeSpan.FromHours(hours));
            await _node.FindAsync(_next);
            await _node.Refresh.RunOnceAsync(CancellationToken.None);
            Assert.Single((await _node.FindAsync(_key)).Keys!);
        }

        Assert.Equal(1, Host.Requests);
    }

    [Fact]
    [Trait("R", "194")]
    public async Task A_source_that_never_answered_is_asked_again_after_thirty_seconds_and_not_before()
    {
        Host.Serve("no", status: 500);
        Assert.Equal(FetchFailure.Status(500).Problem, (await _node.FindAsync(_key)).Problem);

        for (var i = 0; i < 50; i++)
        {
            Assert.True(_node.FindAsync(_key) is { IsCompletedSuccessfully: true, Result.Keys: null });
        }

        Assert.Equal(1, Host.Requests);
        Host.Serve(_key);
        _node.Clock.Elapse(TimeSpan.FromSeconds(30));

        Assert.Single((await _node.FindAsync(_key)).Keys!);
        Assert.Equal(2, Host.Requests);
    }

    public static TheoryData<string, string, int> Poison => new()
    {
        { "not a set", "nonsense", 200 },
        { "not a set", "", 200 },
        { "not a set", "[]", 200 },
        { "not a set", "{}", 200 },
        { "not a set", """{"keys":{}}""", 200 },
        { "not a set", """{"keys":[]} {"keys":[]}""", 200 },
        { "not a set", """{"keys":[""", 200 },
        { "symmetric", """{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}""", 200 },
        { "private", """{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}]}""", 200 },
        { "too many", $$"""{"keys":[{{string.Join(',', Enumerable.Repeat("""{"kty":"x"}""", 101))}}]}""", 200 },
        { "status", """{"keys":[]}""", 404 },
        { "large", $$"""{"keys":[],"x":"{{new string('a', 300_000)}}"}""", 200 },
    };

    [Theory]
    [MemberData(nameof(Poison))]
    [Trait("R", "189")]
    [Trait("R", "190")]
    public async Task An_unusable_answer_keeps_the_last_good_set_and_is_reported(string what, string body, int status)
    {
        await _node.FindAsync(_key);
        Host.Serve(body, status: status);

        var refreshed = await _node.Sources.RefreshAsync(_node.Tenant, _node.Facts, CancellationToken.None);
        var found = await _node.FindAsync(_key);

        Assert.Equal(_key.Kid, Assert.Single(found.Keys!).Kid);
        Assert.NotNull(found.Problem);
        Assert.Equal(refreshed, found);
        Assert.Equal(found.Problem, _node.State!.Problem);
        Assert.Single(_node.Log.All, l => l.StartsWith("Warning", StringComparison.Ordinal) && l.Contains("keys.example", StringComparison.Ordinal));
        Assert.NotEmpty(what);

        Host.Serve(_next);
        found = await _node.Sources.RefreshAsync(_node.Tenant, _node.Facts, CancellationToken.None);

        Assert.Equal((_next.Kid, null), (Assert.Single(found.Keys!).Kid, found.Problem));
    }

    [Fact]
    [Trait("R", "190")]
    public async Task The_last_good_set_serves_for_24_hours_and_no_longer()
    {
        await _node.FindAsync(_key);
        await Host.DisposeAsync();

        for (var hour = 0; hour < 23; hour++)
        {
            _node.Clock.Elapse(TimeSpan.FromMinutes(59));
            await _node.Refresh.RunOnceAsync(CancellationToken.None);
            Assert.Single((await _node.FindAsync(_key)).Keys!);
        }

        _node.Clock.Elapse(TimeSpan.FromMinutes(80));
        Assert.Single((await _node.FindAsync(_key)).Keys!);
        _node.Clock.Elapse(TimeSpan.FromMinutes(4));
        var found = await _node.FindAsync(_key);

        Assert.Equal((null, FetchFailure.NotConnected.Problem), (found.Keys, found.Problem));
        Assert.Empty(_node.State!.Keys);
        Assert.Null(_node.State!.FetchedAt);
    }

    [Fact]
    [Trait("R", "197")]
    public async Task One_URL_of_two_tenants_or_two_rows_is_two_sources()
    {
        var other = (Tenant: Guid.CreateVersion7(), Facts: _node.Facts with { Id = Guid.CreateVersion7() });
        await _node.FindAsync(_key);

        // The same kid and the same URL, another key.
        Host.Serve(KeyHost.Set(_next).Replace(_next.Kid, _key.Kid, StringComparison.Ordinal));
        var ofTenant = await _node.Sources.FindAsync(other.Tenant, _node.Facts, Messages.By(_key), CancellationToken.None);
        var ofRow = await _node.Sources.FindAsync(_node.Tenant, other.Facts, Messages.By(_key), CancellationToken.None);
        var mine = await _node.FindAsync(_key);

        Assert.Equal(Thumbprint(_next), Assert.Single(ofTenant.Keys!).Thumbprint);
        Assert.Equal(Thumbprint(_next), Assert.Single(ofRow.Keys!).Thumbprint);
        Assert.Equal(Thumbprint(_key), Assert.Single(mine.Keys!).Thumbprint);
        Assert.Equal(3, Host.Requests);
        Assert.Null(_node.Sources.StateOf(other.Tenant, other.Facts.Id));
    }

    [Fact]
    [Trait("R", "197")]
    public async Task Nothing_of_the_old_URL_or_authority_serves_after_a_change()
    {
        await _node.FindAsync(_key);

        var moved = await _node.Sources.FindAsync(_node.Tenant, _node.Facts with { Url = $"https://keys.example:{Host.Port + 1}/" }, Messages.By(_key), CancellationToken.None);
        Assert.Null(moved.Keys);

        var untrusted = await _node.Sources.FindAsync(_node.Tenant, _node.Facts with { CaCertificates = new TestAuthority("x").Pem }, Messages.By(_key), CancellationToken.None);
        Assert.Equal((null, FetchFailure.NotTrusted.Problem), (untrusted.Keys, untrusted.Problem));

        _node.Sources.Forget(_node.Tenant, _node.Facts.Id);
        Assert.Null(_node.State);
    }

    [Fact]
    [Trait("R", "197")]
    public async Task The_number_of_sources_is_bounded_and_those_in_use_stay()
    {
        await _node.FindAsync(_key);

        for (var i = 0; i < JwksSources.Capacity + 500; i++)
        {
            await _node.Sources.FindAsync(_node.Tenant, new JwksUrlFacts(Guid.CreateVersion7(), "http://refused.example/", null, null), Messages.By(_key), CancellationToken.None);

            if (i % 1000 == 0)
            {
                await _node.FindAsync(_key);
            }
        }

        Assert.InRange(_node.Sources.Count, JwksSources.Capacity / 2, JwksSources.Capacity);
        Assert.NotNull(_node.State);
        Assert.Equal(1, Host.Requests);

        _node.Clock.Elapse(TimeSpan.FromHours(25));
        await _node.Refresh.RunOnceAsync(CancellationToken.None);
        Assert.Equal(0, _node.Sources.Count);
    }

    [Fact]
    [Trait("R", "192")]
    public async Task No_header_of_a_token_is_fetched()
    {
        await using var elsewhere = await KeyHost.StartAsync();
        elsewhere.Serve(_next);
        await _node.FindAsync(_key);
        _node.Clock.Elapse(TimeSpan.FromSeconds(31));

        foreach (var name in (string[])["jku", "x5u"])
        {
            // Refused when it is parsed, or without effect.
            try
            {
                var jws = Messages.WithHeader($$"""{"alg":"ES256","kid":"{{_next.Kid}}","{{name}}":"{{elsewhere.Url}}"}""");
                Assert.DoesNotContain((await _node.Sources.FindAsync(_node.Tenant, _node.Facts, jws, CancellationToken.None)).Keys!, k => k.Kid == _next.Kid);
            }
            catch (InvalidOperationException)
            {
                continue;
            }
        }

        Assert.Empty(elsewhere.Connections);
    }

    [Fact]
    [Trait("R", "198")]
    public async Task Who_asks_reads_neither_body_nor_address_nor_whether_a_port_is_open()
    {
        await using var gone = await KeyHost.StartAsync();
        var closed = gone.Port;
        await gone.DisposeAsync();
        var problems = new List<string?>();

        foreach (var (url, rules, address) in ((string, OutboundRules, string?)[])[
            ($"https://keys.example:{closed}/", Host.Rules with { Ports = [PortRange.All] }, "127.0.0.1"),
            (Host.Url, Host.Rules with { Networks = [] }, "127.0.0.1"),
            (Host.Url, Host.Rules with { Networks = [] }, "10.1.2.3"),
            (Host.Url, Host.Rules, null)])
        {
            await using var node = await Node.StartAsync(Host, rules, address);
            var found = await node.Sources.RefreshAsync(node.Tenant, node.Facts with { Url = url }, CancellationToken.None);
            problems.Add(found.Problem);
            Assert.DoesNotContain(node.Log.All, l => l.Contains("127.0.0.1", StringComparison.Ordinal) || l.Contains("10.1.2.3", StringComparison.Ordinal));
        }

        Assert.Single(problems.Distinct());
        Assert.NotNull(problems[0]);

        foreach (var body in (string[])["""{"keys":"MARK"}""", "MARK", """{"keys":[{"kty":"oct","k":"MARK","kid":"MARK"}]}""", """{"MARK":1}""", """{"keys":[{"kid":1,"MARK":2}]}"""])
        {
            Host.Serve(body);
            Assert.DoesNotContain("MARK", (await _node.Sources.RefreshAsync(_node.Tenant, _node.Facts, CancellationToken.None)).Problem, StringComparison.Ordinal);
        }

        Host.Serve("MARK", "text/MARK", 418);
        Assert.DoesNotContain("MARK", (await _node.Sources.RefreshAsync(_node.Tenant, _node.Facts, CancellationToken.None)).Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(_node.Log.All, l => l.Contains("MARK", StringComparison.Ordinal) || l.Contains("127.0.0.1", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("R", "199")]
    public async Task An_administrators_fetch_obeys_the_same_rules()
    {
        await using var node = await Node.StartAsync(Host, Host.Rules with { Networks = [] });

        foreach (var url in (string[])[Host.Url, $"https://127.0.0.1:{Host.Port}/", $"http://keys.example:{Host.Port}/", $"https://keys.example:{Host.Port + 1}/"])
        {
            var found = await node.Sources.RefreshAsync(node.Tenant, node.Facts with { Url = url }, CancellationToken.None);
            Assert.Null(found.Keys);
            Assert.NotNull(found.Problem);
        }

        Assert.Empty(Host.Connections);
    }

    [Fact]
    [Trait("R", "193")]
    [Trait("R", "199")]
    public async Task Administrators_fetches_join_the_one_in_flight_and_are_not_put_off()
    {
        await _node.FindAsync(_key);
        Host.Answer = async c =>
        {
            await Task.Delay(300);
            await KeyHost.JsonAsync(c, KeyHost.Set(_next));
        };

        var refreshed = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _node.Sources.RefreshAsync(_node.Tenant, _node.Facts, CancellationToken.None)));

        Assert.All(refreshed, r => Assert.Equal(_next.Kid, Assert.Single(r.Keys!).Kid));
        Assert.Equal(2, Host.Requests);
        Assert.Equal((1, null), (_node.State!.Keys.Count, _node.State.Problem));
        Assert.InRange(_node.State.NextRefresh!.Value - _node.State.FetchedAt!.Value, TimeSpan.FromMinutes(7.9), TimeSpan.FromMinutes(12.1));
    }

    private static string Thumbprint(SigningKey key) => VerificationKey.FromJwk(key.PublicJwk, out _)!.Thumbprint;
}

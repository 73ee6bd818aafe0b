using Countersign.Server.Hosting;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.Assertions;

/// <summary>Each assertion is good once: on every node, for every endpoint, whatever happens meanwhile.</summary>
public sealed class ReplayTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("R", "56")]
    public async Task A_second_use_is_refused_wherever_it_comes()
    {
        var signer = await Signer.CreateAsync(_server);
        var assertion = signer.Assertion();
        Assert.Equal(200, (await signer.TokenAsync(assertion)).Status);

        await signer.AssertRefusedAsync(await signer.TokenAsync(assertion), "assertion-unused");
        await signer.AssertRefusedAsync(await signer.PostAsync(_server, "/oauth2/introspect", assertion, ("token", "x")), "assertion-unused");
        await signer.AssertRefusedAsync(await signer.PostAsync(_server, "/oauth2/revoke", assertion, ("token", "x")), "assertion-unused");
        await _server.AssertRefusedAsync(await signer.ByGrantAsync(assertion), 400, "invalid_grant", "assertion-unused");
    }

    [Fact]
    [Trait("R", "56")]
    [Trait("R", "81")]
    public async Task The_jti_counts_and_not_the_signature_and_only_within_the_client()
    {
        var signer = await Signer.CreateAsync(_server);
        var other = await Signer.CreateAsync(_server);
        var jti = Guid.NewGuid().ToString();
        Assert.Equal(200, (await signer.TokenAsync(signer.Assertion(c => c["jti"] = jti))).Status);

        await signer.AssertRefusedAsync(await signer.TokenAsync(signer.Assertion(c => (c["jti"], c["exp"]) = (jti, c["exp"]!.GetValue<long>() + 5))), "assertion-unused");
        Assert.Equal(200, (await other.TokenAsync(other.Assertion(c => c["jti"] = jti))).Status);
    }

    [Fact]
    [Trait("R", "56")]
    [Trait("R", "81")]
    public async Task Without_a_jti_where_that_is_allowed_the_assertion_itself_is_good_once()
    {
        var signer = await Signer.CreateAsync(_server);
        await signer.AdminAsync(HttpMethod.Patch, "", new { assertions = new { require_jti = false } });
        var assertion = signer.Assertion(c => c.Remove("jti"));
        var input = assertion[..assertion.LastIndexOf('.')];
        Assert.Equal(200, (await signer.TokenAsync(assertion)).Status);

        // ECDSA has many signatures of one message: another one of them changes nothing.
        var signature = new byte[64];
        signer.Key.Sign(System.Text.Encoding.ASCII.GetBytes(input), signature);
        var again = $"{input}.{System.Buffers.Text.Base64Url.EncodeToString(signature)}";
        Assert.NotEqual(assertion, again);

        await signer.AssertRefusedAsync(await signer.TokenAsync(again), "assertion-unused");
        Assert.Equal(200, (await signer.TokenAsync(signer.Assertion(c => (c["n"], _) = (1, c.Remove("jti"))))).Status);
    }

    [Fact]
    [Trait("R", "57")]
    [Trait("R", "244")]
    public async Task Of_a_hundred_at_once_on_two_nodes_one_gets_a_token()
    {
        await using var second = await _server.StartSecondNodeAsync();
        var signer = await Signer.CreateAsync(_server);
        Assert.Equal(200, (await signer.PostAsync(second, "/oauth2/token")).Status);

        for (var round = 0; round < 5; round++)
        {
            var assertion = signer.Assertion();

            var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => signer.PostAsync(i % 2 == 0 ? _server : second, "/oauth2/token", assertion)));

            Assert.Single(answers, a => a.Status == 200);
            Assert.All(answers.Where(a => a.Status != 200), a => Assert.True(a.Status is 401 or 429, a.Body));
        }
    }

    [Fact]
    [Trait("R", "244")]
    [Trait("R", "246")]
    public async Task Another_node_knows_what_was_used_here()
    {
        var signer = await Signer.CreateAsync(_server);
        var assertion = signer.Assertion();
        Assert.Equal(200, (await signer.TokenAsync(assertion)).Status);

        // A node that starts now reads what a restart would.
        await using var second = await _server.StartSecondNodeAsync();

        var answer = await signer.PostAsync(second, "/oauth2/token", assertion);
        Assert.Equal((401, "invalid_client"), (answer.Status, answer["error"]));
    }

    [Fact]
    [Trait("R", "94")]
    public async Task What_was_used_is_forgotten_only_when_it_is_refused_by_its_age()
    {
        var signer = await Signer.CreateAsync(_server);
        var assertion = signer.Assertion();
        Assert.Equal(200, (await signer.TokenAsync(assertion)).Status);
        var housekeeping = _server.Services.GetRequiredService<Housekeeping>();

        await _server.ElapseAsync(TimeSpan.FromSeconds(68));
        await housekeeping.RunOnceAsync(CancellationToken.None);
        Assert.Equal(1, await RecordsAsync());
        _server.ForgetAdminToken();
        await signer.AssertRefusedAsync(await signer.TokenAsync(assertion), "assertion-unused");

        await _server.ElapseAsync(TimeSpan.FromMinutes(7));
        await housekeeping.RunOnceAsync(CancellationToken.None);
        Assert.Equal(0, await RecordsAsync());
        _server.ForgetAdminToken();
        await signer.AssertRefusedAsync(await signer.TokenAsync(assertion), "assertion-time");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(24 * 60)]
    [Trait("R", "252")]
    public async Task A_clock_that_is_set_forth_and_back_makes_nothing_good_twice(int minutes)
    {
        var signer = await Signer.CreateAsync(_server);
        var assertion = signer.Assertion();
        Assert.Equal(200, (await signer.TokenAsync(assertion)).Status);
        var housekeeping = _server.Services.GetRequiredService<Housekeeping>();

        _server.Clock.Advance(TimeSpan.FromMinutes(minutes));
        await housekeeping.RunOnceAsync(CancellationToken.None);
        _server.Clock.Advance(TimeSpan.FromMinutes(-minutes));

        await signer.AssertRefusedAsync(await signer.TokenAsync(assertion), "assertion-unused");

        // Its time is over and its record gone; then the clock is set back.
        await _server.ElapseAsync(TimeSpan.FromMinutes(minutes + 10));
        await housekeeping.RunOnceAsync(CancellationToken.None);
        Assert.Equal(0, await RecordsAsync());
        _server.Clock.Advance(TimeSpan.FromMinutes(-minutes - 10));
        _server.ForgetAdminToken();

        await signer.AssertRefusedAsync(await signer.TokenAsync(assertion), "assertion-unused");

        // Nor does a node that starts with the wrong clock.
        await using var second = await _server.StartSecondNodeAsync();
        Assert.Equal(401, (await signer.PostAsync(second, "/oauth2/token", assertion)).Status);
    }

    [Fact]
    [Trait("R", "121")]
    public async Task When_its_use_cannot_be_recorded_the_answer_is_503_and_no_token()
    {
        var signer = await Signer.CreateAsync(_server);
        Assert.Equal(200, (await signer.TokenAsync()).Status);
        var assertion = signer.Assertion();

        await using (await OutageAsync())
        {
            var answer = await signer.TokenAsync(assertion);
            Assert.Equal((503, "temporarily_unavailable"), (answer.Status, answer["error"]));
        }

        for (var i = 0; i < 100 && (await signer.TokenAsync()).Status != 200; i++)
        {
            await Task.Delay(100);
        }

        // Whether the use was recorded after all nobody was told; it is not good twice in either case.
        await signer.TokenAsync(assertion);
        await signer.AssertRefusedAsync(await signer.TokenAsync(assertion), "assertion-unused");
        Assert.Equal(200, (await signer.TokenAsync()).Status);
    }

    // PostgreSQL is away; the SQLite file, which the server holds open, is locked by another program.
    private async Task<IAsyncDisposable> OutageAsync()
    {
        if (TestDatabase.IsPostgres)
        {
            return await DatabaseOutage.BeginAsync(_server.Database);
        }

        var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_server.Database.Setting["sqlite:".Length..]};Pooling=False");
        await other.OpenAsync();
        await using var command = other.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync();

        return other;
    }

    [Fact]
    [Trait("R", "47")]
    [Trait("R", "48")]
    public async Task Failing_assertions_are_slowed_and_a_good_one_never_is()
    {
        var signer = await Signer.CreateAsync(_server);
        using var other = Signer.NewKey(kid: signer.Key.Kid);
        var statuses = new List<int>();

        for (var i = 0; i < 15; i++)
        {
            statuses.Add((await signer.TokenAsync(signer.AssertionWithHeader(signer.Header(), other))).Status);
        }

        Assert.Equal((401, 429), (statuses[0], statuses[^1]));
        Assert.Equal(200, (await signer.TokenAsync()).Status);
        await _server.AssertRefusedAsync(await signer.TokenAsync(signer.AssertionWithHeader(signer.Header(), other)), 429, "temporarily_unavailable", "signature");
    }

    private async Task<int> RecordsAsync()
    {
        await using var db = _server.Services.GetRequiredService<Data.Store>().Open();

        return await db.UsedAssertions.CountAsync();
    }
}

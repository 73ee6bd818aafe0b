using System.Globalization;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class FailureLimiterTests(ServerBehindProxy proxied) : IClassFixture<ServerBehindProxy>
{
    private readonly TestServer _server = proxied.Server;

    [Fact]
    [Trait("R", "47")]
    [Trait("R", "119")]
    public async Task After_ten_failures_in_a_minute_no_further_try_is_answered_right_or_wrong()
    {
        var account = await TestAccount.CreateAsync(_server);
        var address = proxied.NewAddress();

        for (var i = 0; i < 10; i++)
        {
            await _server.AssertRefusedAsync(await TokenFromAsync(address, account, $"wrong {i}"), 401, "invalid_client", "secret-matches");
        }

        var right = await TokenFromAsync(address, account, account.Secret);
        var wrong = await TokenFromAsync(address, account, "wrong");

        foreach (var answer in new[] { right, wrong })
        {
            Assert.Equal(429, answer.Status);
            Assert.InRange(int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 60);
            await _server.AssertRefusedAsync(answer, 429, answer["error"], "failure-limit");
        }
    }

    [Fact]
    [Trait("R", "47")]
    public async Task Ten_failures_count_within_any_minute_and_older_ones_no_more()
    {
        var account = await TestAccount.CreateAsync(_server);
        var address = proxied.NewAddress();

        // Across the end of a fixed window: nine late in it, and the tenth soon after.
        await FailAsync(address, account, 1);
        await _server.ElapseAsync(TimeSpan.FromSeconds(55));
        await FailAsync(address, account, 8);
        await _server.ElapseAsync(TimeSpan.FromSeconds(10));
        await FailAsync(address, account, 1);
        Assert.Equal(200, (await TokenFromAsync(address, account, account.Secret)).Status);
        await FailAsync(address, account, 1);

        Assert.Equal(429, (await TokenFromAsync(address, account, account.Secret)).Status);

        // Nine a minute go on for ever.
        var patient = proxied.NewAddress();

        for (var minute = 0; minute < 5; minute++)
        {
            await FailAsync(patient, account, 9);
            await _server.ElapseAsync(TimeSpan.FromSeconds(61));
        }

        Assert.Equal(200, (await TokenFromAsync(patient, account, account.Secret)).Status);
    }

    [Fact]
    [Trait("R", "47")]
    public async Task The_wait_doubles_up_to_a_quarter_of_an_hour_and_is_forgiven_in_time()
    {
        var account = await TestAccount.CreateAsync(_server);
        var address = proxied.NewAddress();
        var waits = new List<int>();

        for (var round = 0; round < 6; round++)
        {
            await FailAsync(address, account, 10);
            var answer = await TokenFromAsync(address, account, "wrong");
            Assert.Equal(429, answer.Status);
            waits.Add(int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture));
            await _server.ElapseAsync(TimeSpan.FromSeconds(waits[^1] - 5));
            Assert.Equal(429, (await TokenFromAsync(address, account, account.Secret)).Status);
            await _server.ElapseAsync(TimeSpan.FromSeconds(6));
        }

        Assert.Equal([60, 120, 240, 480, 900, 900], waits.Select(w => (int)(Math.Ceiling(w / 60.0) * 60)));
        Assert.Equal(200, (await TokenFromAsync(address, account, account.Secret)).Status);

        await _server.ElapseAsync(TimeSpan.FromHours(1));
        await FailAsync(address, account, 10);
        Assert.InRange(int.Parse((await TokenFromAsync(address, account, "wrong")).Headers["Retry-After"], CultureInfo.InvariantCulture), 50, 60);
        _server.ForgetAdminToken();
    }

    [Theory]
    [InlineData("/oauth2/token")]
    [InlineData("/oauth2/introspect")]
    [InlineData("/oauth2/revoke")]
    [Trait("R", "47")]
    [Trait("R", "49")]
    public async Task Two_hundred_guesses_at_once_get_ten_answers_at_most(string path)
    {
        var account = await TestAccount.CreateAsync(_server);
        var address = proxied.NewAddress();

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => proxied.PostFromAsync(
            address, account.ClientId, i == 150 ? account.Secret : $"wrong {i}", path, ("grant_type", "client_credentials"), ("token", "x"))));

        // The right one may be among the first.
        Assert.InRange(answers.Count(a => a.Status != 429), 10, 11);
        Assert.Equal(10, answers.Count(a => a.Status == 401));
    }

    [Fact]
    [Trait("R", "47")]
    public async Task Slow_hashes_give_guesses_at_once_no_more_answers()
    {
        var account = await TestAccount.CreateAsync(_server);
        await account.ImportAsync(ImportedSecret.Pbkdf2("the right one", rounds: 30_000));
        var address = proxied.NewAddress();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => TokenFromAsync(address, account, $"wrong {i}")));

        Assert.Equal(10, answers.Count(a => a.Status == 401));
        Assert.Equal(90, answers.Count(a => a.Status == 429));
    }

    [Fact]
    [Trait("R", "49")]
    public async Task Failures_at_one_endpoint_count_at_all()
    {
        var account = await TestAccount.CreateAsync(_server);
        var address = proxied.NewAddress();
        string[] paths = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"];

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(401, (await proxied.PostFromAsync(address, account.ClientId, "wrong", paths[i % 3], ("token", "x"), ("grant_type", "client_credentials"))).Status);
        }

        foreach (var path in paths)
        {
            var answer = await proxied.PostFromAsync(address, account.ClientId, account.Secret, path, ("token", "x"), ("grant_type", "client_credentials"));
            Assert.Equal(429, answer.Status);
        }
    }

    [Fact]
    [Trait("R", "49")]
    public async Task The_admin_API_is_limited_too()
    {
        var address = proxied.NewAddress();
        var statuses = new List<int>();

        for (var i = 0; i < 12; i++)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/admin/v1/whoami");
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer wrong{i}");
            statuses.Add((await proxied.SendFromAsync(address, request)).Status);
        }

        Assert.Equal(10, statuses.Count(s => s == 401));
        Assert.Equal(429, statuses[^1]);
    }

    [Fact]
    [Trait("R", "48")]
    public async Task No_number_of_failures_keeps_the_client_out_elsewhere()
    {
        var account = await TestAccount.CreateAsync(_server);

        for (var attacker = 0; attacker < 5; attacker++)
        {
            await FailAsync(proxied.NewAddress(), account, 12);
        }

        Assert.Equal(200, (await TokenFromAsync(proxied.NewAddress(), account, account.Secret)).Status);
        Assert.Equal(200, (await TokenFromAsync("192.0.2.77", account, account.Secret)).Status);
    }

    [Fact]
    [Trait("R", "48")]
    public async Task Other_clients_of_a_locked_address_go_on()
    {
        var guessed = await TestAccount.CreateAsync(_server);
        var neighbour = await TestAccount.CreateAsync(_server);
        var address = proxied.NewAddress();

        await FailAsync(address, guessed, 12);

        Assert.Equal(429, (await TokenFromAsync(address, guessed, guessed.Secret)).Status);
        Assert.Equal(200, (await TokenFromAsync(address, neighbour, neighbour.Secret)).Status);
    }

    [Fact]
    [Trait("R", "47")]
    public async Task All_addresses_of_one_IPv6_network_are_one_source()
    {
        var account = await TestAccount.CreateAsync(_server);

        for (var i = 1; i <= 10; i++)
        {
            await FailAsync($"2001:db8:ffff:1::{i:x}", account, 1);
        }

        Assert.Equal(429, (await TokenFromAsync("2001:db8:ffff:1:abcd::1", account, account.Secret)).Status);
        Assert.Equal(200, (await TokenFromAsync("2001:db8:ffff:2::1", account, account.Secret)).Status);
    }

    [Fact]
    [Trait("R", "38")]
    [Trait("R", "47")]
    public async Task An_unknown_client_is_limited_as_a_known_one()
    {
        var address = proxied.NewAddress();
        var statuses = new List<int>();

        for (var i = 0; i < 12; i++)
        {
            statuses.Add((await proxied.PostFromAsync(address, "nobody", "x", "/oauth2/token", ("grant_type", "client_credentials"))).Status);
        }

        Assert.Equal([.. Enumerable.Repeat(401, 10), 429, 429], statuses);
    }

    private async Task FailAsync(string address, TestAccount account, int times)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Contains((await TokenFromAsync(address, account, "wrong")).Status, (int[])[401, 429]);
        }
    }

    private Task<Answer> TokenFromAsync(string address, TestAccount account, string secret) =>
        proxied.PostFromAsync(address, account.ClientId, secret, "/oauth2/token", ("grant_type", "client_credentials"));
}

using Countersign.Server.Data;
using Countersign.Server.Hosting;
using Countersign.Server.Tests.Framework;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Tests.Admin;

/// <summary>The first administrator of a server that has none.</summary>
public sealed class SetupTests : IAsyncLifetime
{
    private readonly TestClock _clock = new();
    private readonly LogLines _log = new();
    private TestDatabase _database = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _app = await ServerHost.BuildAsync(TestServer.Settings(_database), TestContext.Current.CancellationToken, services =>
        {
            services.AddSingleton<TimeProvider>(_clock);
            services.AddLogging(logging => logging.ClearProviders().AddProvider(_log));
        });
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync(TestContext.Current.CancellationToken);
        await _app.DisposeAsync();
        _database.Dispose();
    }

    [Fact]
    [Trait("R", "225")]
    public async Task Nobody_is_there_from_the_start()
    {
        await using var db = Db();
        Assert.Empty(await db.ServiceAccounts.ToListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await db.ClientSecrets.ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal(401, (await SetUpAsync("cs_setup_" + new string('0', 49))).Status);
        Assert.Equal(401, (await SetUpAsync("")).Status);
        Assert.Equal(400, (await PostAsync("""{}""")).Status);
        Assert.Equal(400, (await PostAsync("""{"setup_token":null}""")).Status);
        Assert.Equal(400, (await PostAsync("""{"setup_token":"x","role":"super-admin"}""")).Status);
    }

    [Fact]
    [Trait("R", "225")]
    public async Task The_token_makes_one_super_admin_and_is_dead_then()
    {
        var token = await OfferAsync();

        var made = await SetUpAsync(token);

        Assert.Equal((201, "no-store"), (made.Status, made.Headers["Cache-Control"]));
        Assert.Equal(["client_id", "client_secret"], made.Json.EnumerateObject().Select(m => m.Name));
        var me = await AdministratorAsync(made, "/whoami");
        Assert.Equal("""["tenant"]""", me.Json.GetProperty("reach").GetRawText());

        var again = await SetUpAsync(token);
        Assert.Equal((401, "application/problem+json", "no-store"), (again.Status, again.Headers["Content-Type"], again.Headers["Cache-Control"]));

        // What happened is on record: who came from where, and who was turned away.
        var created = Assert.Single((await AdministratorAsync(made, "/audit-events?kind=administrator.created")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal(("success", "127.0.0.1", "POST /admin/v1/setup"), (Text(created, "outcome"), Text(created, "source"), Text(created, "method")));
        Assert.Equal(Text(me.Json, "account"), Text(created, "target"));
        var refused = (await AdministratorAsync(made, "/audit-events?kind=setup")).Json.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(("refused", "there is an administrator already"), (Text(refused[0], "outcome"), Text(refused[0], "detail")));
        Assert.DoesNotContain(_log.All, line => line.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("R", "223")]
    [Trait("R", "225")]
    public async Task Used_in_parallel_it_makes_one_administrator()
    {
        var token = await OfferAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => SetUpAsync(token)));

        Assert.Single(answers, a => a.Status == 201);
        Assert.All(answers.Where(a => a.Status != 201), a => Assert.True(a.Status is 401 or 409, $"{a.Status}"));
        await using var db = Db();
        Assert.Single(await db.ServiceAccounts.ToListAsync(TestContext.Current.CancellationToken));
        Assert.Single(await db.RoleAssignments.ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("R", "225")]
    public async Task It_is_dead_after_an_hour()
    {
        var token = await OfferAsync();
        _clock.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(401, (await SetUpAsync(token)).Status);

        // A restart offers a new one, while there is no administrator, and the last alone counts.
        var second = await OfferAsync();
        var third = await OfferAsync();
        Assert.Equal(401, (await SetUpAsync(second)).Status);
        Assert.Equal(201, (await SetUpAsync(third)).Status);
        Assert.Null(await _app.Services.GetRequiredService<Bootstrap>().OfferSetupAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("R", "225")]
    public async Task Two_nodes_that_offered_at_once_still_get_one_administrator()
    {
        var (first, second) = (await OfferAsync(), await OfferAsync(beside: true));

        var made = await SetUpAsync(first);
        Assert.Equal((201, 401), (made.Status, (await SetUpAsync(second)).Status));

        await using var db = Db();
        Assert.Single(await db.RoleAssignments.ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("R", "225")]
    public async Task An_administrator_that_came_by_another_way_closes_it()
    {
        var token = await OfferAsync();
        var file = Path.GetTempFileName();
        await _app.Services.GetRequiredService<DemoTenant>().EnsureAsync(file, TestServer.Issuer, TestContext.Current.CancellationToken);
        File.Delete(file);

        Assert.Equal(401, (await SetUpAsync(token)).Status);
    }

    [Fact]
    [Trait("R", "225")]
    public async Task Guessing_is_slowed_down()
    {
        var token = await OfferAsync();

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(401, (await SetUpAsync($"guess {i}")).Status);
        }

        var locked = await SetUpAsync("guess 11");
        Assert.Equal(429, locked.Status);
        Assert.InRange(int.Parse(locked.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        Assert.Equal(429, (await SetUpAsync(token)).Status);
        _clock.Elapse(TimeSpan.FromSeconds(61));
        Assert.Equal(201, (await SetUpAsync(token)).Status);
    }

    /// <param name="beside">As if two nodes had each made one before either saw the other's.</param>
    private async Task<string> OfferAsync(bool beside = false)
    {
        await using var db = Db();
        var before = beside ? await db.SetupTokens.AsNoTracking().SingleAsync(TestContext.Current.CancellationToken) : null;
        var token = (await _app.Services.GetRequiredService<Bootstrap>().OfferSetupAsync(TestContext.Current.CancellationToken))!.Reveal();

        if (before is not null)
        {
            await _app.Services.GetRequiredService<Store>().RecordAsync(
                async d =>
                {
                    d.SetupTokens.Add(before);
                    await d.SaveChangesAsync();
                },
                TestContext.Current.CancellationToken);
        }

        return token;
    }

    private Task<Answer> SetUpAsync(string token) => PostAsync(System.Text.Json.JsonSerializer.Serialize(new { setup_token = token }));

    private async Task<Answer> PostAsync(string json)
    {
        using var response = await _http.PostAsync("/admin/v1/setup", new StringContent(json, System.Text.Encoding.UTF8, "application/json"));

        return await Answer.ReadAsync(response);
    }

    private async Task<Answer> AdministratorAsync(Answer made, string path)
    {
        var request = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"));
        request.Headers.Authorization = TestServer.Basic(made["client_id"], made["client_secret"]);
        using var token = await _http.SendAsync(request);
        var get = new HttpRequestMessage(HttpMethod.Get, $"/admin/v1{path}");
        get.Headers.Authorization = new("Bearer", (await Answer.ReadAsync(token))["access_token"]);
        using var response = await _http.SendAsync(get);
        var answer = await Answer.ReadAsync(response);
        Assert.Equal(200, answer.Status);

        return answer;
    }

    private Db Db() => _app.Services.GetRequiredService<IDbContextFactory<Db>>().CreateDbContext();

    private static string? Text(System.Text.Json.JsonElement element, string member) => element.GetProperty(member).GetString();
}

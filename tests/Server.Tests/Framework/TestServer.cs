using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Countersign.Server.Data;
using Countersign.Server.Hosting;
using Countersign.Server.Jwks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Tests.Framework;

/// <summary>The whole server over HTTP, on a database and a clock of its own, filled with the demo tenant.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Issuer = "https://as.example";

    private readonly WebApplication _app;
    private readonly TestDatabase _database;
    private readonly bool _ownsDatabase;
    private readonly string _demoFile;
    private string? _adminToken;

    private TestServer(WebApplication app, TestDatabase database, bool ownsDatabase, TestClock clock, LogLines log, string demoFile, DemoFile demo)
    {
        (_app, _database, _ownsDatabase, Clock, Log, _demoFile, Demo) = (app, database, ownsDatabase, clock, log, demoFile, demo);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public TestClock Clock { get; }

    /// <summary>What the server logged, line by line.</summary>
    public LogLines Log { get; }

    public DemoFile Demo { get; }

    /// <summary>Talks to the server; adds nothing by itself.</summary>
    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public TestDatabase Database => _database;

    public static ServerSettings Settings(TestDatabase database) => new()
    {
        Database = database.Setting,
        PublicUrl = new Uri(Issuer),
        Listen = [new Uri("http://127.0.0.1:0")],
        Hosts = ["127.0.0.1"],
        MasterKey = TestDatabase.MasterKey,
        LogLevel = "warning",
    };

    public static Task<TestServer> StartAsync(Func<ServerSettings, ServerSettings>? change = null) => StartOnCopyAsync(change, null);

    /// <summary>On a database that the caller keeps.</summary>
    public static Task<TestServer> StartAsync(Func<ServerSettings, ServerSettings> change, TestDatabase database) =>
        StartAsync(database, false, new TestClock(), Path.GetTempFileName(), change, null);

    /// <summary>With parts of the server added to, for tests that look inside.</summary>
    public static Task<TestServer> StartAsync(Action<IServiceCollection> services) => StartOnCopyAsync(null, services);

    private static async Task<TestServer> StartOnCopyAsync(Func<ServerSettings, ServerSettings>? change, Action<IServiceCollection>? more)
    {
        var database = await TestDatabase.CreateAsync();

        return await StartAsync(database, true, new TestClock(), Path.GetTempFileName(), change, more);
    }

    /// <summary>Another process over the same database, in this one.</summary>
    public Task<TestServer> StartSecondNodeAsync() => StartAsync(_database, false, Clock, _demoFile, null, null);

    /// <summary>Sends a form to an OAuth endpoint.</summary>
    public async Task<Answer> PostAsync(string path, params (string Name, string Value)[] form) => await SendAsync(Form(path, form));

    /// <summary>Sends a form with Basic credentials.</summary>
    public async Task<Answer> PostAsAsync(string clientId, string secret, string path, params (string Name, string Value)[] form)
    {
        var request = Form(path, form);
        request.Headers.Authorization = Basic(clientId, secret);

        return await SendAsync(request);
    }

    /// <summary>A token request of the demo account by Basic.</summary>
    public Task<Answer> TokenAsync(params (string Name, string Value)[] more) =>
        PostAsAsync(Demo.ServiceAccount.ClientId, Demo.ServiceAccount.ClientSecret, "/oauth2/token", [("grant_type", "client_credentials"), .. more]);

    public async Task<string> AccessTokenAsync(params (string Name, string Value)[] more)
    {
        var answer = await TokenAsync(more);
        Assert.Equal(200, answer.Status);

        return answer.Json.GetProperty("access_token").GetString()!;
    }

    /// <summary>The demo account asks as the demo API.</summary>
    public Task<Answer> IntrospectAsync(string token) =>
        PostAsAsync(Demo.ServiceAccount.ClientId, Demo.ServiceAccount.ClientSecret, "/oauth2/introspect", ("token", token));

    /// <summary>Calls the admin API as the demo administrator.</summary>
    public async Task<Answer> AdminAsync(HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers) =>
        await AdminAsAsync(_adminToken ??= await AdminTokenAsync(Demo.Admin.ClientId, Demo.Admin.ClientSecret), method, path, body, headers);

    public async Task<Answer> AdminAsAsync(
        string token, HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, $"/admin/v1{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);

        if (body is string text)
        {
            request.Content = new StringContent(text, Encoding.UTF8, "application/json");
        }
        else if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await SendAsync(request);
    }

    public async Task<string> AdminTokenAsync(string clientId, string secret)
    {
        var answer = await PostAsAsync(clientId, secret, "/oauth2/token", ("grant_type", "client_credentials"));
        Assert.Equal(200, answer.Status);

        return answer.Json.GetProperty("access_token").GetString()!;
    }

    /// <summary>Lets time pass for everything, and the server look at its changes again, as it would have meanwhile.</summary>
    public async Task ElapseAsync(TimeSpan by)
    {
        var feed = Services.GetRequiredService<ChangeFeed>();
        Clock.Elapse(by);

        while (feed.Behind > TimeSpan.FromSeconds(30))
        {
            await feed.CatchUpAsync(CancellationToken.None);
        }
    }

    /// <summary>Drops the kept admin token, for tests that move the clock.</summary>
    public void ForgetAdminToken() => _adminToken = null;

    /// <summary>The private reason of a refusal, by the trace id in its description.</summary>
    public async Task<JsonElement> ExplainAsync(Answer refusal)
    {
        var answer = await AdminAsync(HttpMethod.Get, $"/explanations/{refusal.Trace}");
        Assert.Equal(200, answer.Status);

        return answer.Json;
    }

    /// <summary>Asserts both halves of a refusal: what the caller read, and which check the operator reads of.</summary>
    public async Task AssertRefusedAsync(Answer answer, int status, string error, string check)
    {
        Assert.Equal((status, error), (answer.Status, answer.Json.GetProperty("error").GetString()));
        var explanation = await ExplainAsync(answer);
        var failed = Assert.Single(explanation.GetProperty("checks").EnumerateArray(), c => !c.GetProperty("passed").GetBoolean());
        Assert.Equal(check, failed.GetProperty("check").GetString());
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request);

        return await Answer.ReadAsync(response);
    }

    public static HttpRequestMessage Form(string path, params (string Name, string Value)[] form) => new(HttpMethod.Post, path)
    {
        Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value))),
    };

    /// <summary>Both halves form-encoded, as RFC 6749 §2.3.1 wants.</summary>
    public static AuthenticationHeaderValue Basic(string clientId, string secret) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{WebUtility.UrlEncode(clientId)}:{WebUtility.UrlEncode(secret)}")));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();

        if (_ownsDatabase)
        {
            _database.Dispose();
            File.Delete(_demoFile);
        }
    }

    private static async Task<TestServer> StartAsync(
        TestDatabase database, bool ownsDatabase, TestClock clock, string demoFile, Func<ServerSettings, ServerSettings>? change, Action<IServiceCollection>? more)
    {
        var settings = Settings(database);
        var log = new LogLines();
        var app = await ServerHost.BuildAsync(change?.Invoke(settings) ?? settings, CancellationToken.None, services =>
        {
            services.AddSingleton<TimeProvider>(clock);

            // No name leads out of the test; one that needs a host brings its own resolver.
            services.AddSingleton<ResolveHost>((_, _) => Task.FromException<IPAddress[]>(new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound)));
            services.AddLogging(logging => logging.ClearProviders().AddProvider(log));
            more?.Invoke(services);
        });
        var demo = await app.Services.GetRequiredService<DemoTenant>().EnsureAsync(demoFile, Issuer, CancellationToken.None);
        await app.StartAsync();

        return new TestServer(app, database, ownsDatabase, clock, log, demoFile, demo);
    }
}

using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Countersign.Server.Data;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests;

public sealed class ErrorAnswerTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("/oauth2/token", "grant_type=x", 401)]
    [InlineData("/oauth2/token", "grant_type=%22%3Csvg%3E%5C", 401)]
    [InlineData("/oauth2/token", "client_id=a&client_secret=b&grant_type=client_credentials&scope=%22%5C%3Cb%3E", 400)]
    [InlineData("/oauth2/token", "client_id=a&client_secret=b&grant_type=client_credentials&resource=%22%3Cb%3E", 400)]
    [InlineData("/oauth2/token", "%22%3Csvg%3E=1&%22%3Csvg%3E=1", 400)]
    [InlineData("/oauth2/token", "", 400)]
    [InlineData("/oauth2/token", "%0d%0aSet-Cookie:a=b", 400)]
    [InlineData("/oauth2/introspect", "token=%3Csvg%3E", 401)]
    [InlineData("/oauth2/revoke", "token=%3Csvg%3E&client_id=%22%3Csvg%3E&client_secret=%22", 401)]
    [InlineData("/oauth2/<svg>", "", 404)]
    [Trait("R", "118")]
    [Trait("R", "119")]
    public async Task An_error_is_JSON_in_few_characters_and_echoes_nothing(string path, string body, int status)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = new("application/x-www-form-urlencoded");

        var answer = await _server.SendAsync(request);

        Assert.Equal(status, answer.Status);
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.Equal(["error", "error_description"], answer.Json.EnumerateObject().Select(m => m.Name));
        Assert.Matches("^[a-z_]+$", answer["error"]);
        Assert.Matches(@"^[\x20\x21\x23-\x5B\x5D-\x7E]+$", answer["error_description"]);

        if (status != 404)
        {
            Assert.Matches(@" \(trace [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)$", answer["error_description"]);
        }

        Assert.DoesNotContain("svg", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Set-Cookie", answer.Headers.Keys);
    }

    [Fact]
    [Trait("R", "118")]
    public async Task A_refused_secret_is_in_no_answer_log_or_explanation()
    {
        const string Secret = "a-secret-that-nobody-may-read-again";
        var answers = new List<Answer>
        {
            await _server.PostAsAsync(_server.Demo.ServiceAccount.ClientId, Secret, "/oauth2/token", ("grant_type", "client_credentials")),
            await _server.PostAsAsync(_server.Demo.ServiceAccount.ClientId, Secret, "/oauth2/token", ("grant_type", Secret)),
            await _server.PostAsync("/oauth2/token", ("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", Secret)),
            await _server.PostAsync("/oauth2/introspect", ("client_id", "x"), ("client_secret", Secret), ("token", Secret)),
            await _server.PostAsync($"/oauth2/revoke?token={Secret}", ("token", Secret)),
            await _server.TokenAsync(("client_secret", Secret)),
            await _server.TokenAsync((Secret, "x"), (Secret, "y")),
        };

        foreach (var answer in answers)
        {
            Assert.InRange(answer.Status, 400, 401);
            Assert.DoesNotContain(Secret, answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, (await _server.ExplainAsync(answer)).ToString(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(_server.Log.All, line => line.Contains(Secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/oauth2/token")]
    [InlineData("/oauth2/introspect")]
    [InlineData("/oauth2/revoke")]
    [InlineData("/admin/v1/service-accounts")]
    [Trait("R", "119")]
    [Trait("R", "120")]
    public async Task An_unexpected_fault_tells_a_trace_id_and_the_server_goes_on(string path)
    {
        var fault = new Fault();
        await using var server = await TestServer.StartAsync(services => services.ConfigureDbContext<Db>(o => o.AddInterceptors(fault)));
        var account = await TestAccount.CreateAsync(server);
        var admin = await server.AdminTokenAsync(server.Demo.Admin.ClientId, server.Demo.Admin.ClientSecret);

        fault.Set = true;
        var answer = path.StartsWith("/admin", StringComparison.Ordinal)
            ? await server.AdminAsAsync(admin, HttpMethod.Get, "/service-accounts")
            : await server.PostAsAsync(account.ClientId, account.Secret, path, ("grant_type", "client_credentials"), ("token", "x"));
        fault.Set = false;

        Assert.Equal(500, answer.Status);
        Assert.DoesNotContain(Fault.Text, answer.Body, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"Exception|SELECT|\bat |/etc/|\.cs", answer.Body);
        Assert.True(Guid.TryParse(answer.Trace, out _));
        var line = Assert.Single(server.Log.All, l => l.Contains(answer.Trace, StringComparison.Ordinal));
        Assert.Contains(nameof(FormatException), line, StringComparison.Ordinal);
        Assert.DoesNotContain(Fault.Text, line, StringComparison.Ordinal);
        Assert.Equal(200, (await account.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "119")]
    [Trait("R", "121")]
    [Trait("R", "254")]
    public async Task With_the_database_away_nothing_is_issued_that_would_need_it_and_nothing_read_active()
    {
        await using var server = await TestServer.StartAsync();
        var token = await server.AccessTokenAsync();
        var demo = server.Demo.ServiceAccount;

        // So that the helper holds its token.
        Assert.Equal(200, (await server.AdminAsync(HttpMethod.Get, "/whoami")).Status);

        // It has seen no account yet.
        await using var cold = await server.StartSecondNodeAsync();

        await using (await DatabaseOutage.BeginAsync(server.Database))
        {
            await AssertUnavailableAsync(await cold.TokenAsync());
            await AssertUnavailableAsync(await cold.IntrospectAsync(token));
            await AssertUnavailableAsync(await cold.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/revoke", ("token", token)));

            // What needs no read goes on for some minutes; what must be written does not.
            Assert.Equal(200, (await server.TokenAsync()).Status);
            Assert.Equal("True", (await server.IntrospectAsync(token))["active"]);
            await AssertUnavailableAsync(await server.PostAsAsync(demo.ClientId, demo.ClientSecret, "/oauth2/revoke", ("token", token)));
            Assert.Equal(200, (await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/oauth2/jwks"))).Status);
            Assert.Equal(200, (await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/.well-known/oauth-authorization-server"))).Status);

            server.Clock.Elapse(TimeSpan.FromMinutes(6));

            await AssertUnavailableAsync(await server.TokenAsync());
            await AssertUnavailableAsync(await server.IntrospectAsync(token));
            Assert.Equal(503, (await server.AdminAsync(HttpMethod.Get, "/whoami")).Status);
            Assert.Equal(200, (await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/oauth2/jwks"))).Status);
        }

        var patience = DateTime.UtcNow.AddSeconds(20);

        while ((await server.TokenAsync()).Status != 200 || (await cold.TokenAsync()).Status != 200)
        {
            Assert.True(DateTime.UtcNow < patience, "the database is back, and the server does not see it");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal("True", (await cold.IntrospectAsync(token))["active"]);
    }

    [Fact]
    [Trait("R", "254")]
    public async Task A_hash_that_cannot_be_upgraded_now_keeps_nobody_out()
    {
        const string Secret = "n3Vq8Zr2Kx7Lw5Tb9Yc4Hd6P";
        var fault = new Fault { Statement = "UPDATE", Thrown = () => new TimeoutException(Fault.Text) };
        await using var server = await TestServer.StartAsync(services => services.ConfigureDbContext<Db>(o => o.AddInterceptors(fault)));
        var account = await TestAccount.CreateAsync(server);
        await account.ImportAsync(ImportedSecret.Pbkdf2(Secret));

        fault.Set = true;
        var answer = await account.TokenByAsync(Secret);
        fault.Set = false;

        Assert.Equal(200, answer.Status);
        Assert.Equal(200, (await account.TokenByAsync(Secret)).Status);
    }

    private static Task AssertUnavailableAsync(Answer answer)
    {
        Assert.Equal((503, "temporarily_unavailable"), (answer.Status, answer["error"]));
        Assert.InRange(int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 60);
        Assert.DoesNotMatch("active|access_token|qlite|Npgsql|SELECT|Exception", answer.Body);
        Assert.Equal(JsonValueKind.Object, answer.Json.ValueKind);

        return Task.CompletedTask;
    }

    /// <summary>Fails reads of accounts while it is set; the change feed goes on.</summary>
    private sealed class Fault : DbCommandInterceptor
    {
        public const string Text = "private text of a library";

        public bool Set { get; set; }

        public string Statement { get; init; } = "service_accounts";

        public Func<Exception> Thrown { get; init; } = () => new FormatException(Text);

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken ct = default) =>
            Set && command.CommandText.Contains(Statement, StringComparison.Ordinal) ? throw Thrown() : new(result);
    }
}

using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Countersign.Resilience.Tests;

/// <summary>Two processes on one PostgreSQL: an assertion is good once on both together, also when both are killed.</summary>
public sealed class ReplayTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("R", "57")]
    [Trait("R", "244")]
    [Trait("R", "246")]
    [Trait("R", "253")]
    [Trait("Speed", "slow")]
    public async Task Of_a_hundred_parallel_uses_at_two_processes_one_wins_and_after_a_kill_none()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("COUNTERSIGN_TEST_POSTGRES") is null, "needs PostgreSQL: ./test starts one");
        await using var database = await PostgresDatabase.CreateAsync(Ct);
        var folder = Directory.CreateTempSubdirectory("countersign-replay-").FullName;
        Uri[] addresses = [FreeAddress(), FreeAddress()];
        var settings = new Dictionary<string, string>
        {
            ["DATABASE"] = database.Setting,
            ["PUBLIC_URL"] = addresses[0].GetLeftPart(UriPartial.Authority),
            ["MASTER_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["SETUP_TOKEN_FILE"] = Path.Combine(folder, "setup-token"),
        };

        try
        {
            await using var left = CountersignProcess.Serve(addresses[0], settings);
            await using var right = CountersignProcess.Serve(addresses[1], settings);
            CountersignProcess[] nodes = [left, right];
            await Task.WhenAll(nodes.Select(node => node.ReadyAsync(Patience, Ct)));
            var signer = await SignerAsync(nodes[0], settings);
            var used = new ConcurrentBag<string>();

            for (var round = 0; round < 5; round++)
            {
                var assertion = signer.Assertion();
                var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => signer.PostAsync(addresses[i % 2], assertion)));
                Assert.Equal(1, answers.Count(status => status == HttpStatusCode.OK));
                Assert.All(answers, status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests, $"{status}"));
                used.Add(assertion);
            }

            // Both die in the middle of this.
            using var stop = new CancellationTokenSource();
            var load = Task.WhenAll(Enumerable.Range(0, 8).Select(i => UseUntilDeadAsync(signer, addresses[i % 2], used, stop.Token)));
            await Task.Delay(TimeSpan.FromSeconds(2), Ct);
            await Task.WhenAll(nodes.Select(n => n.KillAsync(Ct)));
            await stop.CancelAsync();
            await load;
            output.WriteLine($"{used.Count} assertions were used before both processes were killed");
            Assert.True(used.Count > 50);

            await using var first = CountersignProcess.Serve(addresses[0], settings);
            await using var second = CountersignProcess.Serve(addresses[1], settings);
            await Task.WhenAll(first.ReadyAsync(Patience, Ct), second.ReadyAsync(Patience, Ct));
            var refused = await Task.WhenAll(used.Select((assertion, i) => signer.PostAsync(addresses[i % 2], assertion)));
            Assert.DoesNotContain(HttpStatusCode.OK, refused);

            // A new one is good on both, so it was not the servers that were at a loss.
            Assert.Equal(HttpStatusCode.OK, await signer.PostAsync(addresses[0], signer.Assertion()));
            Assert.Equal(HttpStatusCode.OK, await signer.PostAsync(addresses[1], signer.Assertion()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task UseUntilDeadAsync(Signer signer, Uri address, ConcurrentBag<string> used, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var assertion = signer.Assertion();

            try
            {
                if (await signer.PostAsync(address, assertion) == HttpStatusCode.OK)
                {
                    used.Add(assertion);
                }
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }

    private static async Task<Signer> SignerAsync(CountersignProcess node, Dictionary<string, string> settings)
    {
        var setup = (await File.ReadAllTextAsync(settings["SETUP_TOKEN_FILE"], Ct)).Trim();
        using var http = new HttpClient { BaseAddress = node.Address };
        var admin = await SendAsync(http, "/admin/v1/setup", new { setup_token = setup });
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{admin.GetProperty("client_id").GetString()}:{admin.GetProperty("client_secret").GetString()}"));
        using var ask = new HttpRequestMessage(HttpMethod.Post, "/oauth2/token")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Basic", basic) },
            Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]),
        };
        using var token = await http.SendAsync(ask, Ct);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", (await token.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("access_token").GetString());

        await SendAsync(http, "/admin/v1/apis", new { identifier = "https://api.example", name = "API", scopes = new[] { new { name = "read" } } });
        var account = (await SendAsync(http, "/admin/v1/service-accounts", new { name = "signer" })).GetProperty("id").GetString()!;
        var signer = new Signer(account, settings["PUBLIC_URL"]);
        await SendAsync(http, $"/admin/v1/service-accounts/{account}/keys", new { pem = signer.PublicPem, kid = Signer.Kid });
        await SendAsync(http, $"/admin/v1/service-accounts/{account}/grants", new { api = "https://api.example", scopes = new[] { "read" }, default_scopes = new[] { "read" } });

        return signer;
    }

    private static async Task<JsonElement> SendAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));

        return await answer.Content.ReadFromJsonAsync<JsonElement>(Ct);
    }

    private static Uri FreeAddress()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    private sealed class Signer(string clientId, string issuer)
    {
        public const string Kid = "replay";

        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };

        public string PublicPem => _key.ExportSubjectPublicKeyInfoPem();

        public string Assertion()
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var claims = $$"""{"iss":"{{clientId}}","sub":"{{clientId}}","aud":"{{issuer}}","iat":{{now}},"exp":{{now + 500}},"jti":"{{Guid.NewGuid()}}"}""";
            var input = $"{Encoded($$"""{"alg":"ES256","kid":"{{Kid}}"}""")}.{Encoded(claims)}";

            lock (_key)
            {
                return $"{input}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
            }
        }

        public async Task<HttpStatusCode> PostAsync(Uri address, string assertion)
        {
            using var answer = await _http.PostAsync(
                new Uri(address, "/oauth2/token"),
                new FormUrlEncodedContent(
                [
                    new("grant_type", "client_credentials"),
                    new("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                    new("client_assertion", assertion),
                ]),
                Ct);

            return answer.StatusCode;
        }

        private static string Encoded(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
    }

    private sealed class PostgresDatabase(string server, string name) : IAsyncDisposable
    {
        public string Setting => $"postgres:{server};Database={name}";

        public static async Task<PostgresDatabase> CreateAsync(CancellationToken ct)
        {
            var made = new PostgresDatabase(Environment.GetEnvironmentVariable("COUNTERSIGN_TEST_POSTGRES")!, $"replay_{Guid.NewGuid():n}");
            await made.ExecuteAsync($"CREATE DATABASE {made.Name}", ct);

            return made;
        }

        private string Name => name;

        public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)", CancellationToken.None);

        private async Task ExecuteAsync(string sql, CancellationToken ct)
        {
            await using var connection = new NpgsqlConnection($"{server};Database=postgres;Pooling=False");
            await connection.OpenAsync(ct);
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(ct);
        }
    }
}

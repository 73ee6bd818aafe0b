using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Framework;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Tests.Jwks;

public sealed class OutboundFetchTests : IAsyncLifetime
{
    private KeyHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await KeyHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/jwk-set+json")]
    [InlineData("Application/JSON; charset=utf-8")]
    [InlineData("application/vnd.keys+json")]
    [Trait("R", "190")]
    public async Task A_document_of_a_JSON_type_is_taken(string type)
    {
        _host.Serve("""{"keys":[]}""", type);

        var fetched = await FetchAsync();

        Assert.Equal((null, """{"keys":[]}"""), (fetched.Failure, Encoding.UTF8.GetString(fetched.Body!)));
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/plain")]
    [InlineData("text/json")]
    [InlineData("application/xml")]
    [InlineData("application/jsonp")]
    [InlineData("application/octet-stream")]
    [InlineData("image/svg+json")]
    [InlineData("application/x, application/json")]
    [InlineData("")]
    [InlineData(null)]
    [Trait("R", "190")]
    public async Task A_document_of_another_type_is_not(string? type)
    {
        _host.Serve("""{"keys":[]}""", type!);

        await AssertFailsAsync(FetchFailure.NotJson);
    }

    [Theory]
    [InlineData(201)]
    [InlineData(203)]
    [InlineData(206)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(407)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [Trait("R", "190")]
    public async Task Only_status_200_is_taken(int status)
    {
        _host.Serve("""{"keys":[]}""", status: status);

        await AssertFailsAsync(FetchFailure.Status(status));
    }

    [Theory]
    [InlineData(300)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    [Trait("R", "187")]
    public async Task A_redirect_is_not_followed(int status)
    {
        await using var other = await KeyHost.StartAsync();
        _host.Answer = c =>
        {
            c.Response.Headers.Location = c.Request.Path == "/jwks.json" && status % 2 == 0 ? "/elsewhere.json" : other.Url;

            return KeyHost.JsonAsync(c, """{"keys":[]}""", status: status);
        };

        await AssertFailsAsync(FetchFailure.Redirected, _host.Rules with { Ports = [PortRange.All] });

        Assert.Equal((1, 0), (_host.Requests, other.Requests));
    }

    [Fact]
    [Trait("R", "188")]
    public async Task The_host_sees_these_request_headers_and_no_others()
    {
        // A trace of the request that caused the fetch would be told to a stranger.
        using var activity = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).AddBaggage("tenant", "secret").Start();
        _host.Answer = c =>
        {
            c.Response.Headers.SetCookie = "session=1; Path=/";

            return KeyHost.JsonAsync(c, "{}");
        };

        await FetchAsync($"{_host.Url}?tenant=a");
        await FetchAsync($"{_host.Url}?tenant=a");

        Assert.Equal(2, _host.Heads.Count);
        Assert.All(_host.Heads, head => Assert.Equal(
            [
                "Accept-Encoding: identity",
                "Accept: application/jwk-set+json, application/json",
                "Connection: close",
                "GET /jwks.json?tenant=a",
                $"Host: keys.example:{_host.Port}",
                "User-Agent: countersign",
            ],
            head.Order(StringComparer.Ordinal)));
    }

    [Fact]
    [Trait("R", "188")]
    public async Task No_password_is_sent_to_a_host_that_asks_for_one()
    {
        _host.Answer = c =>
        {
            c.Response.Headers.WWWAuthenticate = new[] { "Negotiate", "NTLM", "Basic realm=x" };

            return KeyHost.JsonAsync(c, "{}", status: 401);
        };

        await AssertFailsAsync(FetchFailure.Status(401));

        Assert.Equal(1, _host.Requests);
    }

    [Theory]
    [InlineData(OutboundFetch.MaxBody, false, true)]
    [InlineData(OutboundFetch.MaxBody, true, true)]
    [InlineData(OutboundFetch.MaxBody + 1, false, false)]
    [InlineData(OutboundFetch.MaxBody + 1, true, false)]
    [InlineData(50 * 1024 * 1024, false, false)]
    [Trait("R", "189")]
    public async Task A_document_of_256_KiB_is_taken_and_a_larger_one_is_not(int length, bool chunked, bool taken)
    {
        _host.Answer = async c =>
        {
            c.Response.ContentType = "application/json";
            c.Response.ContentLength = chunked ? null : length;
            var block = new byte[64 * 1024];

            for (var left = length; left > 0; left -= block.Length)
            {
                await c.Response.Body.WriteAsync(block.AsMemory(0, Math.Min(left, block.Length)));
            }
        };

        var fetched = await FetchAsync();

        Assert.Equal(taken ? null : FetchFailure.TooLarge, fetched.Failure);
        Assert.Equal(taken ? length : null, fetched.Body?.Length);
    }

    [Fact]
    [Trait("R", "189")]
    public async Task A_document_that_was_compressed_unasked_is_refused()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[30 * 1024 * 1024]);
        }

        _host.Answer = async c =>
        {
            c.Response.ContentType = "application/json";
            c.Response.Headers.ContentEncoding = "gzip";
            await c.Response.Body.WriteAsync(packed.ToArray());
        };

        await AssertFailsAsync(FetchFailure.Encoded);
    }

    [Fact]
    [Trait("R", "189")]
    [Trait("Speed", "slow")]
    public async Task A_host_that_hangs_drips_or_never_ends_is_cut_off_at_five_seconds()
    {
        var fetches = new List<Task<TimeSpan>>();
        Func<HttpContext, Task>[] answers =
        [
            c => Task.Delay(Timeout.Infinite, c.RequestAborted),
            async c =>
            {
                c.Response.ContentType = "application/json";

                while (true)
                {
                    await c.Response.WriteAsync(" ", c.RequestAborted);
                    await Task.Delay(100, c.RequestAborted);
                }
            },
        ];

        foreach (var answer in answers)
        {
            fetches.Add(TimedAsync(answer));
        }

        fetches.Add(DripHeadAsync());

        Assert.All(await Task.WhenAll(fetches), time => Assert.InRange(time.TotalSeconds, 4.5, 10));

        async Task<TimeSpan> TimedAsync(Func<HttpContext, Task> answer)
        {
            await using var host = await KeyHost.StartAsync();
            host.Answer = answer;
            var began = Stopwatch.GetTimestamp();
            var fetched = await Fetch(host.Rules).GetAsync(host.Url, KeyHost.Authority.Pem, CancellationToken.None);

            Assert.Equal(FetchFailure.TimedOut, fetched.Failure);

            return Stopwatch.GetElapsedTime(began);
        }

        // Interim answers without end (RFC 9110 §15.2), and the head of the real one never.
        async Task<TimeSpan> DripHeadAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var began = Stopwatch.GetTimestamp();
            var fetch = Fetch(_host.Rules with { Ports = [PortRange.All], Http = true })
                .GetAsync($"http://keys.example:{((IPEndPoint)listener.LocalEndpoint).Port}/", null, CancellationToken.None);
            using var client = await listener.AcceptTcpClientAsync();

            while (!fetch.IsCompleted)
            {
                await client.GetStream().WriteAsync("HTTP/1.1 103 Early Hints\r\n\r\n"u8.ToArray());
                await Task.Delay(100);
            }

            Assert.Equal(FetchFailure.TimedOut, (await fetch).Failure);

            return Stopwatch.GetElapsedTime(began);
        }
    }

    [Fact]
    [Trait("R", "189")]
    public async Task Connecting_gets_two_seconds_whether_the_name_the_host_or_its_TLS_hangs()
    {
        // Takes connections and says nothing, not even in TLS.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var rules = _host.Rules with { Ports = [PortRange.All] };
        var url = $"https://keys.example:{((IPEndPoint)silent.LocalEndpoint).Port}/";
        var began = Stopwatch.GetTimestamp();

        var fetched = await Task.WhenAll(
            Fetch(rules, (_, _) => new TaskCompletionSource<IPAddress[]>().Task).GetAsync(url, null, CancellationToken.None),
            Fetch(rules).GetAsync(url, KeyHost.Authority.Pem, CancellationToken.None));

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1.5, 4.7);
        Assert.All(fetched, f => Assert.Equal(FetchFailure.ConnectTimedOut, f.Failure));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"keys\":[]}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"key")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [Trait("R", "190")]
    public async Task An_answer_that_is_cut_off_or_is_not_HTTP_is_a_failure(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var served = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            await stream.ReadAtLeastAsync(new byte[1024], 20);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
            client.Client.Shutdown(SocketShutdown.Send);
        });

        var fetched = await Fetch(_host.Rules with { Ports = [PortRange.All], Http = true })
            .GetAsync($"http://keys.example:{((IPEndPoint)listener.LocalEndpoint).Port}/", null, CancellationToken.None);

        Assert.Equal(FetchFailure.BrokenOff, fetched.Failure);
        await served;
        Assert.False(listener.Pending());
    }

    [Fact]
    [Trait("R", "189")]
    public async Task A_head_that_never_ends_is_not_kept()
    {
        _host.Answer = c =>
        {
            for (var i = 0; i < 100; i++)
            {
                c.Response.Headers[$"X-{i}"] = new string('a', 1000);
            }

            return KeyHost.JsonAsync(c, "{}");
        };

        await AssertFailsAsync(FetchFailure.BrokenOff);
    }

    [Theory]
    [InlineData("max-age=120", null, 120)]
    [InlineData("public, max-age=3600", "3500", 100)]
    [InlineData("no-cache, max-age=600", null, 0)]
    [InlineData("no-store", null, 0)]
    [InlineData("max-age=nonsense", null, null)]
    [InlineData("public", null, null)]
    [InlineData(null, null, null)]
    [Trait("R", "195")]
    public async Task The_host_says_how_long_its_set_is_fresh(string? cacheControl, string? age, int? seconds)
    {
        _host.Answer = c =>
        {
            (c.Response.Headers.CacheControl, c.Response.Headers.Age) = (cacheControl, age);

            return KeyHost.JsonAsync(c, "{}");
        };

        Assert.Equal(seconds, (await FetchAsync()).MaxAge?.TotalSeconds);
    }

    private static OutboundFetch Fetch(OutboundRules rules, ResolveHost? resolve = null) => new(rules, resolve ?? KeyHost.ResolveAsync, new TestClock());

    private Task<Fetched> FetchAsync(string? url = null) => Fetch(_host.Rules).GetAsync(url ?? _host.Url, KeyHost.Authority.Pem, CancellationToken.None);

    private async Task AssertFailsAsync(FetchFailure failure, OutboundRules? rules = null)
    {
        var fetched = await Fetch(rules ?? _host.Rules).GetAsync(_host.Url, KeyHost.Authority.Pem, CancellationToken.None);

        Assert.Equal(failure, fetched.Failure);
        Assert.Null(fetched.Body);
    }
}

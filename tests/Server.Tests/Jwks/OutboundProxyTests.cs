using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Jwks;

/// <summary>The environment belongs to the whole process, so these run while no others do.</summary>
[CollectionDefinition(nameof(OutboundProxyTests), DisableParallelization = true)]
[Collection(nameof(OutboundProxyTests))]
public sealed class OutboundProxyTests : IAsyncLifetime
{
    private readonly TcpListener _proxy = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> _asked = new();
    private KeyHost _host = null!;
    private Task _serving = null!;

    private Uri ProxyUrl => new($"http://127.0.0.1:{((IPEndPoint)_proxy.LocalEndpoint).Port}");

    public async ValueTask InitializeAsync()
    {
        _host = await KeyHost.StartAsync();
        _proxy.Start();
        _serving = ServeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _proxy.Stop();
        await _serving;
        await _host.DisposeAsync();
    }

    [Fact]
    [Trait("R", "188")]
    public async Task A_proxy_of_the_environment_is_not_used()
    {
        string[] names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        var before = names.ToDictionary(n => n, Environment.GetEnvironmentVariable);
        var proxyBefore = HttpClient.DefaultProxy;

        try
        {
            HttpClient.DefaultProxy = new WebProxy(ProxyUrl);

            foreach (var name in names)
            {
                Environment.SetEnvironmentVariable(name, ProxyUrl.ToString());
            }

            Assert.Null((await FetchAsync(_host.Rules)).Failure);
            Assert.Null((await FetchAsync(_host.Rules with { Http = true })).Failure);
        }
        finally
        {
            HttpClient.DefaultProxy = proxyBefore;

            foreach (var (name, value) in before)
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }

        Assert.Empty(_asked);
        Assert.Equal(2, _host.Requests);
    }

    [Fact]
    [Trait("R", "185")]
    [Trait("R", "186")]
    [Trait("R", "188")]
    public async Task The_configured_proxy_is_told_the_address_that_was_checked()
    {
        var fetched = await FetchAsync(_host.Rules with { Proxy = ProxyUrl });

        Assert.Null(fetched.Failure);
        Assert.Equal($"CONNECT 127.0.0.1:{_host.Port} HTTP/1.1\r\nHost: 127.0.0.1:{_host.Port}\r\n\r\n", Assert.Single(_asked));
        Assert.Contains($"Host: keys.example:{_host.Port}", Assert.Single(_host.Heads));
    }

    [Fact]
    [Trait("R", "185")]
    public async Task The_configured_proxy_is_asked_for_no_address_inside()
    {
        var fetched = await FetchAsync(_host.Rules with { Proxy = ProxyUrl, Networks = [] });

        Assert.StartsWith("resolves to an address that is loopback", fetched.Failure!.Kind, StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    [Fact]
    [Trait("R", "198")]
    public async Task What_the_proxy_says_is_not_told()
    {
        await using var gone = await KeyHost.StartAsync();
        var port = gone.Port;
        await gone.DisposeAsync();

        var fetched = await Fetch(_host.Rules with { Proxy = ProxyUrl, Ports = [PortRange.All] }).GetAsync($"https://keys.example:{port}/", null, CancellationToken.None);

        Assert.Equal(FetchFailure.ProxyRefused, fetched.Failure);
        Assert.Equal(FetchFailure.NotConnected.Problem, fetched.Failure!.Problem);
    }

    private static OutboundFetch Fetch(OutboundRules rules) => new(rules, KeyHost.ResolveAsync, new TestClock());

    private Task<Fetched> FetchAsync(OutboundRules rules) => Fetch(rules).GetAsync(_host.Url, KeyHost.Authority.Pem, CancellationToken.None);

    private async Task ServeAsync()
    {
        var tunnels = new List<Task>();

        try
        {
            while (true)
            {
                tunnels.Add(TunnelAsync(await _proxy.AcceptTcpClientAsync()));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(tunnels);
        }
    }

    private async Task TunnelAsync(TcpClient client)
    {
        using var from = client;
        using var to = new TcpClient();
        var buffer = new byte[4096];
        var head = Encoding.ASCII.GetString(buffer, 0, await from.GetStream().ReadAsync(buffer));
        _asked.Enqueue(head);

        try
        {
            await to.ConnectAsync(IPEndPoint.Parse(head.Split(' ')[1]));
            await from.GetStream().WriteAsync("HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"u8.ToArray());
            await Task.WhenAny(from.GetStream().CopyToAsync(to.GetStream()), to.GetStream().CopyToAsync(from.GetStream()));
        }
        catch (SocketException)
        {
            await from.GetStream().WriteAsync("HTTP/1.1 502 127.0.0.1 refused\r\n\r\n"u8.ToArray());
        }
        catch (IOException)
        {
            // Either end has had enough.
        }
    }
}

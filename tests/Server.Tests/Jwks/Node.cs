using System.Net;
using System.Net.Sockets;
using Countersign.OAuth;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Framework;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Tests.Jwks;

/// <summary>The JWK sets of one node, with a clock, a log, and a host that one account's keys come from.</summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly ILoggerFactory _logging;
    private readonly bool _ownsHost;

    private Node(KeyHost host, bool ownsHost, OutboundRules rules, ResolveHost resolve)
    {
        (Host, _ownsHost) = (host, ownsHost);
        _logging = LoggerFactory.Create(l => l.AddProvider(Log));
        Sources = new JwksSources(new OutboundFetch(rules, resolve, Clock), Clock, _logging.CreateLogger<JwksSources>());
        Refresh = new JwksRefresh(Sources, Clock, _logging.CreateLogger<JwksRefresh>());
        Facts = FactsOf(host);
    }

    public KeyHost Host { get; }

    public TestClock Clock { get; } = new();

    public LogLines Log { get; } = new();

    public JwksSources Sources { get; }

    public JwksRefresh Refresh { get; }

    public Guid Tenant { get; } = Guid.CreateVersion7();

    public JwksUrlFacts Facts { get; }

    public JwksState? State => Sources.StateOf(Tenant, Facts.Id);

    public static async Task<Node> StartAsync()
    {
        var host = await KeyHost.StartAsync();

        // Any port, for tests with further hosts.
        return new Node(host, true, host.Rules with { Ports = [PortRange.All] }, KeyHost.ResolveAsync);
    }

    /// <summary>With a host that the caller keeps.</summary>
    /// <param name="host">The host.</param>
    /// <param name="rules">What may be fetched.</param>
    /// <param name="address">What every name resolves to; null when none does.</param>
    public static Task<Node> StartAsync(KeyHost host, OutboundRules rules, string? address = "127.0.0.1") => Task.FromResult(new Node(
        host,
        false,
        rules,
        (_, _) => address is null ? throw new SocketException((int)SocketError.HostNotFound) : Task.FromResult<IPAddress[]>([IPAddress.Parse(address)])));

    public static JwksUrlFacts FactsOf(KeyHost host) => new(Guid.CreateVersion7(), host.Url, KeyHost.Authority.Pem, null);

    public Task<JwksLookup> FindAsync(SigningKey key) => Sources.FindAsync(Tenant, Facts, Messages.By(key), CancellationToken.None).AsTask();

    /// <summary>A fetch by another row, so that the first that counts is not the first of the process.</summary>
    public Task WarmUpAsync() => Sources.RefreshAsync(Tenant, FactsOf(Host), CancellationToken.None);

    public async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; i < 1500 && !condition(); i++)
        {
            await Task.Delay(10);
        }

        Assert.True(condition());
    }

    public async ValueTask DisposeAsync()
    {
        Refresh.Dispose();
        _logging.Dispose();

        if (_ownsHost)
        {
            await Host.DisposeAsync();
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Countersign.Server.Jwks;

/// <summary>
/// Opens the one connection of a fetch: resolves once, checks every address, and connects to what was checked, so that a second answer of the
/// name server counts for nothing (R185, R186).
/// </summary>
internal sealed class OutboundConnection(OutboundRules rules, ResolveHost resolve, TimeProvider time)
{
    /// <summary>For the name, the connection and its TLS together.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private const int MostAddresses = 4;
    private const int MaxProxyAnswer = 8 * 1024;

    /// <exception cref="FetchFault">There is no connection that may be used.</exception>
    public async ValueTask<Stream> OpenAsync(Uri url, CancellationToken ct)
    {
        var addresses = await ResolveAsync(url.IdnHost, ct);

        // One address that is not allowed refuses the name: whoever mixes them tries which one is taken.
        if (addresses.FirstOrDefault(a => !rules.Allows(a)) is { } refused)
        {
            throw new FetchFault(FetchFailure.AddressRefused(AddressRules.Special(refused)!));
        }

        return rules.Proxy is { } proxy
            ? await TunnelAsync(proxy, new IPEndPoint(addresses[0], url.Port), ct)
            : new NetworkStream(await ConnectAsync(addresses, url.Port, ct), ownsSocket: true);
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [AddressRules.Plain(literal)];
        }

        try
        {
            var addresses = await resolve(host, ct).WaitAsync(ct);

            return addresses.Length > 0 ? [.. addresses.Select(AddressRules.Plain)] : throw new FetchFault(FetchFailure.NotResolved);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new FetchFault(FetchFailure.NotResolved);
        }
    }

    // Each address gets its share of the time, so that one that never answers leaves some to the others.
    private async Task<Socket> ConnectAsync(IPAddress[] addresses, int port, CancellationToken ct)
    {
        var tried = addresses.AsMemory(0, Math.Min(addresses.Length, MostAddresses));
        var failure = FetchFailure.NotConnected;

        for (var i = 0; i < tried.Length; i++)
        {
            using var share = new CancellationTokenSource(Limit / tried.Length, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, share.Token);
            Socket? socket = null;

            try
            {
                // Where there is no IPv6, making the socket fails already.
                socket = new Socket(tried.Span[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(new IPEndPoint(tried.Span[i], port), both.Token);

                return socket;
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                socket?.Dispose();
                ct.ThrowIfCancellationRequested();
                failure = exception is SocketException ? FetchFailure.NotConnected : FetchFailure.ConnectTimedOut;
            }
        }

        throw new FetchFault(failure);
    }

    // The proxy is told the address that was checked, not the name: what it would resolve nobody has checked.
    private async Task<Stream> TunnelAsync(Uri proxy, IPEndPoint target, CancellationToken ct)
    {
        var stream = new NetworkStream(await ConnectAsync(await ResolveAsync(proxy.IdnHost, ct), proxy.Port, ct), ownsSocket: true);

        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"), ct);

            // RFC 9110 §9.3.6: any 2xx; what follows the head belongs to the target.
            return await ReadHeadAsync(stream, ct) is ['H', 'T', 'T', 'P', '/', '1', '.', _, ' ', '2', ..] ? stream : throw new FetchFault(FetchFailure.ProxyRefused);
        }
        catch (Exception exception)
        {
            await stream.DisposeAsync();

            if (exception is FetchFault or OperationCanceledException)
            {
                throw;
            }

            throw new FetchFault(FetchFailure.ProxyRefused);
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream, CancellationToken ct)
    {
        var head = new byte[MaxProxyAnswer];

        for (var length = 0; length < head.Length; length++)
        {
            // Byte by byte, so that none behind the head is taken.
            if (await stream.ReadAsync(head.AsMemory(length, 1), ct) == 0)
            {
                break;
            }

            if (head.AsSpan(0, length + 1).EndsWith("\r\n\r\n"u8))
            {
                return Encoding.ASCII.GetString(head, 0, length);
            }
        }

        return "";
    }
}

using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Countersign.Server.Tests.Framework;

/// <summary>Stands between a server and its PostgreSQL, so that a test can take the database away and give it back.</summary>
internal sealed class DatabaseRelay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _clients = [];
    private readonly string _host;
    private readonly int _port;
    private volatile bool _cut;

    private DatabaseRelay(NpgsqlConnectionStringBuilder target)
    {
        (_host, _port) = (target.Host!, target.Port);
        _listener.Start();
        target.Host = "127.0.0.1";
        target.Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        Setting = $"postgres:{target}";
    }

    public string Setting { get; }

    public static DatabaseRelay Before(TestDatabase database)
    {
        var target = new NpgsqlConnectionStringBuilder(database.Setting["postgres:".Length..]);
        var relay = new DatabaseRelay(target);
        _ = relay.AcceptAsync();

        return relay;
    }

    public void Cut()
    {
        _cut = true;

        lock (_clients)
        {
            _clients.ForEach(c => c.Dispose());
            _clients.Clear();
        }
    }

    public void Restore() => _cut = false;

    public void Dispose()
    {
        _listener.Stop();
        Cut();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;

            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            if (_cut)
            {
                client.Dispose();
                continue;
            }

            var server = new TcpClient();
            await server.ConnectAsync(_host, _port);

            lock (_clients)
            {
                _clients.AddRange([client, server]);
            }

            _ = PumpAsync(client, server);
            _ = PumpAsync(server, client);
        }
    }

    private static async Task PumpAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}

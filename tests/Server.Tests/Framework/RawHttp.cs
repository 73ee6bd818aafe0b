using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Countersign.Server.Tests.Framework;

/// <summary>What came over a socket until the server closed it, or until it had been silent for long.</summary>
internal sealed record RawAnswer(string Text, bool Closed)
{
    /// <summary>How many answers there are: a request that is read twice is answered twice.</summary>
    public int Count => Text.Split("HTTP/1.1 ").Length - 1;

    public int Status => Text.Length < 12 ? 0 : int.Parse(Text.AsSpan(9, 3), CultureInfo.InvariantCulture);

    public string Head => Text.Split("\r\n\r\n", 2)[0];

    public string Body => Text.Split("\r\n\r\n", 2)[1];
}

/// <summary>A socket that sends what it is told, byte for byte. HttpClient is too polite for what an attacker sends.</summary>
internal sealed class RawHttp : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(4);

    private readonly TcpClient _tcp;

    private RawHttp(TcpClient tcp) => _tcp = tcp;

    public static async Task<RawHttp> ConnectAsync(TestServer server)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(server.Http.BaseAddress!.Host, server.Http.BaseAddress.Port);

        return new RawHttp(tcp);
    }

    /// <summary>Sends one text, each character a byte, and reads all that comes back.</summary>
    public static async Task<RawAnswer> SendAsync(TestServer server, string request)
    {
        using var raw = await ConnectAsync(server);
        await raw.WriteAsync(request);

        return await raw.ReadAsync(s_patience);
    }

    public async Task WriteAsync(string text) => await _tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));

    public async Task<RawAnswer> ReadAsync(TimeSpan patience)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        using var timeout = new CancellationTokenSource(patience);

        try
        {
            while (await _tcp.GetStream().ReadAsync(buffer, timeout.Token) is > 0 and var count)
            {
                bytes.Write(buffer.AsSpan(0, count));
            }
        }
        catch (OperationCanceledException)
        {
            return new RawAnswer(Encoding.Latin1.GetString(bytes.ToArray()), false);
        }
        catch (IOException)
        {
            // A reset closes too.
        }

        return new RawAnswer(Encoding.Latin1.GetString(bytes.ToArray()), true);
    }

    public void Dispose() => _tcp.Dispose();
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Countersign.Measure;

/// <summary>Latency at a fixed rate, in milliseconds.</summary>
internal sealed record SteadyRun(double PerSecond, double P50Millis, double P99Millis, double P999Millis);

/// <summary>
/// An open loop: request i is due at i / rate, whether or not the ones before it are answered, and its latency counts from then. So a
/// server that stalls is charged for everything that had to wait meanwhile, which a closed loop does not see.
/// </summary>
internal sealed class SteadyLoad(int connections)
{
    public async Task<SteadyRun> PostAsync(PinnedProcess server, Posted posted, double perSecond, int seconds)
    {
        var forms = posted.BodiesFile is { } file ? await File.ReadAllLinesAsync(file) : [posted.Body];
        var requests = Array.ConvertAll(forms, form => Bytes(server, posted, form));
        var total = (int)(perSecond * seconds);
        var ticksApart = TimeProvider.System.TimestampFrequency / perSecond;
        var first = TimeProvider.System.GetTimestamp();
        var next = -1;

        var latencies = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(AskAsync)));
        var sorted = latencies.SelectMany(list => list).Order().ToArray();
        return new SteadyRun(perSecond, At(sorted, 0.50), At(sorted, 0.99), At(sorted, 0.999));

        async Task<List<double>> AskAsync()
        {
            var millis = new List<double>(total / connections * 2);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
            var buffer = new byte[16 * 1024];
            for (var number = Interlocked.Increment(ref next); number < total; number = Interlocked.Increment(ref next))
            {
                var due = first + (long)(number * ticksApart);
                var early = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), due);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early);
                }

                // Timers tick in milliseconds: a request that left a little early counts from when it left.
                var from = Math.Min(due, TimeProvider.System.GetTimestamp());
                await socket.SendAsync(requests[number % requests.Length]);
                await ReadAnswerAsync(socket, buffer);
                millis.Add(TimeProvider.System.GetElapsedTime(from).TotalMilliseconds);
            }

            return millis;
        }
    }

    private static byte[] Bytes(PinnedProcess server, Posted posted, string form) => Encoding.ASCII.GetBytes(
        $"POST {posted.Path} HTTP/1.1\r\nHost: {server.Address.Authority}\r\n"
        + (posted.Authorization is { } authorization ? $"Authorization: {authorization}\r\n" : "")
        + $"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {form.Length}\r\n\r\n{form}");

    private static async Task ReadAnswerAsync(Socket socket, Memory<byte> buffer)
    {
        var read = 0;
        do
        {
            var more = await socket.ReceiveAsync(buffer[read..]);
            read += more > 0 ? more : throw new InvalidOperationException("the server closed a connection under steady load");
        }
        while (!IsWhole(buffer.Span[..read]));
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var header = answer.IndexOf("\r\n\r\n"u8);
        if (header < 0)
        {
            return false;
        }

        var text = Encoding.ASCII.GetString(answer[..header]);
        if (!text.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"under steady load:\n{text}");
        }

        // Without a length the answer comes in chunks, the last of which is empty.
        var length = text.Split("\r\n").SingleOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return length is null
            ? answer.EndsWith("\r\n0\r\n\r\n"u8)
            : answer.Length == header + 4 + int.Parse(length.Split(':')[1], CultureInfo.InvariantCulture);
    }

    private static double At(double[] sorted, double share) => sorted[Math.Min((int)(share * sorted.Length), sorted.Length - 1)];
}

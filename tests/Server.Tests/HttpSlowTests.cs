using System.Diagnostics;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

/// <summary>Those who hold a connection by sending next to nothing. It takes the time that it is about.</summary>
[Trait("Speed", "slow")]
public sealed class HttpSlowTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Head = "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";

    [Fact]
    [Trait("R", "7")]
    public async Task A_trickled_head_and_a_trickled_body_are_cut_off()
    {
        var head = TrickleAsync(Head, "X-Padding: ", TimeSpan.FromSeconds(20));
        var body = TrickleAsync($"{Head}Content-Length: 1000\r\n\r\n", "grant_type=", TimeSpan.FromSeconds(20));

        Assert.InRange((await head).TotalSeconds, 5, 15);
        Assert.InRange((await body).TotalSeconds, 2, 10);
    }

    // One character a second until the server closes.
    private async Task<TimeSpan> TrickleAsync(string start, string text, TimeSpan atMost)
    {
        using var raw = await RawHttp.ConnectAsync(shared.Server);
        var began = Stopwatch.GetTimestamp();
        await raw.WriteAsync(start);
        var closed = raw.ReadAsync(atMost);

        for (var i = 0; !closed.IsCompleted; i++)
        {
            try
            {
                await raw.WriteAsync(text[i % text.Length].ToString());
            }
            catch (IOException)
            {
                break;
            }

            await Task.WhenAny(closed, Task.Delay(1000));
        }

        Assert.True((await closed).Closed);

        return Stopwatch.GetElapsedTime(began);
    }
}

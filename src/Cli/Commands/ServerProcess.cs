using System.Data.Common;
using System.Net.Sockets;
using System.Security.Cryptography;
using Countersign.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Cli.Commands;

/// <summary>Runs the server in this process, with sentences in place of stack traces.</summary>
internal static class ServerProcess
{
    public static async Task<WebApplication> BuildAsync(ServerSettings settings, CancellationToken ct)
    {
        try
        {
            // Ctrl-C and SIGTERM end the server in order: what is in flight is finished.
            return await ServerHost.BuildAsync(settings, ct, services => services.AddSingleton<IHostLifetime, SignalLifetime>());
        }
        catch (Exception exception) when (exception is DbException or CryptographicException || exception.InnerException is DbException)
        {
            throw CommandFault.Usage($"the server cannot start: {(exception.InnerException ?? exception).Message}");
        }
    }

    public static async Task StartAsync(WebApplication app, ServerSettings settings, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            var addresses = string.Join(", ", settings.Listen.Select(l => l.GetLeftPart(UriPartial.Authority)));

            throw CommandFault.Usage($"cannot listen on {addresses}: {exception.Message}");
        }
    }
}

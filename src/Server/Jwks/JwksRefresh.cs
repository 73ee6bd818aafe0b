using Countersign.Server.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Jwks;

/// <summary>
/// Refreshes the JWK sets in use, so that a key that its owner withdrew stops working though nobody asks for another (R195). Hosts that fail
/// have few places of their own: however many there are, they keep no healthy one waiting (R196).
/// </summary>
internal sealed partial class JwksRefresh(JwksSources sources, TimeProvider time, ILogger<JwksRefresh> logger) : BackgroundService
{
    private const int Places = 16;
    private const int PlacesOfFailing = 4;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _healthy = new(Places);
    private readonly SemaphoreSlim _failing = new(PlacesOfFailing);

    /// <summary>Refreshes what is due, and returns when all that began has ended.</summary>
    public async Task RunOnceAsync(CancellationToken ct)
    {
        sources.Trim();
        var begun = new List<Task>();

        foreach (var source in sources.Due())
        {
            var isFailing = source.IsFailing;
            var places = isFailing ? _failing : _healthy;

            // A failing one without a place is due again in a second.
            if (await places.WaitAsync(isFailing ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, ct))
            {
                begun.Add(RefreshAsync(source, places, ct));
            }
        }

        await Task.WhenAll(begun);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodic.RunAsync(s_interval, time, RunOnceAsync, e => LogFailed(e.GetType().Name), stoppingToken);

    private static async Task RefreshAsync(JwksSource source, SemaphoreSlim places, CancellationToken ct)
    {
        try
        {
            await source.RefreshDueAsync(ct);
        }
        finally
        {
            places.Release();
        }
    }

    [LoggerMessage(LogLevel.Error, "the refresh of JWK sets failed ({Kind}); trying again in a second")]
    private partial void LogFailed(string kind);
}

using System.Net;

namespace Countersign.Server.Jwks;

/// <summary>All addresses of a host name; asked once for each connection.</summary>
internal delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken ct);

/// <summary>Asks the system.</summary>
internal static class SystemResolver
{
    /// <remarks>
    /// The system's call blocks, and cannot be ended: it gets a thread of its own, so that a name server that hangs holds none of those that
    /// answer requests (R196).
    /// </remarks>
    public static Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) =>
        Task.Factory.StartNew(() => Dns.GetHostAddresses(host), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

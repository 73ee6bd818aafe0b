using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Countersign.Server.Data;

/// <summary>Tells a database that is away or busy from a fault of ours.</summary>
internal static class StorageFault
{
    // What is likely to pass is wrapped by some providers, once or twice.
    public static bool Is(Exception exception) =>
        exception is DbException or DbUpdateException or TimeoutException
        || (exception is InvalidOperationException or RetryLimitExceededException && exception.InnerException is { } inner && Is(inner));
}

namespace Countersign.Server.Hosting;

/// <summary>Work that is done again and again until the server stops, whatever becomes of one turn.</summary>
internal static class Periodic
{
    /// <param name="interval">The pause before each turn.</param>
    /// <param name="time">By whose timers.</param>
    /// <param name="turn">The work.</param>
    /// <param name="failed">Told of a turn that failed; the next comes all the same.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task RunAsync(TimeSpan interval, TimeProvider time, Func<CancellationToken, Task> turn, Action<Exception> failed, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(interval, time, ct);
                await turn(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                failed(exception);
            }
        }
    }
}

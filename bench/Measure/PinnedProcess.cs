using System.Diagnostics;
using System.Globalization;

namespace Countersign.Measure;

/// <summary>A server under measurement: bound to one CPU, ready once it says so, observed through /proc and the probe.</summary>
internal sealed class PinnedProcess : IAsyncDisposable
{
    // Linux counts CPU time in hundredths of a second on every machine that .NET runs on.
    private const double TicksPerSecond = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _probed;
    private bool _ended;

    private PinnedProcess(Process process, string probed) => (_process, _probed) = (process, probed);

    public Uri Address { get; private set; } = null!;

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes => ReadMemory("VmRSS:");

    /// <summary>The most that resident memory ever was, in bytes.</summary>
    public long PeakResidentBytes => ReadMemory("VmHWM:");

    /// <summary>CPU time used so far, user and system.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            // The command's name stands in parentheses and may hold spaces; utime and stime are the 12th and 13th field after it.
            var fields = File.ReadAllText($"/proc/{_process.Id}/stat").Split(") ")[^1].Split(' ');
            return TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / TicksPerSecond);
        }
    }

    /// <summary>Starts a program that prints a line "ready …" holding its address.</summary>
    public static async Task<PinnedProcess> StartAsync(int cpu, string program, params string[] arguments)
    {
        var probed = Path.Combine(Path.GetTempPath(), $"countersign-probe-{Path.GetRandomFileName()}");

        // taskset becomes the program, so the process id is the program's own.
        var start = new ProcessStartInfo("taskset", ["-c", cpu.ToString(CultureInfo.InvariantCulture), program, .. arguments])
        {
            RedirectStandardOutput = true,
            Environment = { ["DOTNET_STARTUP_HOOKS"] = Layout.Probe, ["BENCH_PROBE"] = probed },
        };
        var started = new PinnedProcess(Process.Start(start)!, probed);
        try
        {
            started.Address = await started.ReadyAsync();
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Bytes allocated on the managed heap so far, by the program's own exact count.</summary>
    public async Task<long> AllocatedBytesAsync()
    {
        File.Delete(_probed);
        Signal("USR1");
        using var patience = new CancellationTokenSource(Patience);
        while (!File.Exists(_probed))
        {
            await Task.Delay(5, patience.Token);
        }

        return Number(await File.ReadAllTextAsync(_probed));
    }

    public async ValueTask DisposeAsync()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        if (!_process.HasExited)
        {
            Signal("TERM");
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }

        File.Delete(_probed);
        _process.Dispose();
    }

    private async Task<Uri> ReadyAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("ready ", StringComparison.Ordinal))
            {
                // Nobody reads on, and a full pipe would stop the server.
                _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return new Uri(line.Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal)));
            }
        }

        throw new InvalidOperationException("the program ended before it was ready");
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private long ReadMemory(string field)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal));
        return 1024 * Number(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

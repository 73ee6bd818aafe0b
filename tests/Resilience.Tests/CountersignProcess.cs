using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Countersign.Resilience.Tests;

/// <summary>The built program as a child process, which a test may kill.</summary>
internal sealed class CountersignProcess : IAsyncDisposable
{
    private const int OutputKept = 200;

    private readonly ConcurrentQueue<string> _output = new();
    private readonly Process _process;
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly string _data;
    private volatile bool _saidReady;

    private CountersignProcess(string data, string[] arguments, IReadOnlyDictionary<string, string>? settings = null)
    {
        var start = new ProcessStartInfo(ProgramPath(), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The tests' own variables are no settings of the server.
        foreach (var variable in start.Environment.Keys.Where(k => k.StartsWith("COUNTERSIGN_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(variable);
        }

        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            start.Environment[$"COUNTERSIGN_{name}"] = value;
        }

        // The built program looks for the runtime in the usual places only; these tests run on one already.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath("../../..", RuntimeEnvironment.GetRuntimeDirectory());

        _data = data;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it printed last, for the message of a failing test.</summary>
    public string Output => string.Join('\n', _output);

    public Uri? Address { get; private init; }

    public static CountersignProcess Start(string data, int port = 0) => new(data, ["dev", "--port", $"{port}", "--data", data]);

    /// <summary>The server for production, with settings by environment; it listens at <paramref name="address"/>.</summary>
    public static CountersignProcess Serve(Uri address, IReadOnlyDictionary<string, string> settings) =>
        new("", ["serve", "--listen", address.ToString()], settings) { Address = address };

    /// <summary>Waits until the server says that it is ready, and returns how long that took since the start of the process.</summary>
    public async Task<TimeSpan> ReadyAsync(TimeSpan patience, CancellationToken ct)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(1) };
        while (Stopwatch.GetElapsedTime(_started) < patience)
        {
            Assert.False(_process.HasExited, $"countersign ended by itself:\n{Output}");
            if (_saidReady && await IsReadyAsync(http, ct))
            {
                return Stopwatch.GetElapsedTime(_started);
            }

            await Task.Delay(10, ct);
        }

        throw new TimeoutException($"countersign was not ready within {patience.TotalSeconds} s:\n{Output}");
    }

    public JsonElement DevFile() => JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(_data, "dev.json")));

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync(CancellationToken ct)
    {
        _process.Kill();
        await _process.WaitForExitAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private async Task<bool> IsReadyAsync(HttpClient http, CancellationToken ct)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(Address ?? new Uri(DevFile().GetProperty("issuer").GetString()!), "/health/ready"), ct);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception notYet) when (notYet is HttpRequestException || (notYet is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
            _saidReady |= line.StartsWith("ready ", StringComparison.Ordinal);
        }

        while (_output.Count > OutputKept && _output.TryDequeue(out _))
        {
        }
    }

    private static string ProgramPath()
    {
        var built = new DirectoryInfo(AppContext.BaseDirectory);
        var beside = Path.Combine(built.Parent!.Parent!.FullName, "Cli", built.Name, "countersign");
        var path = Environment.GetEnvironmentVariable("COUNTERSIGN_BIN") ?? beside;

        return File.Exists(path) ? path : throw new FileNotFoundException("build src/Cli first, or set COUNTERSIGN_BIN", path);
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

[assembly: AssemblyFixture(typeof(Countersign.Compatibility.Tests.CountersignDev))]

namespace Countersign.Compatibility.Tests;

/// <summary>The built program, started once as its users start it: `countersign dev` on fresh data and a free port.</summary>
public sealed class CountersignDev : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _data = Directory.CreateTempSubdirectory("countersign-compatibility-").FullName;
    private readonly ConcurrentQueue<string> _printed = [];
    private Process? _process;

    public DevFile Dev { get; private set; } = null!;

    /// <summary>The file that the command line takes as its profile.</summary>
    public string Profile => Path.Combine(_data, "dev.json");

    /// <summary>The command line as a shell starts it. The built program looks for the runtime in the usual places only; these tests run on one already.</summary>
    public (string, string?)[] Environment =>
        [("COUNTERSIGN", ProgramPath()), ("COUNTERSIGN_PROFILE", Profile), ("DOTNET_ROOT", DotnetRoot)];

    private static string DotnetRoot => Path.GetFullPath("../../..", RuntimeEnvironment.GetRuntimeDirectory());

    /// <summary>One more, for a test that needs a server in which nothing was made yet.</summary>
    public static async Task<CountersignDev> StartAsync()
    {
        var server = new CountersignDev();
        await server.InitializeAsync();

        return server;
    }

    public async ValueTask InitializeAsync()
    {
        var start = new ProcessStartInfo(ProgramPath(), ["dev", "--port", "0", "--data", _data]) { RedirectStandardOutput = true };
        start.Environment["DOTNET_ROOT"] = DotnetRoot;
        _process = Process.Start(start)!;

        _process.OutputDataReceived += (_, line) => _printed.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        try
        {
            await WaitForLineAsync("ready ");
        }
        catch
        {
            _process.Kill();
            throw;
        }

        Dev = DevFile.Read(Profile);
    }

    /// <summary>What the program has printed so far, once that holds a line that begins like this.</summary>
    public async Task<IReadOnlyList<string>> WaitForLineAsync(string beginning)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!_printed.Any(line => line.StartsWith(beginning, StringComparison.Ordinal)))
        {
            if (_process!.HasExited || patience.IsCancellationRequested)
            {
                throw new InvalidOperationException($"countersign dev printed no line \"{beginning}…\":\n{string.Join('\n', _printed)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }

        return [.. _printed];
    }

    public ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            using var terminate = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            if (!_process.WaitForExit(Patience))
            {
                _process.Kill();
            }
        }

        _process?.Dispose();
        Directory.Delete(_data, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>COUNTERSIGN_BIN, or what was built beside these tests.</summary>
    private static string ProgramPath()
    {
        var built = new DirectoryInfo(AppContext.BaseDirectory);
        var beside = Path.Combine(built.Parent!.Parent!.FullName, "Cli", built.Name, "countersign");
        var path = System.Environment.GetEnvironmentVariable("COUNTERSIGN_BIN") ?? beside;

        return File.Exists(path) ? path : throw new FileNotFoundException("build src/Cli first, or set COUNTERSIGN_BIN", path);
    }
}

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
    private readonly List<string> _printed = [];
    private Process? _process;

    public DevFile Dev { get; private set; } = null!;

    /// <summary>The lines on standard output up to the ready line.</summary>
    public IReadOnlyList<string> Printed => _printed;

    public async ValueTask InitializeAsync()
    {
        var start = new ProcessStartInfo(ProgramPath(), ["dev", "--port", "0", "--data", _data]) { RedirectStandardOutput = true };
        // The built program looks for the runtime in the usual places only; these tests run on one already.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath("../../..", RuntimeEnvironment.GetRuntimeDirectory());
        _process = Process.Start(start)!;

        try
        {
            await ReadUntilReadyAsync(_process.StandardOutput);
        }
        catch
        {
            _process.Kill();
            throw;
        }

        // Nobody reads on, and a full pipe would stop the server.
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
        Dev = DevFile.Read(Path.Combine(_data, "dev.json"));
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

    private async Task ReadUntilReadyAsync(StreamReader output)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (_printed is not [.., var last] || !last.StartsWith("ready ", StringComparison.Ordinal))
        {
            _printed.Add(await output.ReadLineAsync(patience.Token)
                ?? throw new InvalidOperationException($"countersign dev ended before it was ready:\n{string.Join('\n', _printed)}"));
        }
    }

    /// <summary>COUNTERSIGN_BIN, or what was built beside these tests.</summary>
    private static string ProgramPath()
    {
        var built = new DirectoryInfo(AppContext.BaseDirectory);
        var beside = Path.Combine(built.Parent!.Parent!.FullName, "Cli", built.Name, "countersign");
        var path = Environment.GetEnvironmentVariable("COUNTERSIGN_BIN") ?? beside;

        return File.Exists(path) ? path : throw new FileNotFoundException("build src/Cli first, or set COUNTERSIGN_BIN", path);
    }
}

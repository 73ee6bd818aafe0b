using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>Runs somebody else's client as a child process. Secrets go by environment, where other users cannot list them.</summary>
internal static class ClientProgram
{
    private const string Python = "/usr/bin/python3";

    // Some compile before they run.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly string Folder = Metadata("ClientsFolder");

    private static readonly Lazy<Task<bool>> HasAuthlib = new(async () =>
        File.Exists(Python) && (await RunAsync(Python, ["-c", "import authlib, requests"], [])).ExitCode == 0);

    /// <summary>Runs a script of a library's folder under `clients` and reads the JSON that it prints.</summary>
    public static async Task<JsonElement> ScriptAsync(string library, string script, params (string Name, string? Value)[] environment)
    {
        var isPython = library == "authlib";
        await RequireAsync(library);

        var path = Path.Combine(Folder, library, script + (isPython ? ".py" : ".mjs"));
        var (exitCode, output, errors) = await RunAsync(isPython ? Python : "node", isPython ? ["-B", path] : [path], environment);
        Assert.True(exitCode == 0, $"{path} ended with {exitCode}:\n{errors}");
        return JsonSerializer.Deserialize<JsonElement>(output);
    }

    /// <summary>A command line as a person would paste it; returns what it printed.</summary>
    public static Task<string> BashAsync(string command, params (string Name, string? Value)[] environment) => BashInAsync("", command, environment);

    /// <summary>The same, in a folder.</summary>
    public static async Task<string> BashInAsync(string folder, string command, params (string Name, string? Value)[] environment)
    {
        var (exitCode, output, errors) = await RunAsync("bash", ["-euo", "pipefail", "-c", command], environment, folder);
        Assert.True(exitCode == 0, $"{command}\nended with {exitCode}:\n{output}\n{errors}");
        return output;
    }

    /// <summary>A place that the build tells.</summary>
    public static string Metadata(string name) => typeof(ClientProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == name).Value!;

    /// <summary>Skips the test where the library is not installed.</summary>
    public static async Task RequireAsync(string library) =>
        Require(library == "authlib" ? await HasAuthlib.Value : Directory.Exists(Path.Combine(Folder, "node_modules", library)), library);

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string program, string[] arguments, (string Name, string? Value)[] environment, string folder = "")
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    // A client that is not installed must be seen: as skipped at a desk, as a failure where everything should be there.
    private static void Require(bool present, string what)
    {
        var message = $"{what} is not installed; tests/Compatibility.Tests/clients/install does it";
        Assert.False(!present && Environment.GetEnvironmentVariable("CI") == "true", message);
        Assert.SkipUnless(present, message);
    }
}

using System.Diagnostics;
using System.Text.Json;

namespace Countersign.Cli.Tests;

/// <summary>The built program with <c>dev</c>, in a process of its own; the commands of a test run in the test's.</summary>
public sealed class DevServer : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Process? _process;

    internal string DevJson => _folder.Path("dev.json");

    internal JsonElement Dev => JsonElement.Parse(File.ReadAllText(DevJson));

    internal string Issuer => Dev.GetProperty("issuer").GetString()!;

    internal string ClientId => Dev.GetProperty("service_account").GetProperty("client_id").GetString()!;

    public async ValueTask InitializeAsync()
    {
        // The program as it is built for use; the copy beside the tests lacks its native parts.
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(folder.Parent!.Parent!.FullName, "Cli", folder.Name, "countersign.dll");
        _process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { program, "dev", "--port", "0", "--data", _folder.Path("") },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("ready ", StringComparison.Ordinal))
            {
                // Nobody reads on, and a full pipe would stop the server.
                _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);

                return;
            }
        }

        throw new InvalidOperationException("the server ended before it was ready");
    }

    public async ValueTask DisposeAsync()
    {
        _process?.Kill(entireProcessTree: true);
        await (_process?.WaitForExitAsync() ?? Task.CompletedTask);
        _process?.Dispose();
        _folder.Dispose();
    }

    internal Task<Ran> RunAsync(params string[] args) => RunWithInputAsync("", args);

    internal Task<Ran> RunWithInputAsync(string input, params string[] args) =>
        Ran.AtAsync(TimeProvider.System, [], input, [.. args, "--profile", DevJson]);

    /// <summary>Runs a command that must succeed, and reads its JSON.</summary>
    internal async Task<JsonElement> JsonAsync(params string[] args)
    {
        var ran = await RunAsync([.. args, "--json"]);

        Assert.Equal((0, ""), (ran.Code, ran.Error.Replace("Keep the secret now: it is not shown again.\n", "", StringComparison.Ordinal)));

        return ran.Json;
    }

    /// <summary>Asks for a token as a script would.</summary>
    internal async Task<(int Status, JsonElement Body)> TokenAsync(string clientId, string secret, string? scope = null)
    {
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = clientId,
            ["client_secret"] = secret,
        }.Concat(scope is null ? [] : [new("scope", scope)]));
        using var response = await http.PostAsync(Dev.GetProperty("token_endpoint").GetString(), form);

        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>Another issuer, by a script of a library's folder under `clients`, as a child process on loopback. It answers each line with a line.</summary>
internal sealed class ForeignIssuer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ConcurrentQueue<string?> _errors = new();

    private ForeignIssuer(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Where it is: for some also the <c>iss</c> of its tokens.</summary>
    public string Url { get; private set; } = "";

    public static async Task<ForeignIssuer> StartAsync(string library, params (string Name, string Value)[] environment)
    {
        await ClientProgram.RequireAsync(library);
        var script = Path.Combine(ClientProgram.Metadata("ClientsFolder"), library, "issuer.mjs");
        var start = new ProcessStartInfo("node", [script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var issuer = new ForeignIssuer(Process.Start(start)!);
        issuer.Url = await issuer.ReadAsync();

        return issuer;
    }

    /// <summary>What it answers to a line.</summary>
    public async Task<string> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);

        return await ReadAsync();
    }

    /// <summary>A token with these claims, and with the later ones in place of earlier ones; those of time it adds itself.</summary>
    public Task<string> TokenAsync(string claims, params (string Name, object Value)[] others) => AskAsync(Line(claims, others, offer: false));

    /// <summary>What a job that asks for a token gets, for the audience that it asks for.</summary>
    public Task OfferAsync(string claims, params (string Name, object Value)[] others) => AskAsync(Line(claims, others, offer: true));

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static string Line(string claims, (string Name, object Value)[] others, bool offer)
    {
        var all = JsonSerializer.Deserialize<Dictionary<string, object>>(claims)!;

        foreach (var (name, value) in others)
        {
            all[name] = value;
        }

        return JsonSerializer.Serialize(new { claims = all, offer });
    }

    private async Task<string> ReadAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);

        return await _process.StandardOutput.ReadLineAsync(patience.Token)
            ?? throw new InvalidOperationException($"the issuer ended:\n{string.Join('\n', _errors)}");
    }
}

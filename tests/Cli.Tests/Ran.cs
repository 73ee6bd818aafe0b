using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Cli.Tests;

/// <summary>What a command line came to.</summary>
internal sealed record Ran(int Code, string Out, string Error)
{
    public static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public JsonElement Json => JsonElement.Parse(Out);

    /// <summary>Runs the program's own command tree against the server, as a client whose secret needs encoding.</summary>
    public static Task<Ran> Async(StubServer server, params string[] args) => WithInputAsync(server, "", args);

    public static Task<Ran> WithInputAsync(StubServer server, string input, params string[] args) => WithAsync(
        new()
        {
            ["COUNTERSIGN_SERVER"] = server.Issuer,
            ["COUNTERSIGN_CLIENT_ID"] = "ops",
            ["COUNTERSIGN_CLIENT_SECRET"] = "a secret:+%",
        },
        input,
        args);

    public static Task<Ran> WithAsync(Dictionary<string, string> environment, string input, params string[] args) =>
        AtAsync(new FakeTimeProvider(Now), environment, input, args);

    public static async Task<Ran> AtAsync(TimeProvider time, Dictionary<string, string> environment, string input, params string[] args)
    {
        using var stdout = new StringWriter();
        using var stderr = new StringWriter();
        using var stdin = new StringReader(input);
        var shell = new Shell
        {
            In = stdin,
            Out = stdout,
            Error = stderr,
            Environment = environment.GetValueOrDefault,
            Time = time,
        };

        var code = await Program.Commands(shell).InvokeAsync(args, TestContext.Current.CancellationToken);

        return new Ran(code, stdout.ToString(), stderr.ToString());
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Countersign.Measure;

/// <summary>What is posted, and as whom. The secret is in here, so it is passed on by environment only.</summary>
internal sealed record Posted(string Path, string Body, string? Authorization = null, string? CredentialsFile = null, string? BodiesFile = null);

/// <summary>One run of wrk, and what the server spent on it: CPU time and bytes allocated are per request.</summary>
internal sealed record WrkRun(
    long Requests, double PerSecond, double P50Millis, double P99Millis, double CpuMicros, double CpuBusy, double AllocatedBytes);

/// <summary>Debian's wrk: a closed loop over a fixed number of connections, bound to its own CPU.</summary>
internal sealed class Wrk(int cpu, int connections)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public async Task<WrkRun> PostAsync(PinnedProcess server, Posted posted, int seconds)
    {
        var start = new ProcessStartInfo(
            "taskset",
            [
                "-c", Text(cpu),
                "wrk", "--threads", "1", "--connections", Text(connections), "--duration", $"{seconds}s", "--timeout", "20s", "--latency",
                "--script", Layout.WrkScript, new UriBuilder(server.Address) { Host = "127.0.0.1", Path = posted.Path }.Uri.ToString(),
            ])
        {
            RedirectStandardOutput = true,
            Environment =
            {
                ["BENCH_BODY"] = posted.Body,
                ["BENCH_HOST"] = server.Address.Authority,
                ["BENCH_AUTHORIZATION"] = posted.Authorization,
                ["BENCH_CREDENTIALS"] = posted.CredentialsFile,
                ["BENCH_BODIES"] = posted.BodiesFile,
            },
        };

        var allocatedBefore = await server.AllocatedBytesAsync();
        var cpuBefore = server.CpuTime;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var cpuUsed = server.CpuTime - cpuBefore;
        var allocated = await server.AllocatedBytesAsync() - allocatedBefore;

        var line = output.Split('\n').SingleOrDefault(line => line.StartsWith("json ", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"wrk ended with {process.ExitCode}:\n{output}");
        var done = JsonSerializer.Deserialize<Done>(line["json ".Length..], Json)!;

        // A refusal is cheaper or dearer than an answer: a run with refusals measures something else.
        return done.Refused + done.Failed == 0
            ? new WrkRun(
                done.Requests, done.Requests * 1e6 / done.Micros, done.P50Micros / 1e3, done.P99Micros / 1e3,
                cpuUsed.TotalMicroseconds / done.Requests, cpuUsed.TotalMicroseconds / done.Micros, (double)allocated / done.Requests)
            : throw new InvalidOperationException(
                $"of {done.Requests} requests to {posted.Path}, {done.Refused} were refused and {done.Failed} failed"
                + (posted.BodiesFile is null ? "" : $" ({File.ReadLines(posted.BodiesFile).Count()} forms were there, each good once)"));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Done(long Requests, double Micros, double P50Micros, double P99Micros, long Refused, long Failed);
}

using System.Text.Encodings.Web;
using System.Text.Json;

namespace Countersign.Measure;

/// <summary>The scenarios of the hot path, each in turn with a bare Kestrel that does the unavoidable part of the same work.</summary>
internal sealed class Load(LoadOptions options)
{
    // Requests per second that the first run of a scenario may reach; from then on what was measured counts.
    private const double FirstGuess = 15_000;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Wrk _wrk = new(options.LoadCpu, options.Connections);
    private long _tokens;

    public async Task RunAsync()
    {
        await using var server = await CountersignDev.StartAsync(options.ServerCpu);
        var scenarios = (await Scenario.PrepareAsync(server, options.SecretInForm))
            .Where(s => options.Only is not { } only || s.Name.Contains(only, StringComparison.OrdinalIgnoreCase)).ToList();
        var residentAtStart = server.Process.ResidentBytes;
        var before = await Database.ReadAsync(server.Data);

        var results = new List<ScenarioResult>();
        foreach (var scenario in scenarios)
        {
            results.Add(await CompareAsync(server, scenario));
        }

        var (resident, peak) = (server.Process.ResidentBytes, server.Process.PeakResidentBytes);

        // Stopping writes the roll-ups that are still in memory: they are part of the growth.
        await server.StopAsync();
        var after = await Database.ReadAsync(server.Data);

        var report = new LoadReport(
            options.Connections, options.Seconds, options.Rounds, results,
            new MemoryResult(residentAtStart, resident, peak),
            GrowthResult.Of(_tokens, before, after));
        Console.WriteLine(report.ToText());
        if (options.JsonFile is { } file)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json));
        }
    }

    private async Task<ScenarioResult> CompareAsync(CountersignDev server, Scenario scenario)
    {
        await Console.Error.WriteLineAsync($"measuring: {scenario.Name}");

        // The ceiling answers as many bytes as we do: the very bytes that we answered once.
        var answer = Path.Combine(server.Data, "answer.json");
        await File.WriteAllBytesAsync(answer, await server.PostAsync(scenario.Fresh(server.Data, 1)));
        await using var ceiling = await PinnedProcess.StartAsync(
            options.ServerCpu,
            "dotnet", "exec", "--runtimeconfig", Layout.RuntimeSettings,
            Layout.Ceiling, "--mode", scenario.Ceiling, "--body", answer);
        var perSecond = FirstGuess;

        await OursAsync(options.WarmUpSeconds);
        await _wrk.PostAsync(ceiling, scenario.Posted, options.WarmUpSeconds);

        var rounds = new List<(WrkRun Ours, WrkRun Ceiling)>();
        for (var round = 0; round < options.Rounds; round++)
        {
            // In turn, so that whatever slows the machine for a while slows both.
            rounds.Add((await OursAsync(options.Seconds), await _wrk.PostAsync(ceiling, scenario.Posted, options.Seconds)));
        }

        var half = rounds.Select(round => round.Ours.PerSecond).Median() / 2;
        var steady = await new SteadyLoad(options.Connections).PostAsync(
            server.Process, scenario.Fresh(server.Data, (int)(half * options.Seconds) + options.Connections), half, options.Seconds);
        _tokens += scenario.IssuesTokens ? (long)(half * options.Seconds) : 0;

        return ScenarioResult.Of(scenario, rounds, steady);

        async Task<WrkRun> OursAsync(int seconds)
        {
            var run = await _wrk.PostAsync(server.Process, scenario.Fresh(server.Data, (int)(perSecond * 2.5 * seconds) + options.Connections), seconds);
            perSecond = run.PerSecond;
            _tokens += scenario.IssuesTokens ? run.Requests : 0;
            return run;
        }
    }
}

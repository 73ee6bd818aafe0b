namespace Countersign.Measure;

/// <summary>Medians over the rounds; the ratio is the median of the rounds' own ratios.</summary>
internal sealed record ScenarioResult(
    string Scenario, string Ceiling, double PerSecond, double CeilingPerSecond, double Ratio, double Budget,
    double P50Millis, double P99Millis, double CeilingP99Millis, double CpuMicros, double CeilingCpuMicros, double CpuRatio, double CpuBusy,
    double AllocatedBytes, double CeilingAllocatedBytes, SteadyRun AtHalfOfPeak)
{
    public static ScenarioResult Of(Scenario scenario, IReadOnlyList<(WrkRun Ours, WrkRun Ceiling)> rounds, SteadyRun steady) => new(
        scenario.Name,
        scenario.Ceiling,
        rounds.Select(round => round.Ours.PerSecond).Median(),
        rounds.Select(round => round.Ceiling.PerSecond).Median(),
        rounds.Select(round => round.Ours.PerSecond / round.Ceiling.PerSecond).Median(),
        scenario.Budget,
        rounds.Select(round => round.Ours.P50Millis).Median(),
        rounds.Select(round => round.Ours.P99Millis).Median(),
        rounds.Select(round => round.Ceiling.P99Millis).Median(),
        rounds.Select(round => round.Ours.CpuMicros).Median(),
        rounds.Select(round => round.Ceiling.CpuMicros).Median(),
        rounds.Select(round => round.Ceiling.CpuMicros / round.Ours.CpuMicros).Median(),
        rounds.Select(round => round.Ours.CpuBusy).Median(),
        rounds.Select(round => round.Ours.AllocatedBytes).Median(),
        rounds.Select(round => round.Ceiling.AllocatedBytes).Median(),
        steady);
}

internal sealed record MemoryResult(long AtStartBytes, long AfterLoadBytes, long PeakBytes)
{
    public string ToText() =>
        $"{Figures.Megabytes(AtStartBytes)} RSS before load, {Figures.Megabytes(AfterLoadBytes)} after, {Figures.Megabytes(PeakBytes)} at most";
}

internal sealed record GrowthResult(long Tokens, long Bytes, double BytesPer1000Tokens, IReadOnlyDictionary<string, long> NewRows)
{
    public static GrowthResult Of(long tokens, Database before, Database after)
    {
        var bytes = after.Bytes - before.Bytes;
        return new GrowthResult(tokens, bytes, bytes * 1000.0 / tokens, after.GrownSince(before));
    }

    public string ToText() =>
        $"{Figures.Whole(BytesPer1000Tokens)} bytes per 1,000 tokens ({Figures.Whole(Bytes)} bytes for {Figures.Whole(Tokens)} tokens); new rows: "
        + (NewRows.Count == 0 ? "none" : string.Join(", ", NewRows.Select(table => $"{table.Key} {table.Value}")));
}

/// <summary>What one run of bench/load found.</summary>
internal sealed record LoadReport(
    int Connections, int Seconds, int Rounds, IReadOnlyList<ScenarioResult> Scenarios, MemoryResult Memory, GrowthResult Growth)
{
    public string ToText()
    {
        var table = new TextTable(
            "scenario", "ours/s", "ceiling", "ceiling/s", "ratio", "budget", "", "p50 ms", "p99 ms", "ceiling p99", "CPU µs", "CPU ratio", "CPU busy", "bytes", "ceiling's", "half p50", "half p99");
        foreach (var s in Scenarios)
        {
            table.Add(
                s.Scenario, Figures.Whole(s.PerSecond), s.Ceiling, Figures.Whole(s.CeilingPerSecond),
                Figures.Fine(s.Ratio), Figures.Fine(s.Budget), s.Ratio >= s.Budget ? "held" : $"missed by {Figures.Fine(s.Budget - s.Ratio)}",
                Figures.Fine(s.P50Millis), Figures.Fine(s.P99Millis), Figures.Fine(s.CeilingP99Millis),
                Figures.Fine(s.CpuMicros), Figures.Fine(s.CpuRatio), Figures.Percent(s.CpuBusy),
                Figures.Whole(s.AllocatedBytes), Figures.Whole(s.CeilingAllocatedBytes),
                Figures.Fine(s.AtHalfOfPeak.P50Millis), Figures.Fine(s.AtHalfOfPeak.P99Millis));
        }

        return $"""

            {table}

            {Connections} connections; rounds: {Rounds} of {Seconds} s, ours and the ceiling's in turn; medians.
            memory   {Memory.ToText()}
            database {Growth.ToText()}
            """;
    }
}

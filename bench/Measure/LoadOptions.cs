namespace Countersign.Measure;

/// <summary>How a load is driven: which CPU serves, which one drives, how hard and how long.</summary>
internal sealed record LoadOptions
{
    public required int ServerCpu { get; init; }

    public required int LoadCpu { get; init; }

    public required int Connections { get; init; }

    public required int Seconds { get; init; }

    public required int Rounds { get; init; }

    public required bool SecretInForm { get; init; }

    /// <summary>Part of the names of the scenarios to run; null for all.</summary>
    public required string? Only { get; init; }

    public required string? JsonFile { get; init; }

    /// <summary>Long enough for the runtime to compile the hot path a second time.</summary>
    public int WarmUpSeconds => Math.Clamp(Seconds, 3, 5);
}

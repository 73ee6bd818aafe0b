namespace Countersign.Cli;

internal enum ExitCode
{
    Done = 0,
    Refused = 1,
    Usage = 2,
    Unreachable = 3,
    NotAllowed = 4,
}

/// <summary>Ends the program with a sentence for people and an exit code for scripts.</summary>
/// <remarks>Thrown, not returned: whatever goes wrong here ends the whole call, in <see cref="CommandLine"/>.</remarks>
internal sealed class CommandFault(ExitCode code, string message) : Exception(message)
{
    public ExitCode Code => code;

    /// <summary>The server's answer, when it was the server that refused.</summary>
    public Problem? Problem { get; init; }

    public static CommandFault Usage(string message) => new(ExitCode.Usage, message);

    public static CommandFault Refused(string message) => new(ExitCode.Refused, message);
}

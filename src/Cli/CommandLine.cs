using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Countersign.Cli;

/// <summary>The root command: the options that stand everywhere, and the one place where a fault becomes an exit code.</summary>
internal sealed class CommandLine : RootCommand
{
    // sysexits.h calls this "internal software error".
    private const int Unexpected = 70;

    public CommandLine(Shell shell)
        : base("Countersign, an OAuth 2.0 authorization server for machines: the server and the commands that manage it.")
    {
        Shell = shell;
        Options.Add(Json);
        Options.Add(Profile);

        foreach (var option in Options.OfType<HelpOption>())
        {
            option.Action = new HelpWithExample((HelpAction)option.Action!);
        }
    }

    public Shell Shell { get; }

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the server's JSON answer, one document.",
        Recursive = true,
    };

    public Option<string> Profile { get; } = new("--profile")
    {
        Description = "File with server, client_id and client_secret or key_file (mode 0600), or the dev.json of `countersign dev`. "
            + "Default: $COUNTERSIGN_PROFILE, then $XDG_CONFIG_HOME/countersign/profile.json. The environment's COUNTERSIGN_SERVER, COUNTERSIGN_CLIENT_ID, "
            + "COUNTERSIGN_CLIENT_SECRET and COUNTERSIGN_KEY_FILE win over it.",
        HelpName = "file",
        Recursive = true,
    };

    public async Task<int> InvokeAsync(IReadOnlyList<string> args, CancellationToken ct = default)
    {
        // A name that begins with @ is a name, not a file of more arguments.
        var parsed = Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var invocation = new InvocationConfiguration
        {
            Output = Shell.Out,
            Error = Shell.Error,
            EnableDefaultExceptionHandler = false,
            // The server ends its own work on a signal; the other commands may stop anywhere.
            ProcessTerminationTimeout = null,
        };

        try
        {
            return parsed.Action is ParseErrorAction
                ? await MisusedAsync(parsed, invocation, ct)
                : await parsed.InvokeAsync(invocation, ct);
        }
        catch (CommandFault fault)
        {
            return await EndAsync((int)fault.Code, fault.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await EndAsync((int)ExitCode.Usage, e.Message);
        }
        catch (OperationCanceledException)
        {
            return await EndAsync((int)ExitCode.Unreachable, "interrupted");
        }
        catch (Exception e)
        {
            return await EndAsync(Unexpected, $"an unexpected fault, please report it: {e.GetType().Name}: {e.Message}");
        }
    }

    private async Task<int> MisusedAsync(ParseResult parsed, InvocationConfiguration invocation, CancellationToken ct)
    {
        var command = parsed.CommandResult.Command;

        // A noun alone asks what can be done with it.
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            await Parse([.. Path(command).Skip(1), "--help"]).InvokeAsync(invocation, ct);

            return (int)ExitCode.Usage;
        }

        var errors = parsed.Errors.Select(error => error.Message).Distinct();

        return await EndAsync((int)ExitCode.Usage, $"{string.Join('\n', errors)}\nSee: {string.Join(' ', Path(command))} --help");
    }

    private async Task<int> EndAsync(int code, string message)
    {
        await Shell.Error.WriteLineAsync($"error: {PlainText.WithoutSecrets(PlainText.Lines(message))}");

        return code;
    }

    private static IEnumerable<string> Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? [.. Path(parent), command.Name] : ["countersign"];
}

using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Countersign.Cli;

/// <summary>A command with one example, which its help shows.</summary>
internal abstract class ExemplaryCommand(string name, string description, string example) : Command(name, description)
{
    public string Example { get; } = example;
}

/// <summary>A command that groups others: <c>account</c>.</summary>
internal sealed class Noun(string name, string description, string example) : ExemplaryCommand(name, description, example);

/// <summary>A command that does something: <c>account create</c>.</summary>
internal sealed class Verb(string name, string description, string example) : ExemplaryCommand(name, description, example)
{
    public void Add(IEnumerable<Option> options)
    {
        foreach (var option in options)
        {
            Add(option);
        }
    }

    public Verb Does(Func<Call, CancellationToken, Task> act) => Does(async (call, ct) =>
    {
        await act(call, ct);

        return (int)ExitCode.Done;
    });

    public Verb Does(Func<Call, CancellationToken, Task<int>> act)
    {
        SetAction(async (parsed, ct) =>
        {
            using var call = new Call(parsed, (CommandLine)parsed.RootCommandResult.Command);

            return await act(call, ct);
        });

        return this;
    }
}

/// <summary>The help of System.CommandLine with the command's example below it.</summary>
internal sealed class HelpWithExample(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        // The width is the terminal's; where there is none, lines are left whole.
        var isTerminal = ((CommandLine)parseResult.RootCommandResult.Command).Shell.OutIsTerminal;
        help.MaxWidth = isTerminal ? help.MaxWidth : int.MaxValue;
        help.Invoke(parseResult);

        var example = parseResult.CommandResult.Command is ExemplaryCommand command ? command.Example : "countersign dev --port 8080";
        parseResult.InvocationConfiguration.Output.WriteLine($"Example:\n  {example}\n");

        return (int)ExitCode.Done;
    }
}

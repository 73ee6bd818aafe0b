using System.CommandLine;
using System.CommandLine.Parsing;

namespace Countersign.Cli.Tests;

public sealed class HelpTests
{
    private static readonly Shell Silent = new()
    {
        In = TextReader.Null,
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        Environment = _ => null,
    };

    public static TheoryData<string> Paths => [.. Walk(Program.Commands(Silent)).Select(found => found.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Every_command_has_a_description_and_an_example(string path)
    {
        var help = await Ran.WithAsync([], "", [.. path.Split(' ').Skip(1), "--help"]);

        Assert.Equal(0, help.Code);
        Assert.Contains("Description:\n  ", help.Out, StringComparison.Ordinal);
        Assert.Contains($"Example:\n  countersign ", help.Out, StringComparison.Ordinal);
        Assert.Empty(help.Error);
    }

    [Fact]
    public void Every_example_is_a_command_line_that_parses()
    {
        var root = Program.Commands(Silent);

        foreach (var (path, command) in Walk(root).Where(found => found.Command is ExemplaryCommand))
        {
            var example = ((ExemplaryCommand)command).Example;

            // What follows the sign is the shell's.
            var words = CommandLineParser.SplitCommandLine(example.Split(" < ")[0].Replace('\'', '"')).Skip(1);

            Assert.StartsWith(path, example, StringComparison.Ordinal);
            Assert.Empty(root.Parse([.. words]).Errors);
        }
    }

    [Fact]
    public void Every_option_and_argument_is_described()
    {
        var undescribed = Walk(Program.Commands(Silent)).SelectMany(found => found.Command.Options
            .Where(option => string.IsNullOrEmpty(option.Description)).Select(option => $"{found.Path} {option.Name}")
            .Concat(found.Command.Arguments
                .Where(argument => string.IsNullOrEmpty(argument.Description)).Select(argument => $"{found.Path} {argument.Name}")));

        Assert.Empty(undescribed);
    }

    private static IEnumerable<(string Path, Command Command)> Walk(Command command, string? parent = null)
    {
        var path = parent is null ? "countersign" : $"{parent} {command.Name}";

        return command.Subcommands.SelectMany(child => Walk(child, path)).Prepend((path, command));
    }
}

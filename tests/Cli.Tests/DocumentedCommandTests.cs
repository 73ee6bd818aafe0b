using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Countersign.Cli.Tests;

/// <summary>What the documents tell people to type must be what the program reads.</summary>
public sealed partial class DocumentedCommandTests
{
    private static readonly string Root = typeof(DocumentedCommandTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "RepositoryRoot").Value!;

    private static readonly Shell Silent = new()
    {
        In = TextReader.Null,
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        Environment = _ => null,
    };

    public static TheoryData<string> Documents =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(Root, "README.md"))
            .Where(file => Commands(file).Any())
            .Select(file => Path.GetRelativePath(Root, file))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Each_command_in_a_document_is_one_of_the_program(string document)
    {
        var root = Program.Commands(Silent);

        Assert.All(Commands(Path.Combine(Root, document)), command => Assert.True(
            root.Parse(Words(command)).Errors is [], $"{command}: {string.Join("; ", root.Parse(Words(command)).Errors.Select(error => error.Message))}"));
    }

    // A line that follows the prompt, or what a pipe leads into.
    private static IEnumerable<string> Commands(string file) =>
        Command().Matches(File.ReadAllText(file).Replace("\\\n", " ", StringComparison.Ordinal))
            // The one variable whose value must be one of some.
            .Select(match => match.Groups["words"].Value.Replace("$ALG", "ES256", StringComparison.Ordinal));

    /// <summary>The words as a POSIX shell divides them, up to what is the shell's own.</summary>
    private static List<string> Words(string command)
    {
        List<string> words = [];
        StringBuilder? word = null;
        var quote = '\0';

        foreach (var c in command)
        {
            if (quote != '\0')
            {
                _ = c == quote ? word : word!.Append(c);
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '\'' or '"')
            {
                (quote, word) = (c, word ?? new());
            }
            else if (c is '<' or '>' or '|' or '&')
            {
                break;
            }
            else if (c != ' ')
            {
                word = (word ?? new()).Append(c);
            }
            else if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }

        return word is null ? words : [.. words, word.ToString()];
    }

    [GeneratedRegex(@"^(\$ |[^`\n]*\| )countersign (?<words>[^\n]+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Command();
}

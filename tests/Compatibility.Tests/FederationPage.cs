using System.Text;
using System.Text.RegularExpressions;

namespace Countersign.Compatibility.Tests;

/// <summary>A page of docs/federation: its commands, with what there is in place of what the page invents.</summary>
internal sealed partial class FederationPage(string name, CountersignDev server, params (string Example, string Real)[] places)
{
    private readonly string _text = places.Aggregate(File.ReadAllText(Path.Combine(ClientProgram.Metadata("FederationPages"), name + ".md")), Put)
        .Replace("https://auth.example", server.Dev.Issuer, StringComparison.Ordinal)
        .Replace("https://orders.example", server.Dev.Api.Identifier, StringComparison.Ordinal);

    /// <summary>The commands of a console block under a heading. What `cat` prints there becomes the file.</summary>
    public string Commands(string heading, int block = 0)
    {
        var commands = new StringBuilder();
        var (continues, file) = (false, "");

        foreach (var line in Blocks(heading, "console")[block].Split('\n'))
        {
            var isCommand = line.StartsWith("$ ", StringComparison.Ordinal);

            if (isCommand || continues)
            {
                commands.Append(file.Length > 0 ? "END\n" : "");
                file = line.StartsWith("$ cat ", StringComparison.Ordinal) ? line[6..] : "";
                commands.Append(file.Length > 0 ? $"cat > {file} <<'END'" : isCommand ? line[2..] : line).Append('\n');
                continues = line.EndsWith('\\');
            }
            else if (file.Length > 0)
            {
                commands.Append(line).Append('\n');
            }
        }

        return commands.ToString();
    }

    /// <summary>A script within the YAML under a heading: what is indented further than the line that this text ends, and by that much.</summary>
    public string Script(string heading, string begin)
    {
        var lines = Blocks(heading, "yaml")[0].Split('\n').ToList();
        var first = lines.FindIndex(line => line.EndsWith(begin, StringComparison.Ordinal)) + 1;
        Assert.True(first > 0, begin);
        var indent = lines[first].Length - lines[first].TrimStart().Length;

        return string.Join('\n', lines.Skip(first).TakeWhile(line => line.Length == 0 || line.StartsWith(new string(' ', indent), StringComparison.Ordinal)).Select(line => line.Length == 0 ? line : line[indent..]));
    }

    /// <summary>The blocks of a language under a heading.</summary>
    public IReadOnlyList<string> Blocks(string heading, string language)
    {
        var section = Assert.Single(Section().Matches(_text), section => section.Groups["heading"].Value == heading).Groups["text"].Value;

        return [.. Block().Matches(section).Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["code"].Value)];
    }

    /// <summary>Runs commands as a person would who has this server's profile, beside stand-ins for the tools of the platform.</summary>
    public Task<string> RunAsync(string folder, string commands, string tools = "", params (string, string?)[] environment) => ClientProgram.BashInAsync(
        folder,
        $$"""
        countersign() { "$COUNTERSIGN" "$@"; }
        {{tools}}
        {{commands}}
        """,
        [.. server.Environment, .. environment]);

    private static string Put(string text, (string Example, string Real) place)
    {
        Assert.Contains(place.Example, text, StringComparison.Ordinal);

        return text.Replace(place.Example, place.Real, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^##+ (?<heading>.+)$(?<text>(?s:.*?))(?=^##+ |\z)", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}

using System.Text.RegularExpressions;

namespace Countersign.Compatibility.Tests;

/// <summary>A page of docs/signing: the commands that make the key, one program, and how it is run.</summary>
internal sealed partial record SigningPage(string Name, string Setup, string Program, string Command)
{
    // What runs must leave nothing behind, and no settings of the build that runs the tests may reach it.
    private static readonly (string, string?)[] s_environment =
    [
        ("ArtifactsPath", null),
        ("UseSharedCompilation", "false"),
        ("MSBUILDDISABLENODEREUSE", "1"),
        ("DOTNET_NOLOGO", "1"),
        ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
        ("GOTOOLCHAIN", "local"),
        // Debian's Python has Debian's packages.
        ("PATH", $"/usr/bin:{Environment.GetEnvironmentVariable("PATH")}"),
    ];

    public static SigningPage Read(string name)
    {
        var text = File.ReadAllText(Path.Combine(ClientProgram.Metadata("SigningPages"), name + ".md"));
        var program = Assert.Single(Block().Matches(text), block => block.Groups["language"].Value == Language(name));
        var setup = Block().Matches(text).First(block => block.Groups["language"].Value == "console").Groups["code"].Value;
        var command = Run().Match(text).Groups["command"].Value;
        Assert.NotEmpty(command);

        return new SigningPage(name, Prompt().Replace(setup, ""), program.Groups["code"].Value, command);
    }

    /// <summary>Runs the program in that folder; returns what it printed.</summary>
    public async Task<string> RunAsync(string folder, params (string, string?)[] settings)
    {
        await RequireAsync();

        if (Name == "node")
        {
            File.CreateSymbolicLink(Path.Combine(folder, "node_modules"), Path.Combine(ClientProgram.Metadata("ClientsFolder"), "node_modules"));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, Command.Split(' ')[^1]), Program, TestContext.Current.CancellationToken);
        var home = ("DOTNET_CLI_HOME", folder);
        var output = await ClientProgram.BashInAsync(
            folder, Command, [.. s_environment, home, ("XDG_DATA_HOME", folder), ("GOCACHE", Path.Combine(folder, "go")), .. settings]);

        return output.Trim();
    }

    public async Task RequireAsync()
    {
        if (Name == "go")
        {
            var found = await ClientProgram.BashAsync("command -v go || true");
            Assert.SkipWhen(found.Length == 0, "go is not on the PATH: the program of docs/signing/go.md was not run");
        }
        else if (Name is "python" or "node")
        {
            await ClientProgram.RequireAsync(Name == "python" ? "authlib" : "jose");
        }
    }

    private static string Language(string name) => name == "node" ? "js" : name;

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"[Rr]un it by `(?<command>[^`]+)`")]
    private static partial Regex Run();

    [GeneratedRegex(@"^\$ ", RegexOptions.Multiline)]
    private static partial Regex Prompt();
}

using System.CommandLine;
using Spectre.Console;

namespace Countersign.Cli;

/// <summary>
/// A secret from standard input or a file. Never from the arguments: other users of the machine see those, and shells keep them.
/// </summary>
internal static class SecretInput
{
    private const int Longest = 16 * 1024;

    public static Option<string> FileOption(string name, string what) => new(name)
    {
        Description = $"File that holds {what} (standard input unless given).",
        HelpName = "file",
    };

    public static Task<string> ReadAsync(Call call, Option<string> file, string what, CancellationToken ct) =>
        ReadAsync(call, call.Get(file), what, ct);

    /// <param name="call">The call.</param>
    /// <param name="file">The file; standard input when it is null or <c>-</c>.</param>
    /// <param name="what">What is read, in words.</param>
    /// <param name="ct">Ends the wait.</param>
    public static async Task<string> ReadAsync(Call call, string? file, string what, CancellationToken ct)
    {
        var text = file is { } path and not "-" ? await FirstLineAsync(File.OpenText(path), ct)
            : call.Shell.InIsTerminal ? await AskAsync(call, what, ct)
            : await FirstLineAsync(call.Shell.In, ct);

        return text is { Length: > 0 and <= Longest } ? text : throw CommandFault.Usage($"no {what} was given on standard input or in a file, or it is too long");
    }

    private static async Task<string?> FirstLineAsync(TextReader reader, CancellationToken ct)
    {
        using (reader)
        {
            var buffer = new char[Longest + 1];
            var length = await reader.ReadBlockAsync(buffer, ct);

            return new string(buffer, 0, length).Trim().Split('\n', '\r')[0];
        }
    }

    private static async Task<string?> AskAsync(Call call, string what, CancellationToken ct) =>
        await new TextPrompt<string>($"The {what}:").Secret(null).ShowAsync(call.Output.Remarks, ct);
}

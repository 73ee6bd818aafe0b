using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli;

/// <summary>Text and JSON from a file, or from standard input for <c>-</c>. Nothing secret: see <see cref="SecretInput"/>.</summary>
internal static class TextInput
{
    // The longest expression is 4 KiB, the largest key set 256 KiB.
    private const int Longest = 1024 * 1024;

    public static async Task<string> ReadAsync(Call call, string file, CancellationToken ct)
    {
        using var reader = file == "-" ? call.Shell.In : File.OpenText(file);
        var buffer = new char[Longest + 1];
        var length = await reader.ReadBlockAsync(buffer, ct);

        return length <= Longest
            ? new string(buffer, 0, length)
            : throw CommandFault.Usage($"{Shown(file)} is too long: at most {Longest} characters are read");
    }

    public static async Task<JsonObject> ObjectAsync(Call call, string file, CancellationToken ct) =>
        await NodeAsync(call, file, ct) as JsonObject
        ?? throw CommandFault.Usage($"{Shown(file)} is not a JSON object: it should begin with {{");

    public static async Task<JsonArray> ArrayAsync(Call call, string file, CancellationToken ct) =>
        await NodeAsync(call, file, ct) as JsonArray
        ?? throw CommandFault.Usage($"{Shown(file)} is not a JSON array: it should begin with [");

    /// <summary>The text itself, unless it names a file.</summary>
    public static async Task<string> TextOrFileAsync(Call call, string text, CancellationToken ct)
    {
        if (text == "-" || File.Exists(text))
        {
            return (await ReadAsync(call, text, ct)).TrimEnd();
        }

        return text.EndsWith(".cel", StringComparison.Ordinal)
            ? throw CommandFault.Usage($"there is no file {text}: give a file that exists, or the expression itself")
            : text;
    }

    private static async Task<JsonNode?> NodeAsync(Call call, string file, CancellationToken ct)
    {
        var text = await ReadAsync(call, file, ct);

        try
        {
            return JsonNode.Parse(text, documentOptions: new() { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw CommandFault.Usage($"{Shown(file)} is not JSON: line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}");
        }
    }

    private static string Shown(string file) => file == "-" ? "standard input" : file;
}

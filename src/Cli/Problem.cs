using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Countersign.Cli;

/// <summary>A refusal of the server: problem details (RFC 9457), or an OAuth error (RFC 6749 §5.2).</summary>
internal sealed partial record Problem(
    HttpStatusCode Status, string Summary, string? TraceId, IReadOnlyList<KeyValuePair<string, string>> Errors)
{
    public CommandFault Fault(string? added = null) => new(Code, Describe(added)) { Problem = this };

    private ExitCode Code => Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? ExitCode.NotAllowed : ExitCode.Refused;

    public static Problem Of(HttpStatusCode status, JsonElement? body)
    {
        if (body is not { ValueKind: JsonValueKind.Object } answer)
        {
            return new Problem(status, $"the server answers {(int)status}, and not in JSON", null, []);
        }

        var title = Json.Text(answer, "title") ?? Json.Text(answer, "error") ?? $"the server answers {(int)status}";
        var detail = Json.Text(answer, "detail") ?? Json.Text(answer, "error_description");
        var trace = Json.Text(answer, "trace_id") ?? (detail is not null && Trace().Match(detail) is { Success: true } found
            ? found.Groups[1].Value
            : null);
        var fields = Json.At(answer, "errors") is { ValueKind: JsonValueKind.Object } errors
            ? errors.EnumerateObject().SelectMany(field => Sentences(field.Value), (field, text) => KeyValuePair.Create(field.Name, text))
            : [];

        return new Problem(status, detail is null || detail == title ? title : $"{title}: {detail}", trace, [.. fields]);
    }

    private string Describe(string? added)
    {
        List<string> lines = [Summary, .. Errors.Select(error => $"  {error.Key}: {error.Value}")];

        if (added is not null)
        {
            lines.Add(added);
        }

        if (TraceId is not null)
        {
            lines.Add($"Trace {TraceId}. To see every check: countersign explain {TraceId}");
        }

        // What the server sends may hold line breaks; only ours break lines.
        return string.Join('\n', lines.Select(PlainText.Line));
    }

    private static IEnumerable<string> Sentences(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Sentences),
        JsonValueKind.String => [value.GetString()!],
        _ => [],
    };

    [GeneratedRegex(@"\(trace ([0-9a-f-]{36})\)$")]
    private static partial Regex Trace();
}

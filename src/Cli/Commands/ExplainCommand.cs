using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Countersign.Cli.Commands;

internal static class ExplainCommand
{
    public static Verb Verb()
    {
        var id = new Argument<string>("trace-id") { Description = "The trace id that stands in the refusal." };

        return new Verb(
            "explain",
            "Explains a refusal: each check in order, the values compared, and what would make it pass.",
            "countersign explain 019c4f6e-0000-7000-8000-000000000001")
        {
            id,
        }.Does(async (call, ct) =>
        {
            var explanation = (await call.Admin.GetAsync($"explanations/{Lookup.Id(call.Get(id), "trace")}", ct)).Body;

            if (call.Output.IsJson)
            {
                call.Output.Answer(explanation);
            }
            else
            {
                Print(call.Output, explanation);
            }
        });
    }

    private static void Print(Output output, JsonElement explanation)
    {
        string[] answer = [.. Texts(explanation, "outcome", "error", "error_description")];
        string[] request = [.. Texts(explanation, "at", "kind", "client_id", "account", "credential", "method", "source")];

        output.Line(string.Join(": ", answer));
        output.Line(string.Join("  ", request));

        foreach (var check in Json.Items(explanation, "checks"))
        {
            Print(output, check, Json.At(check, "passed") is { ValueKind: JsonValueKind.True });
        }

        var hints = Json.Items(explanation, "checks").Select(check => Json.Text(check, "hint")).Prepend(Json.Text(explanation, "hint"));

        if (hints.FirstOrDefault(text => text is not null) is { } hint)
        {
            output.Line($"Hint: {hint}");
        }
    }

    private static void Print(Output output, JsonElement check, bool passed)
    {
        output.Line(new Paragraph()
            .Append(passed ? "✓ " : "✗ ", new Style(passed ? Color.Green : Color.Red))
            .Append(PlainText.Line(Json.Text(check, "check") ?? "?"), new Style(decoration: passed ? Decoration.None : Decoration.Bold))
            .Append(Json.Text(check, "detail") is { } detail ? $"  {PlainText.Line(detail)}" : ""));

        foreach (var name in (string[])["got", "expected"])
        {
            if (Json.At(check, name) is { } value)
            {
                output.Line($"    {name,-9} {value}");
            }
        }
    }

    private static IEnumerable<string> Texts(JsonElement element, params string[] names) =>
        names.Select(name => Json.Text(element, name)).OfType<string>();
}

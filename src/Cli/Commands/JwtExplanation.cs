using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Countersign.Cli.Commands;

/// <summary>An explanation for people: the verdict, the checks, the rules, and what would make it work.</summary>
internal static class JwtExplanation
{
    /// <summary>What came of it, in one line.</summary>
    public static string Verdict(JsonElement explanation)
    {
        if (Json.At(explanation, "token") is not { } token)
        {
            return string.Join(": ", Texts(explanation, "outcome", "error", "error_description"));
        }

        var audience = string.Join(", ", Json.Items(token, "audience").Select(one => one.ToString()));
        var scope = Json.Text(token, "scope") is { Length: > 0 } text ? text : "none";

        return $"{Json.Text(explanation, "outcome")}: a token of {Json.Text(token, "client_id")} for {audience}, scope {scope}";
    }

    public static string? Hint(JsonElement explanation) => Json.Items(explanation, "checks")
        .Where(check => !Passed(check))
        .Select(check => Json.Text(check, "hint"))
        .Prepend(Json.Text(explanation, "hint"))
        .FirstOrDefault(hint => hint is not null);

    /// <summary>What would become of a JWT.</summary>
    public static void Print(Output output, JsonElement explanation, ProposedRule proposal)
    {
        output.Line(Verdict(explanation));
        Checks(output, explanation);

        foreach (var rule in Json.Items(explanation, "rules"))
        {
            Rule(output, rule);
        }

        if (Json.At(explanation, "token") is { } token)
        {
            output.Line("The token would be:");
            output.Answer(token);
        }

        Advice(output, explanation, proposal);
    }

    /// <summary>What became of a request.</summary>
    public static void PrintRefusal(Output output, JsonElement explanation, ProposedRule proposal)
    {
        output.Line(Verdict(explanation));
        output.Line(string.Join("  ", Texts(explanation, "at", "kind", "client_id", "account", "credential", "method", "source")));
        Checks(output, explanation);
        Advice(output, explanation, proposal);
    }

    private static void Checks(Output output, JsonElement explanation)
    {
        foreach (var check in Json.Items(explanation, "checks"))
        {
            Line(output, "", Passed(check), Json.Text(check, "check"), Json.Text(check, "detail"));

            foreach (var name in (string[])["got", "expected"])
            {
                if (Json.At(check, name) is { } value)
                {
                    output.Line($"    {name,-9} {value}");
                }
            }
        }
    }

    private static void Rule(Output output, JsonElement rule)
    {
        var matched = Json.At(rule, "matched") is { ValueKind: JsonValueKind.True };
        string[] states = [matched ? "matches" : "does not match", .. Texts(rule, "mode").Where(mode => mode == "report").Select(_ => "only reports"),
            .. Texts(rule, "state").Where(state => state != "active")];
        var account = (Json.Text(rule, "account") ?? Json.Text(rule, "account.client_id")) is { } text ? $" (account {text})" : "";

        output.Line($"Rule {Json.Text(rule, "name")}: {string.Join(", ", states)}{account}");

        foreach (var condition in Json.Items(rule, "conditions"))
        {
            var sign = ConditionText.Sign(Json.Text(condition, "operator") ?? "?");
            Line(output, "  ", Passed(condition), $"{Json.Text(condition, "claim")} {sign} {Json.At(condition, "expected")}", Json.Text(condition, "detail"));

            if (!Passed(condition) && Json.At(condition, "got") is { } got)
            {
                output.Line($"      got       {got}");
            }
        }

        if (Json.At(rule, "cel") is { } cel)
        {
            Expression(output, cel);
        }
    }

    private static void Expression(Output output, JsonElement cel)
    {
        Line(output, "  ", Passed(cel), $"cel {Json.Text(cel, "expression")}", Json.At(cel, "value")?.ToString());

        foreach (var step in Json.Items(cel, "steps"))
        {
            output.Line($"      {Json.Text(step, "text")}  {Json.At(step, "value")}");
        }
    }

    private static void Advice(Output output, JsonElement explanation, ProposedRule proposal)
    {
        if (Hint(explanation) is { } hint)
        {
            output.Line($"Hint: {hint}");
        }

        if (Json.Text(explanation, "outcome") == "would-issue")
        {
            return;
        }

        if (proposal.Issuer is { } issuer)
        {
            Advice(output, "To trust its issuer:", ProposedRule.Command(issuer), $"Save this as issuer.json and POST it to /admin/v1/{Kind.Issuer.Path}:", issuer);
        }

        if (proposal.IsThere)
        {
            Advice(
                output,
                $"To save the narrowest rule that matches it (or {(proposal.Issuer is null ? "" : "both: ")}explain it again with --account CLIENT_ID --save{(proposal.Issuer is null ? "" : " --create-issuer")}):",
                proposal.Command(),
                "The narrowest rule that matches it, for countersign rule create --file rule.json:",
                proposal.Body());
        }
    }

    private static void Advice(Output output, string ready, string? command, string asJson, JsonObject body)
    {
        output.Line(command is null ? asJson : ready);

        foreach (var line in command is null ? JsonSerializer.Serialize(body, Output.Indented).Split('\n') : [command])
        {
            output.Line($"  {line}");
        }
    }

    private static void Line(Output output, string indent, bool passed, string? what, string? detail) => output.Line(new Paragraph()
        .Append(indent)
        .Append(passed ? "✓ " : "✗ ", new Style(passed ? Color.Green : Color.Red))
        .Append(PlainText.Line(what ?? "?"), new Style(decoration: passed ? Decoration.None : Decoration.Bold))
        .Append(detail is null ? "" : $"  {PlainText.Line(detail)}"));

    private static bool Passed(JsonElement check) => Json.At(check, "passed") is { ValueKind: JsonValueKind.True };

    private static IEnumerable<string> Texts(JsonElement element, params string[] names) =>
        names.Select(name => Json.Text(element, name)).OfType<string>();
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Spectre.Console;

namespace Countersign.Cli.Commands;

/// <summary>What was found in a JWT.</summary>
internal sealed class JwtFindings
{
    private static readonly string[] Times = ["exp", "nbf", "iat"];
    private static readonly string[] Effective = ["alg", "kid", "typ"];

    private readonly List<(string Check, bool? Passed, FailedCheck? Failed, string? Remark)> _checks = [];

    /// <summary>Null when it could not be read.</summary>
    public JsonObject? Header { get; set; }

    /// <summary>Undefined when they could not be read.</summary>
    public JsonElement Claims { get; set; }

    public bool IsSound => !_checks.Exists(check => check.Passed == false);

    public void Passed(string check, string? remark) => _checks.Add((check, true, null, remark));

    public void Unknown(string check, string remark) => _checks.Add((check, null, null, remark));

    /// <summary>Replaces what passed before under the same name.</summary>
    public void Failed(FailedCheck failed)
    {
        _checks.RemoveAll(check => check.Check == failed.Check);
        _checks.Add((failed.Check, false, failed, failed.Detail));
    }

    public bool Has(string check) => _checks.Exists(c => c.Check == check && c.Passed == false);

    public JsonElement ToJson() => JsonSerializer.SerializeToElement(new JsonObject
    {
        ["sound"] = IsSound,
        ["header"] = Header?.DeepClone(),
        ["claims"] = Claims.ValueKind == JsonValueKind.Undefined ? null : JsonNode.Parse(Claims.GetRawText()),
        ["checks"] = new JsonArray([.. _checks.Select(check => new JsonObject
        {
            ["check"] = check.Check,
            ["passed"] = check.Passed,
            ["detail"] = check.Remark,
            ["got"] = check.Failed?.Got,
            ["expected"] = check.Failed?.Expected,
            ["hint"] = check.Failed?.Hint,
        })]),
    });

    public void Print(Output output, DateTimeOffset now)
    {
        foreach (var (name, value) in Header ?? [])
        {
            output.Line($"  {name,-4} {value}{(Effective.Contains(name) ? "" : "  (without effect: no header chooses a key)")}");
        }

        foreach (var claim in Claims.ValueKind == JsonValueKind.Object ? Claims.EnumerateObject() : default)
        {
            output.Line($"  {claim.Name,-4} {(Times.Contains(claim.Name) ? JwtInspection.Time(claim.Value, now) : claim.Value.ToString())}");
        }

        foreach (var (check, passed, failed, remark) in _checks)
        {
            output.Line(new Paragraph()
                .Append(passed switch { true => "✓ ", false => "✗ ", null => "? " }, new Style(passed switch { true => Color.Green, false => Color.Red, null => Color.Yellow }))
                .Append(check, new Style(decoration: passed == false ? Decoration.Bold : Decoration.None))
                .Append(remark is null ? "" : $"  {PlainText.Line(remark)}"));

            foreach (var (name, text) in ((string, string?)[])[("got", failed?.Got), ("expected", failed?.Expected), ("hint", failed?.Hint)])
            {
                if (text is not null)
                {
                    output.Line($"    {name,-9} {text}");
                }
            }
        }

        output.Line(IsSound ? "Nothing is wrong with it." : "It would be refused.");
    }
}

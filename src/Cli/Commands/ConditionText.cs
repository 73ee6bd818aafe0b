using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Countersign.Cli.Commands;

/// <summary>A condition of a trust rule as people type it.</summary>
internal static partial class ConditionText
{
    public const string Forms = "claim=text, claim:=json, claim^=prefix, claim~=glob, 'claim in a,b' or 'claim contains text'";

    private static readonly (string Member, string Sign)[] Operators =
        [("equals", "="), ("prefix", "^="), ("glob", "~="), ("any_of", "in"), ("contains", "contains")];

    public static JsonObject Read(string text)
    {
        if (Form().Match(text) is not { Success: true } match || match.Groups["value"].Value.StartsWith('='))
        {
            throw CommandFault.Usage($"'{text}' is not a condition: {Forms}");
        }

        var value = match.Groups["value"].Value;
        var (member, expected) = match.Groups["sign"].Value switch
        {
            ":=" => ("equals", (JsonNode)Scalar(text, value)),
            "in" => ("any_of", value.StartsWith('[') ? Scalars(text, value) : Json.Array(value.Split(',', StringSplitOptions.TrimEntries))),
            var sign => (Operators.First(known => known.Sign == sign).Member, JsonValue.Create(value)),
        };

        return new JsonObject { ["claim"] = match.Groups["claim"].Value, [member] = expected };
    }

    /// <summary>The text that reads as this condition; null where none does, and only JSON can say it.</summary>
    public static string? Write(JsonElement condition)
    {
        if (Json.Text(condition, "claim") is not { } claim
            || Operators.FirstOrDefault(known => Json.At(condition, known.Member) is not null) is not { Member: { } member, Sign: var sign })
        {
            return null;
        }

        var value = Json.At(condition, member)!.Value;
        var space = char.IsAsciiLetter(sign[0]) ? " " : "";
        string[] candidates =
        [
            $"{claim}{space}{sign}{space}{Typed(value)}",
            member == "equals" ? $"{claim}:={value.GetRawText()}" : $"{claim} in {value.GetRawText()}",
        ];

        // What cannot be read back must not be shown as if it could be typed.
        return candidates.FirstOrDefault(text => Reads(text, condition));
    }

    /// <summary>The sign for an operator's name in an explanation.</summary>
    public static string Sign(string @operator) =>
        Operators.FirstOrDefault(known => known.Member == @operator) is { Sign: { } sign } ? sign : @operator;

    private static string Typed(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(Typed)),
        _ => value.GetRawText(),
    };

    private static bool Reads(string text, JsonElement condition)
    {
        try
        {
            return JsonNode.DeepEquals(Read(text), JsonObject.Create(condition));
        }
        catch (CommandFault)
        {
            return false;
        }
    }

    private static JsonValue Scalar(string text, string json) =>
        Parsed(text, json) is JsonValue value ? value : throw CommandFault.Usage($"'{text}': what follows := is a text, a number, true or false");

    private static JsonArray Scalars(string text, string json) =>
        Parsed(text, json) is JsonArray { Count: > 0 } values && values.All(value => value is JsonValue)
            ? values
            : throw CommandFault.Usage($"'{text}': what follows 'in' is a list of texts, numbers, true or false");

    private static JsonNode? Parsed(string text, string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            throw CommandFault.Usage($"the value in '{text}' is not JSON: for a text, write claim=text");
        }
    }

    // The first sign counts: a claim whose name holds one of them is for --file.
    [GeneratedRegex(
        @"^\s*(?<claim>[^\s=]*[^\s=:^~!])(?:\s*(?<sign>:=|\^=|~=|=)\s*|\s+(?<sign>in|contains)\s+)(?<value>.*\S)\s*$",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}

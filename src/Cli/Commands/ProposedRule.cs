using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary>What the server proposes in an explanation: a rule, and the issuer where that is missing too.</summary>
internal sealed class ProposedRule(JsonElement explanation, string? account, string? name)
{
    private const string SomeAccount = "CLIENT_ID";

    /// <summary>The id of the issuer that was just made.</summary>
    public string? CreatedIssuer { get; init; }

    /// <summary>The issuer to trust first, where the token's is not trusted.</summary>
    public JsonObject? Issuer { get; } = Json.At(explanation, "proposed_issuer") is { ValueKind: JsonValueKind.Object } issuer ? JsonObject.Create(issuer) : null;

    /// <summary>Nothing says that the token is what it says it is.</summary>
    public bool IsUnverified => Json.At(explanation, "verified") is { ValueKind: JsonValueKind.False };

    public bool IsThere => Rule() is not null;

    /// <summary>The rule as it can be saved, or as near as it is known.</summary>
    public JsonObject Body()
    {
        if (Rule() is not { } body)
        {
            throw CommandFault.Refused($"there is no rule to propose: {Why()}");
        }

        return body.With("name", name).With("account", account).With("trusted_issuer", CreatedIssuer);
    }

    public void CheckAccount()
    {
        // With an unknown issuer the rule itself may come later; whose it is must be said now.
        if (account is null && Rule()?["account"] is null)
        {
            throw CommandFault.Usage("the rule has to say whose the tokens are: add --account CLIENT_ID (see: countersign account list)");
        }

        _ = Issuer is null ? Body() : null;
    }

    /// <summary>The command that saves the rule; null where only JSON can say it.</summary>
    public string? Command()
    {
        var body = Body();
        string[] known = ["name", "trusted_issuer", "account", "conditions"];
        var conditions = body["conditions"] is JsonArray array
            ? array.Select(condition => ConditionText.Write(JsonSerializer.SerializeToElement(condition))).ToArray()
            : [];

        if (conditions.Length == 0 || conditions.Contains(null) || body.Any(member => !known.Contains(member.Key)))
        {
            return null;
        }

        return Harmless(
        [
            "countersign", "rule", "create", Text(body["name"]) ?? "NAME",
            "--issuer", IssuerName(body["trusted_issuer"]) ?? "ISSUER",
            "--account", Text(body["account"]) ?? SomeAccount,
            .. conditions.SelectMany(condition => (string[])["--condition", condition!]),
        ]);
    }

    /// <summary>The command that trusts the issuer.</summary>
    public static string? Command(JsonObject issuer) => Harmless(
    [
        "countersign", "issuer", "create", Text(issuer["name"]) ?? "NAME",
        .. Given("--kind", issuer["kind"]),
        .. Given("--issuer", issuer["issuer"]),
        .. (string[])(issuer["discovery"]?.GetValueKind() == JsonValueKind.True ? ["--discovery"] : []),
        .. (issuer["audiences"] as JsonArray ?? []).SelectMany(audience => Given("--audience", audience)),
    ]);

    private static IEnumerable<string> Given(string option, JsonNode? value) => Text(value) is { } text ? [option, text] : [];

    private static string? IssuerName(JsonNode? issuer) => issuer is JsonObject ? Text(issuer["name"]) ?? Text(issuer["id"]) : Text(issuer);

    private static string? Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    // What a terminal must not see is written otherwise there, and would be another value when copied.
    private static string? Harmless(IEnumerable<string> words)
    {
        var command = Words.Joined(words);

        return PlainText.Line(command) == command ? command : null;
    }

    private JsonObject? Rule() => Json.At(explanation, "proposal") is { ValueKind: JsonValueKind.Object } found ? JsonObject.Create(found) : null;

    private string Why() =>
        Json.Text(explanation, "outcome") == "would-issue" ? "it works already"
        : Issuer is not null ? $"the token's issuer is not trusted. First: {Command(Issuer)}"
        : JwtExplanation.Hint(explanation) ?? "no rule would make it work. To see every check, leave --propose and --save away";
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Server.Admin;

namespace Countersign.Server.Conditions;

/// <summary>What a test says that the request is.</summary>
/// <param name="Scopes">The scopes asked for.</param>
/// <param name="Resource">The resources asked for.</param>
/// <param name="Address">The sender's address.</param>
/// <param name="Time">When; now unless it is said.</param>
internal sealed record TestRequest(string[]? Scopes = null, string[]? Resource = null, string? Address = null, DateTimeOffset? Time = null);

/// <summary>A test that a rule or a policy carries: a login, and what it must come to. Run on each save.</summary>
internal sealed record ConditionTest
{
    public const int Most = 50;

    public string? Name { get; init; }

    public JsonElement? Claims { get; init; }

    public JsonElement? Header { get; init; }

    public TestRequest? Request { get; init; }

    /// <summary>Of a rule: whether it matches.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Matches { get; init; }

    /// <summary>Of an access policy: whether it lets the login pass.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Allows { get; init; }

    public static ConditionTest[] Read(string? json) => json is null ? [] : JsonSerializer.Deserialize<ConditionTest[]>(json, AdminJson.Options) ?? [];

    public static string Write(ConditionTest[] tests) => JsonSerializer.Serialize(tests, AdminJson.Options);

    /// <summary>The first test that does not hold, in a sentence; null when all do.</summary>
    /// <param name="tests">The tests.</param>
    /// <param name="wanted">What a test says that the outcome is; null where it does not say.</param>
    /// <param name="evaluate">The outcome and why.</param>
    /// <param name="issuer">The issuer that the tests are of.</param>
    /// <param name="now">The time of tests that name none.</param>
    public static string? Fault(
        ConditionTest[] tests, Func<ConditionTest, bool?> wanted, Func<LoginFacts, (bool Outcome, string Why)> evaluate, string issuer, DateTimeOffset now)
    {
        if (tests.Length > Most)
        {
            return $"at most {Most} tests are run";
        }

        for (var i = 0; i < tests.Length; i++)
        {
            var test = tests[i];
            var name = test.Name ?? (i + 1).ToString(CultureInfo.InvariantCulture);

            if (wanted(test) is not { } expected)
            {
                return $"test {name} does not say what it must come to";
            }

            if (test.Claims is { ValueKind: not JsonValueKind.Object } || test.Header is { ValueKind: not JsonValueKind.Object })
            {
                return $"test {name}: claims and header must be objects";
            }

            if (!test.IsText())
            {
                return $"test {name}: a text of claims or header holds half of a surrogate pair";
            }

            var (outcome, why) = evaluate(test.Facts(issuer, now));

            if (outcome != expected)
            {
                return $"test {name} came to {(outcome ? "yes" : "no")}, and should come to {(expected ? "yes" : "no")}: {why}";
            }
        }

        return null;
    }

    /// <summary>Whether claims and header can be compared and written again: half of a surrogate pair cannot.</summary>
    public bool IsText() => IsText(Claims) && IsText(Header);

    private static bool IsText(JsonElement? json)
    {
        try
        {
            return json is not { } element || element.ValueKind switch
            {
                JsonValueKind.String => element.GetString() is not null,
                JsonValueKind.Array => element.EnumerateArray().All(i => IsText(i)),
                JsonValueKind.Object => element.EnumerateObject().All(m => m.Name is not null && IsText(m.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private LoginFacts Facts(string issuer, DateTimeOffset now) => new(
        Claims, Header, issuer, new AskedFor(Request?.Scopes ?? [], Request?.Resource ?? [], Request?.Address, Request?.Time ?? now));
}

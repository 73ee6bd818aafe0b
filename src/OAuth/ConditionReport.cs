using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>How a condition was met or not, for whoever may see the claims.</summary>
/// <param name="Claim">The claim as the condition names it.</param>
/// <param name="Operator">How it compares.</param>
/// <param name="Expected">What the condition compares with, as JSON.</param>
/// <param name="Got">The claim as JSON, at most 256 characters of it; null when it is absent.</param>
/// <param name="Passed">Whether it was met.</param>
/// <param name="Detail">Why it was not, one sentence.</param>
public sealed record ConditionReport(string Claim, string Operator, string Expected, string? Got, bool Passed, string? Detail)
{
    private const int LongestShown = 256;

    // It is text for people, who should read slashes, quotes and letters as they are.
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static ConditionReport Of(ClaimCondition condition, ClaimGlob? glob, JsonElement claims)
    {
        var isThere = condition.Path.TryFind(claims, out var claim, out var ambiguous);
        var passed = condition.Holds(claims);
        var detail = passed ? null
            : ambiguous ? "the dots of the claim can be read in more than one way, and more than one is there: write it as a JSON pointer"
            : !isThere ? "the claim is absent"
            : Why(condition, glob, claim);

        return new(condition.Claim, condition.Operator, Written(condition.WriteExpected), isThere ? Shown(claim.GetRawText()) : null, passed, detail);
    }

    private static string Why(ClaimCondition condition, ClaimGlob? glob, JsonElement claim)
    {
        try
        {
            return condition.Operator == "contains" ? WhyNotIn(condition, claim) : WhyNot(condition, glob, claim);
        }
        catch (InvalidOperationException)
        {
            return "the claim holds half of a surrogate pair";
        }
    }

    private static string WhyNotIn(ClaimCondition condition, JsonElement claim) =>
        claim.ValueKind != JsonValueKind.Array ? $"the claim is {ClaimScalar.TypeOf(claim)}, not a list"
        : claim.EnumerateArray().Any(item => DiffersInCase(condition, item)) ? "the list holds it in other letter case"
        : "the list does not hold it";

    private static string WhyNot(ClaimCondition condition, ClaimGlob? glob, JsonElement claim)
    {
        var wrong = condition.Values[0].WrongType(claim);

        foreach (var value in condition.Values)
        {
            wrong = value.WrongType(claim) is null ? null : wrong;
        }

        return wrong ?? (DiffersInCase(condition, claim) ? "it differs in letter case"
            : condition.Operator == "prefix" ? "it begins otherwise"
            : condition.Operator == "any_of" ? "it is none of the values"
            : glob is null ? "it is another value"
            : glob.WouldMatchAcross(claim.GetString()) ? "one star does not match slashes and colons; two do"
            : "it is not of this pattern");
    }

    private static bool DiffersInCase(ClaimCondition condition, JsonElement claim)
    {
        if (claim.ValueKind != JsonValueKind.String || condition.Operator == "glob")
        {
            return false;
        }

        var text = claim.GetString()!;

        return condition.Texts.Any(t => condition.Operator == "prefix"
            ? text.StartsWith(t, StringComparison.OrdinalIgnoreCase)
            : text.Equals(t, StringComparison.OrdinalIgnoreCase));
    }

    private static string Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, s_readable);
        write(json);
        json.Flush();

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Shown(string json) => json.Length <= LongestShown ? json : json[..LongestShown] + "…";
}

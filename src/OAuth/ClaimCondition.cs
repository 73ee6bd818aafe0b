using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>
/// One condition over the claims of a token, compiled: a claim, an operator and what to compare with. A claim that is absent, is there twice or
/// is of another type does not meet it (R203).
/// </summary>
public sealed class ClaimCondition
{
    /// <summary>The most values of <c>any_of</c>.</summary>
    public const int MostValues = 100;

    /// <summary>The longest text to compare with, in characters.</summary>
    public const int MaxTextLength = 2048;

    private readonly ClaimScalar[] _values;
    private readonly ClaimGlob? _glob;

    internal ClaimCondition(ClaimPath path, string @operator, ClaimScalar[] values, ClaimGlob? glob = null) =>
        (Path, Operator, _values, _glob) = (path, @operator, values, glob);

    /// <summary>The claim as it was written.</summary>
    public string Claim => Path.Text;

    public ClaimPath Path { get; }

    /// <summary><c>equals</c>, <c>prefix</c>, <c>glob</c>, <c>any_of</c> or <c>contains</c>.</summary>
    public string Operator { get; }

    /// <summary>The text that the claim must equal; null for another operator or another type.</summary>
    public string? Literal => Operator == "equals" ? _values[0].Text : null;

    /// <summary>The texts among the values, the prefix or the pattern.</summary>
    public IReadOnlyList<string> Texts => field ??= [.. _values.Select(v => v.Text).OfType<string>()];

    /// <summary>Whether it compares with true and false alone, which name nobody.</summary>
    public bool IsOfFlags => Array.TrueForAll(_values, v => v.IsFlag);

    internal ReadOnlySpan<ClaimScalar> Values => _values;

    /// <summary>Reads <c>{claim, equals | prefix | glob | any_of | contains}</c>; null, and what to change, when it is none.</summary>
    public static ClaimCondition? Read(JsonElement json, out string fault) => ClaimConditionReader.Read(json, out fault);

    /// <summary>That the claim is this text.</summary>
    public static ClaimCondition Exactly(string claim, string value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, MaxTextLength, nameof(value));

        return ClaimPath.Parse(claim, out var fault) is { } path ? new(path, "equals", [new(value)]) : throw new ArgumentException(fault, nameof(claim));
    }

    /// <summary>Whether the claims meet it.</summary>
    public bool Holds(JsonElement claims)
    {
        try
        {
            return Path.TryFind(claims, out var claim, out _) && IsMetBy(claim);
        }
        catch (InvalidOperationException)
        {
            // A text that holds half of a surrogate pair.
            return false;
        }
    }

    /// <summary>Whether the claims meet it, and why not.</summary>
    public ConditionReport Explain(JsonElement claims) => ConditionReport.Of(this, _glob, claims);

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("claim"u8, Claim);
        json.WritePropertyName(Operator);
        WriteExpected(json);
        json.WriteEndObject();
    }

    internal void WriteExpected(Utf8JsonWriter json)
    {
        if (Operator != "any_of")
        {
            _values[0].Write(json);

            return;
        }

        json.WriteStartArray();

        foreach (var value in _values)
        {
            value.Write(json);
        }

        json.WriteEndArray();
    }

    private bool IsMetBy(JsonElement claim) => Operator switch
    {
        "equals" => _values[0].Is(claim),
        "prefix" => claim.ValueKind == JsonValueKind.String && claim.GetString()!.StartsWith(_values[0].Text!, StringComparison.Ordinal),
        "glob" => claim.ValueKind == JsonValueKind.String && _glob!.IsMatch(claim.GetString()),
        "any_of" => IsAny(claim),
        _ => IsIn(claim),
    };

    private bool IsAny(JsonElement claim)
    {
        foreach (var value in _values)
        {
            if (value.Is(claim))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsIn(JsonElement claim)
    {
        if (claim.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var item in claim.EnumerateArray())
        {
            if (_values[0].Is(item))
            {
                return true;
            }
        }

        return false;
    }
}

using System.Runtime.InteropServices;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>A text, a number or a boolean that a claim is compared with.</summary>
internal readonly record struct ClaimScalar
{
    // A decimal number holds so many digits exactly.
    private const int LongestNumber = 28;

    private readonly string? _text;
    private readonly decimal? _number;
    private readonly bool _flag;

    public ClaimScalar(string text) => _text = text;

    private ClaimScalar(decimal number) => _number = number;

    private ClaimScalar(bool flag) => _flag = flag;

    public string? Text => _text;

    public bool IsFlag => _text is null && _number is null;

    private string Type => _text is not null ? "a text" : _number is not null ? "a number" : "a boolean";

    /// <summary>Reads one; null when the JSON is something else. Texts that cannot be read throw.</summary>
    public static ClaimScalar? Read(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => new(json.GetString()!),
        JsonValueKind.True or JsonValueKind.False => new(json.GetBoolean()),
        JsonValueKind.Number when TryNumber(json, out var number) => new(number),
        _ => null,
    };

    /// <summary>Whether the claim is of this type and this value (R203).</summary>
    public bool Is(JsonElement claim) =>
        _text is not null ? claim.ValueKind == JsonValueKind.String && claim.ValueEquals(_text)
        : _number is { } number ? TryNumber(claim, out var other) && number == other
        : claim.ValueKind == (_flag ? JsonValueKind.True : JsonValueKind.False);

    /// <summary>What a claim of another type is told; null when the types agree.</summary>
    public string? WrongType(JsonElement claim)
    {
        var agrees = claim.ValueKind switch
        {
            JsonValueKind.String => _text is not null,
            JsonValueKind.Number => _number is not null,
            JsonValueKind.True or JsonValueKind.False => IsFlag,
            _ => false,
        };

        return agrees ? null : $"the claim is {TypeOf(claim)}, not {Type}";
    }

    public void Write(Utf8JsonWriter json)
    {
        if (_text is not null)
        {
            json.WriteStringValue(_text);
        }
        else if (_number is { } number)
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteBooleanValue(_flag);
        }
    }

    public static string TypeOf(JsonElement claim) => claim.ValueKind switch
    {
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => "null",
    };

    // An exponent can make any number of a few characters, and rounding make two numbers equal: neither is taken.
    private static bool TryNumber(JsonElement json, out decimal number)
    {
        number = 0;

        return json.ValueKind == JsonValueKind.Number
            && JsonMarshal.GetRawUtf8Value(json) is { Length: <= LongestNumber } raw && !raw.ContainsAny("eE"u8)
            && json.TryGetDecimal(out number);
    }
}

using System.Text.Json;

namespace Countersign.Cel;

/// <summary>JSON as values.</summary>
internal static class JsonValues
{
    private const int MostDepth = 64;

    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = MostDepth, AllowDuplicateProperties = false };

    public static CelValue Of(ReadOnlyMemory<byte> json)
    {
        // The reader tells half of a pair in a name only when it compares it with others.
        try
        {
            using var document = JsonDocument.Parse(json, s_strict);

            return Of(document.RootElement);
        }
        catch (InvalidOperationException fault)
        {
            throw Half(fault);
        }
    }

    public static CelValue Of(JsonElement json)
    {
        try
        {
            return Of(json, 0);
        }
        catch (InvalidOperationException fault)
        {
            throw Half(fault);
        }
    }

    private static CelValue Of(JsonElement json, int depth)
    {
        if (depth > MostDepth)
        {
            throw new JsonException($"the JSON is more than {MostDepth} deep");
        }

        switch (json.ValueKind)
        {
            case JsonValueKind.True:
                return CelValue.True;
            case JsonValueKind.False:
                return CelValue.False;
            case JsonValueKind.Number:
                return Number(json);
            case JsonValueKind.String:
                return CelValue.Of(json.GetString()!);
            case JsonValueKind.Array:
                var items = new CelValue[json.GetArrayLength()];
                var at = 0;

                foreach (var item in json.EnumerateArray())
                {
                    items[at++] = Of(item, depth + 1);
                }

                return CelValue.Of(items);
            case JsonValueKind.Object:
                var map = new CelMap();

                foreach (var member in json.EnumerateObject())
                {
                    map.Set(CelValue.Of(member.Name), Of(member.Value, depth + 1));
                }

                return CelValue.Of(map);
            default:
                return CelValue.Null;
        }
    }

    // Beyond 64 bits, TryGetInt64 says no; so it does for 1.0 and 1e3.
    private static CelValue Number(JsonElement json) =>
        json.TryGetInt64(out var whole) ? CelValue.Of(whole) : CelValue.Of(json.GetDouble());

    private static JsonException Half(InvalidOperationException fault) => new("a text holds half of a surrogate pair", fault);
}

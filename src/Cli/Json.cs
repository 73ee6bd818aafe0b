using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli;

/// <summary>Reading answers and building bodies.</summary>
internal static class Json
{
    /// <summary>The member at a dotted path, or nothing where a part of it is missing.</summary>
    public static JsonElement? At(JsonElement element, string path)
    {
        foreach (var name in path.Split('.'))
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element.ValueKind == JsonValueKind.Null ? null : element;
    }

    /// <summary>The text at a dotted path; a server that leaves it out or sends something else gives nothing.</summary>
    public static string? Text(JsonElement element, string path) =>
        At(element, path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static IEnumerable<JsonElement> Items(JsonElement element, string path) =>
        At(element, path) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    public static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    /// <summary>Adds the member unless there is no value for it.</summary>
    public static JsonObject With(this JsonObject body, string name, JsonNode? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }

        return body;
    }
}

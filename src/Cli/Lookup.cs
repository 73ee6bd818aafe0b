using System.Text.Json;

namespace Countersign.Cli;

/// <summary>From what people call a thing to the thing.</summary>
internal static class Lookup
{
    /// <summary>By id first, so that nobody can take another's place by taking its id as a name.</summary>
    public static async Task<JsonElement> FindAsync(AdminClient admin, Kind kind, string text, CancellationToken ct)
    {
        if (IsId(text) && await admin.TryGetAsync($"{kind.Path}/{text}", ct) is { } found)
        {
            return found;
        }

        var filter = kind.Filter is null ? [] : new Query { [kind.Filter] = text };
        List<JsonElement> matches = [];

        await foreach (var item in admin.ItemsAsync(kind.Path, filter, ct))
        {
            if (kind.Keys.Any(key => Json.Text(item, key) == text))
            {
                matches.Add(item);
            }
        }

        return matches switch
        {
            [var one] => one,
            [] => throw CommandFault.Refused($"there is no {kind.Name} '{text}' within reach"),
            _ => throw CommandFault.Usage(
                $"'{text}' names {matches.Count} of them, give the id: "
                + string.Join(", ", matches.Select(match => Json.Text(match, "id")))),
        };
    }

    /// <summary>An id for a path: nothing else may stand there, least of all dots and slashes.</summary>
    public static string Id(string text, string what) =>
        IsId(text) ? text : throw CommandFault.Usage($"'{text}' is not the id of a {what}");

    // Lower case is how the API writes ids and the only way it reads them.
    private static bool IsId(string text) => Guid.TryParseExact(text, "D", out var id) && id.ToString() == text;
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Import;

/// <summary>One account of a file, or what is wrong with its line.</summary>
internal sealed record AccountLine(int Number, JsonObject? Account, string? Fault)
{
    private static readonly string[] Columns =
        ["client_id", "name", "description", "organization", "group", "secret_hash", "api", "scopes", "default_scopes"];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public string ClientId => (string)Account!["client_id"]!;

    /// <summary>The accounts of an NDJSON or CSV file, told apart by the file's name.</summary>
    public static async IAsyncEnumerable<AccountLine> ReadAsync(string path, [EnumeratorCancellation] CancellationToken ct)
    {
        using var reader = File.OpenText(path);
        var lines = path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? CsvAsync(reader, ct) : JsonAsync(reader, ct);

        await foreach (var line in lines)
        {
            yield return line.Account is { } account && AccountRules.Fault(account) is { } fault ? line with { Fault = fault } : line;
        }
    }

    private static async IAsyncEnumerable<AccountLine> JsonAsync(TextReader reader, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var number = 1; await reader.ReadLineAsync(ct) is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return FromJson(number, line);
            }
        }
    }

    private static AccountLine FromJson(int number, string line)
    {
        try
        {
            return JsonNode.Parse(line, null, Strict) is JsonObject account
                ? new AccountLine(number, account, null)
                : new AccountLine(number, null, "is not a JSON object");
        }
        catch (JsonException e)
        {
            // The parser's own words may quote the line, and with it a hash.
            return new AccountLine(number, null, $"is not valid JSON, or names a member twice, near byte {e.BytePositionInLine}");
        }
    }

    private static async IAsyncEnumerable<AccountLine> CsvAsync(TextReader reader, [EnumeratorCancellation] CancellationToken ct)
    {
        IReadOnlyList<string>? header = null;

        await foreach (var record in Csv.ReadAsync(reader, ct))
        {
            if (header is null)
            {
                header = record.Fields;
                CheckHeader(header);
            }
            else
            {
                yield return record.Fields.Count == header.Count
                    ? new AccountLine(record.Line, FromCsv(header, record.Fields), null)
                    : new AccountLine(record.Line, null, $"has {record.Fields.Count} fields where the header has {header.Count}");
            }
        }
    }

    private static void CheckHeader(IReadOnlyList<string> header)
    {
        if (header.FirstOrDefault(column => !Columns.Contains(column)) is { } unknown)
        {
            throw CommandFault.Usage($"line 1: the column '{unknown}' is not one of {string.Join(", ", Columns)}");
        }

        if (header.Distinct().Count() < header.Count)
        {
            throw CommandFault.Usage("line 1: a column stands twice");
        }
    }

    private static JsonObject FromCsv(IReadOnlyList<string> header, IReadOnlyList<string> fields)
    {
        var values = header.Zip(fields).Where(pair => pair.Second.Length > 0).ToDictionary(pair => pair.First, pair => pair.Second);
        var owner = new JsonObject()
            .With("organization", values.GetValueOrDefault("organization"))
            .With("group", values.GetValueOrDefault("group"));
        var grant = new JsonObject()
            .With("api", values.GetValueOrDefault("api"))
            .With("scopes", Words("scopes"))
            .With("default_scopes", Words("default_scopes"));

        return new JsonObject()
            .With("client_id", values.GetValueOrDefault("client_id"))
            .With("name", values.GetValueOrDefault("name"))
            .With("description", values.GetValueOrDefault("description"))
            .With("owner", owner.Count > 0 ? owner : null)
            .With("secret_hash", values.GetValueOrDefault("secret_hash"))
            .With("grants", grant.Count > 0 ? new JsonArray(grant) : null);

        JsonArray? Words(string column) =>
            values.TryGetValue(column, out var text) ? Json.Array(text.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : null;
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Countersign.Measure;

/// <summary>The size of a database and of each of its tables, asked of Debian's sqlite3.</summary>
internal sealed record Database(long Bytes, IReadOnlyDictionary<string, long> Rows)
{
    public static async Task<Database> ReadAsync(string data)
    {
        var file = Directory.GetFiles(data, "*.db").Single();
        var size = await QueryAsync(file, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
        var tables = await QueryAsync(file, "SELECT name FROM sqlite_schema WHERE type = 'table'");
        var counting = tables.Select(table => $"SELECT '{table}|' || count(*) FROM \"{table}\"");
        var counts = await QueryAsync(file, string.Join(" UNION ALL ", counting));

        return new Database(
            Number(size[0]),
            counts.Select(line => line.Split('|')).ToDictionary(cells => cells[0], cells => Number(cells[1])));
    }

    /// <summary>The tables that have more rows than before, and how many more.</summary>
    public IReadOnlyDictionary<string, long> GrownSince(Database before) => Rows
        .Select(table => KeyValuePair.Create(table.Key, table.Value - before.Rows.GetValueOrDefault(table.Key)))
        .Where(table => table.Value != 0)
        .ToDictionary();

    private static async Task<string[]> QueryAsync(string file, string sql)
    {
        using var process = Process.Start(new ProcessStartInfo("sqlite3", ["-batch", file, sql]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException($"sqlite3 {file}: exit code {process.ExitCode}");
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

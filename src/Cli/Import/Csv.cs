using System.Runtime.CompilerServices;
using System.Text;

namespace Countersign.Cli.Import;

/// <summary>A record of a CSV file and the line that it begins on.</summary>
internal sealed record CsvRecord(int Line, IReadOnlyList<string> Fields);

/// <summary>RFC 4180: fields in quotes may hold commas, line breaks and doubled quotes.</summary>
internal static class Csv
{
    public static async IAsyncEnumerable<CsvRecord> ReadAsync(TextReader reader, [EnumeratorCancellation] CancellationToken ct)
    {
        var number = 0;

        while (await reader.ReadLineAsync(ct) is { } line)
        {
            var first = ++number;
            List<string> fields;

            // A record goes on where a quote is still open at the end of the line.
            while (!TrySplit(line, out fields))
            {
                if (await reader.ReadLineAsync(ct) is not { } next)
                {
                    throw CommandFault.Usage($"line {first}: a quote is opened and never closed");
                }

                number++;
                line += "\n" + next;
            }

            if (fields is not [""])
            {
                yield return new CsvRecord(first, fields);
            }
        }
    }

    private static bool TrySplit(string line, out List<string> fields)
    {
        fields = [];
        var field = new StringBuilder();
        var quoted = false;

        for (var i = 0; i < line.Length; i++)
        {
            switch (line[i])
            {
                case '"' when quoted && i + 1 < line.Length && line[i + 1] == '"':
                    field.Append(line[i++]);
                    break;
                case '"' when quoted || field.Length == 0:
                    quoted = !quoted;
                    break;
                case ',' when !quoted:
                    fields.Add(field.ToString());
                    field.Clear();
                    break;
                default:
                    field.Append(line[i]);
                    break;
            }
        }

        fields.Add(field.ToString());

        return !quoted;
    }
}

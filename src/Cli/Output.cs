using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Countersign.Cli;

/// <summary>What a command says on standard output: tables and sentences for people, one JSON document for scripts.</summary>
internal sealed class Output(Shell shell, bool json)
{
    // A terminal folds long lines by itself, and what is copied from it stays whole.
    private const int Endless = 100_000;

    // A table stays a table; the rest is to be seen with `show`.
    private const int LongestList = 5;

    /// <summary>The default encoder escapes everything outside ASCII, so no byte of a name can act on a terminal (R240).</summary>
    public static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true, NewLine = "\n" };

    private readonly IAnsiConsole _out = Console(shell.Out, shell.OutIsTerminal, shell, Endless);

    public bool IsJson => json;

    /// <summary>JSON of others, laid out and made harmless.</summary>
    public static string Pretty(ReadOnlyMemory<byte> json) => JsonSerializer.Serialize(JsonElement.Parse(json.Span), Indented);

    /// <summary>Progress and remarks, which must not stand between the output's lines.</summary>
    public IAnsiConsole Remarks => field ??= Console(shell.Error, shell.ErrorIsTerminal, shell, shell.ErrorIsTerminal ? null : Endless);

    /// <summary>One thing with all its fields.</summary>
    public void Answer(JsonElement body)
    {
        if (json)
        {
            Document(body);

            return;
        }

        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();

        foreach (var (name, value) in Fields(body, ""))
        {
            grid.AddRow(new Text(PlainText.Line(name), new Style(decoration: Decoration.Dim)), new Text(value));
        }

        _out.Write(grid);
    }

    /// <summary>A sentence for people in place of the answer.</summary>
    public void Done(JsonElement body, string sentence)
    {
        if (json)
        {
            Document(body);
        }
        else
        {
            Line(sentence);
        }
    }

    /// <summary>An answer that holds a secret, the only time that it is shown.</summary>
    public void Secret(JsonElement body, string sentence)
    {
        Answer(body);

        if (json)
        {
            Remarks.WriteLine(sentence);
        }
        else
        {
            Line(sentence);
        }
    }

    /// <summary>A line on standard error that does not end the command.</summary>
    public void Remark(string sentence) => Remarks.WriteLine(PlainText.WithoutSecrets(PlainText.Line(sentence)));

    /// <summary>What else a change did, as the server tells it.</summary>
    public void Warnings(JsonElement answer)
    {
        foreach (var warning in Json.Items(answer, "warnings"))
        {
            Remark($"warning: {warning}");
        }
    }

    public void Line(string sentence) => Line(new Text(PlainText.Line(sentence)));

    public void Line(IRenderable line)
    {
        _out.Write(line);
        _out.WriteLine();
    }

    /// <summary>One page, as the server sent it.</summary>
    public void Page(JsonElement page, Column[] columns)
    {
        if (json)
        {
            Document(page);

            return;
        }

        Table([.. Json.Items(page, "items")], columns);

        if (Json.Text(page, "next_cursor") is { } next)
        {
            Remarks.WriteLine($"There are more: add --all, or --cursor {PlainText.Line(next)}");
        }
    }

    /// <summary>Many pages: JSON is written as they arrive, a table needs them all.</summary>
    public async Task ListAsync(IAsyncEnumerable<JsonElement> items, Column[] columns)
    {
        if (!json)
        {
            Table(await items.ToListAsync(), columns);

            return;
        }

        var separator = "{\"items\":[\n";

        await foreach (var item in items)
        {
            await shell.Out.WriteAsync(separator + JsonSerializer.Serialize(item));
            separator = ",\n";
        }

        await shell.Out.WriteLineAsync(separator.StartsWith('{') ? "{\"items\":[]}" : "\n]}");
    }

    private static IAnsiConsole Console(TextWriter writer, bool isTerminal, Shell shell, int? width)
    {
        var colours = isTerminal && shell.Environment("NO_COLOR") is null or "" && shell.Environment("TERM") != "dumb";
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colours ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });

        console.Profile.Width = width ?? console.Profile.Width;

        return console;
    }

    private void Document(JsonElement body) => shell.Out.WriteLine(JsonSerializer.Serialize(body, Indented));

    private void Table(List<JsonElement> items, Column[] columns)
    {
        if (items.Count == 0)
        {
            Remarks.WriteLine("Nothing to show.");

            return;
        }

        var table = new Table { Border = shell.OutIsTerminal ? TableBorder.Simple : TableBorder.None };

        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column.Header, new Style(decoration: Decoration.Bold))));
        }

        foreach (var item in items)
        {
            table.AddRow(columns.Select(column => new Text(Cell(item, column))));
        }

        _out.Write(table);
    }

    private static string Cell(JsonElement item, Column column) =>
        column.Paths.Select(path => Json.At(item, path)).FirstOrDefault(value => value is not null) is not { } found ? "-"
            : found.ValueKind == JsonValueKind.Array && found.GetArrayLength() > LongestList
                ? $"{string.Join(", ", found.EnumerateArray().Take(LongestList - 1).Select(Shown))}, ... ({found.GetArrayLength()})"
                : Shown(found);

    private static IEnumerable<(string Name, string Value)> Fields(JsonElement body, string prefix) =>
        body.EnumerateObject().SelectMany(member => member.Value.ValueKind == JsonValueKind.Object
            ? Fields(member.Value, $"{prefix}{member.Name}.")
            : [($"{prefix}{member.Name}", Shown(member.Value))]);

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => "-",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Shown)) is { Length: > 0 } list ? list : "-",
        // A scope's name says more than its parts spelled out; `show --json` has them all.
        JsonValueKind.Object when Json.Text(value, "scope") is { } scope && Json.Text(value, "api") is { } api =>
            PlainText.Line($"{scope}@{api}"),
        JsonValueKind.Object => string.Join(' ', value.EnumerateObject()
            .Where(member => member.Value.ValueKind != JsonValueKind.Null)
            .Select(member => member.Name == "name" ? Shown(member.Value) : $"({Shown(member.Value)})")),
        _ => PlainText.Line(value.ToString()),
    };
}

using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Countersign.Cli.Import;
using Spectre.Console;

namespace Countersign.Cli.Commands;

internal static partial class AccountImport
{
    private const int BatchCount = 500;

    // R228: the server takes bodies of up to 1 MiB.
    private const int BatchBytes = 900_000;

    public static Verb Verb()
    {
        var file = new Argument<string>("file")
        {
            Description = "NDJSON: {client_id, name, description?, owner?, secret_hash?, grants?} per line. CSV (.csv): a header of client_id, name, "
                + "description, organization, group, secret_hash, api, scopes, default_scopes. Organizations and groups by id or name.",
        };

        return new Verb(
            "import",
            "Imports service accounts, with the hashes of the secrets they have. Those whose client_id exists are skipped, "
            + "so an import that stopped is run again.",
            "countersign account import accounts.ndjson")
        {
            file,
        }.Does((call, ct) => RunAsync(call, call.Get(file), ct));
    }

    private static async Task RunAsync(Call call, string path, CancellationToken ct)
    {
        var accounts = new AccountFile(path, call);
        var total = await accounts.CheckAsync(ct);
        var done = new Imported();

        await ShowProgressAsync(call, total, advance => SendAsync(call, accounts, done, advance, ct));

        var answer = new JsonObject { ["created"] = done.Created, ["skipped"] = Json.Array(done.Skipped) };
        call.Output.Done(
            JsonSerializer.SerializeToElement(answer),
            $"Created {done.Created} service accounts, skipped {done.Skipped.Count} whose client_id was there.");
    }

    private static async Task SendAsync(Call call, AccountFile accounts, Imported done, Action<int> advance, CancellationToken ct)
    {
        await foreach (var batch in BatchesAsync(accounts.LinesAsync(ct), ct))
        {
            var body = new JsonObject { ["accounts"] = new JsonArray([.. batch.Select(line => line.Account)]) };

            try
            {
                done.Add(await call.Admin.PostAsync("service-accounts/import", body, ct));
            }
            catch (CommandFault fault) when (fault.Problem is not null || fault.Code == ExitCode.Unreachable)
            {
                throw Located(fault, batch, done);
            }

            advance(batch.Count);
        }
    }

    private static async IAsyncEnumerable<List<AccountLine>> BatchesAsync(
        IAsyncEnumerable<AccountLine> lines, [EnumeratorCancellation] CancellationToken ct)
    {
        List<AccountLine> batch = [];
        var bytes = 0;

        await foreach (var line in lines.WithCancellation(ct))
        {
            // The default encoder leaves ASCII only, so characters are bytes.
            var size = line.Account!.ToJsonString().Length + 1;

            if (batch.Count == BatchCount || (batch.Count > 0 && bytes + size > BatchBytes))
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }

            batch.Add(line);
            bytes += size;
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    /// <summary>The server counts within the batch; people count the lines of their file.</summary>
    private static CommandFault Located(CommandFault fault, List<AccountLine> batch, Imported done)
    {
        var lines = $"the lines {batch[0].Number} to {batch[^1].Number}";
        var before = $"({done.Created} accounts of the lines before were, and {done.Skipped.Count} were there)."
            + " Run the same command again: it skips what is there.";

        if (fault.Problem is not { } problem)
        {
            return new CommandFault(fault.Code, $"{fault.Message}\nIt is not known whether {lines} were imported {before}");
        }

        var errors = problem.Errors.Select(error => KeyValuePair.Create(InFile(error.Key), error.Value));

        return (problem with { Summary = InFile(problem.Summary), Errors = [.. errors] }).Fault($"Nothing of {lines} was imported {before}");

        string InFile(string text) => Position().Replace(text, match =>
            int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) is var index && index < batch.Count
                ? $"line {batch[index].Number}: "
                : match.Value);
    }

    private static Task ShowProgressAsync(Call call, int total, Func<Action<int>, Task> run) =>
        call.Shell.ErrorIsTerminal
            ? call.Output.Remarks.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .StartAsync(context =>
                {
                    var task = context.AddTask("Importing", maxValue: total);

                    return run(count => task.Increment(count));
                })
            : run(_ => { });

    [GeneratedRegex(@"accounts\[(\d{1,4})\][.:]? ?")]
    private static partial Regex Position();

    /// <summary>What the batches so far came to.</summary>
    private sealed class Imported
    {
        public int Created { get; private set; }

        public List<string> Skipped { get; } = [];

        public void Add(JsonElement answer)
        {
            Created += Json.At(answer, "created") is { ValueKind: JsonValueKind.Number } count ? count.GetInt32() : 0;
            Skipped.AddRange(Json.Items(answer, "skipped").Select(item => item.ToString()));
        }
    }
}

using System.Globalization;
using System.Text.Json;

namespace Countersign.Measure;

/// <summary>Many accounts: imported, listed, searched, and thousands of them asking for tokens.</summary>
internal sealed class Accounts(LoadOptions options, int count, int hot)
{
    private const int PerImport = 1000;
    private const int PerPage = 200;
    private const string Path = "/admin/v1/service-accounts";

    private static readonly string[] Scopes = ["read"];

    private readonly TextTable _table = new("what", "result");
    private readonly Dictionary<string, double> _figures = [];

    public async Task RunAsync()
    {
        await using var server = await CountersignDev.StartAsync(options.ServerCpu);
        Resident(server, "rss_start_mb", "before");

        var secret = new ImportedSecret();
        await ImportAsync(server, secret);
        Resident(server, "rss_import_mb", "after the import");

        await ListAsync(server);
        await SearchAsync(server);
        Resident(server, "rss_list_mb", "after listing and searching");

        await IssueAsync(server, secret);
        Resident(server, "rss_hot_mb", $"with {Figures.Whole(hot)} accounts hot");

        Console.WriteLine(_table);
        if (options.JsonFile is { } file)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(_figures));
        }
    }

    private async Task ImportAsync(CountersignDev server, ImportedSecret secret)
    {
        var began = TimeProvider.System.GetTimestamp();
        foreach (var batch in Enumerable.Range(0, count).Chunk(PerImport))
        {
            var accounts = batch.Select(number => new Dictionary<string, object>
            {
                ["client_id"] = ClientId(number),
                ["name"] = $"Bench account {number:D7}",
                ["grants"] = new[] { new { api = server.Api, scopes = Scopes, default_scopes = Scopes } },
            }).ToList();
            foreach (var account in accounts.Zip(batch).Where(pair => pair.Second < hot).Select(pair => pair.First))
            {
                account["secret_hash"] = secret.Hash;
            }

            await server.SendAsync(HttpMethod.Post, $"{Path}/import", new { accounts });
            await Console.Error.WriteAsync($"\rimported {batch[^1] + 1:N0} of {count:N0}");
        }

        await Console.Error.WriteLineAsync();
        Record("import_seconds", $"import of {Figures.Whole(count)} accounts in calls of {Figures.Whole(PerImport)}", Seconds(began), "s");
    }

    private async Task ListAsync(CountersignDev server)
    {
        var pages = new List<double>();
        string? cursor = null;
        do
        {
            var began = TimeProvider.System.GetTimestamp();
            var next = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            var page = await server.SendAsync(HttpMethod.Get, $"{Path}?limit={PerPage}{next}");
            pages.Add(1000 * Seconds(began));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        // The very first call also compiles.
        Record("first_page_ms", $"list, the first 20 pages of {PerPage}", pages.Skip(1).Take(20).Median(), "ms");
        Record("last_page_ms", $"list, the last 20 of {Figures.Whole(pages.Count)} pages", pages.TakeLast(20).Median(), "ms");
        Record("slowest_page_ms", "list, the slowest page after the first", pages.Skip(1).Max(), "ms");
    }

    private async Task SearchAsync(CountersignDev server)
    {
        await TimeAsync("name_search_ms", "name holds a text that one account has", number => $"name={number:D7}");
        await TimeAsync("name_search_many_ms", "name holds a text that all accounts have", _ => "name=BENCH");
        await TimeAsync("name_search_none_ms", "name holds a text that no account has", number => $"name=nobody{number}");
        await TimeAsync("client_id_ms", "client_id is one account's", number => $"client_id={ClientId(number)}");

        async Task TimeAsync(string key, string what, Func<int, string> query)
        {
            var times = new List<double>();
            for (var i = 0; i < 20; i++)
            {
                var began = TimeProvider.System.GetTimestamp();
                await server.SendAsync(HttpMethod.Get, $"{Path}?{query(i * (count / 20))}");
                times.Add(1000 * Seconds(began));
            }

            Record(key, $"search, {what}", times.Median(), "ms");
        }
    }

    private async Task IssueAsync(CountersignDev server, ImportedSecret secret)
    {
        var credentials = Enumerable.Range(0, hot)
            .Select(number => $"Basic {new Client("", ClientId(number), secret.Text).Basic}").ToArray();
        var one = new Posted("/oauth2/token", "grant_type=client_credentials", credentials[0]);

        var began = TimeProvider.System.GetTimestamp();
        await Parallel.ForEachAsync(
            credentials,
            new ParallelOptions { MaxDegreeOfParallelism = options.Connections },
            async (credential, _) => await server.PostAsync(one with { Authorization = credential }));
        Record("first_tokens_per_second", "tokens/s, each hot account's first (imported hash, not in memory)", hot / Seconds(began), "");

        var file = System.IO.Path.Combine(server.Data, "credentials");
        await using (var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        await using (var writer = new StreamWriter(stream))
        {
            await writer.WriteAsync(string.Join('\n', credentials) + "\n");
        }

        var wrk = new Wrk(options.LoadCpu, options.Connections);
        var all = one with { CredentialsFile = file };
        await wrk.PostAsync(server.Process, one, options.WarmUpSeconds);
        await wrk.PostAsync(server.Process, all, options.WarmUpSeconds);
        var (alone, together) = (new List<WrkRun>(), new List<WrkRun>());
        for (var round = 0; round < options.Rounds; round++)
        {
            alone.Add(await wrk.PostAsync(server.Process, one, options.Seconds));
            together.Add(await wrk.PostAsync(server.Process, all, options.Seconds));
        }

        Record("one_account_per_second", "tokens/s, one account asking", PerSecond(alone), "");
        Record("hot_accounts_per_second", $"tokens/s, {Figures.Whole(hot)} accounts asking in turn", PerSecond(together), "");
        Record("hot_to_one", "ratio of the two", Ratio((many, single) => many.PerSecond / single.PerSecond), "");
        Record("hot_to_one_cpu", "ratio of the two by CPU time per token", Ratio((many, single) => single.CpuMicros / many.CpuMicros), "");

        static double PerSecond(List<WrkRun> runs) => runs.Select(run => run.PerSecond).Median();

        double Ratio(Func<WrkRun, WrkRun, double> of) => together.Zip(alone, of).Median();
    }

    private void Resident(CountersignDev server, string key, string when) =>
        Record(key, $"memory {when}", server.Process.ResidentBytes / 1e6, "MB RSS");

    private void Record(string key, string what, double value, string unit)
    {
        _figures[key] = value;
        _table.Add(what, $"{value.ToString(value < 100 ? "F2" : "N0", CultureInfo.InvariantCulture)} {unit}".TrimEnd());
    }

    private static string ClientId(int number) => $"bench-{number:D7}";

    private static double Seconds(long began) => TimeProvider.System.GetElapsedTime(began).TotalSeconds;
}

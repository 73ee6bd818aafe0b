using System.Net;

namespace Countersign.Resilience.Tests;

public sealed class KillTests(ITestOutputHelper output)
{
    private const int Workers = 6;

    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("R", "253")]
    [Trait("R", "158")]
    [Trait("Speed", "slow")]
    public Task Fifty_kills_under_load_lose_no_acknowledged_change_on_SQLite() => KillUnderLoadAsync(rounds: 50);

    [Fact]
    [Trait("R", "253")]
    [Trait("Speed", "fast")]
    public Task Five_kills_under_load_lose_no_acknowledged_change_on_SQLite() => KillUnderLoadAsync(rounds: 5);

    [Fact]
    [Trait("R", "253")]
    [Trait("Speed", "slow")]
    public async Task A_kill_during_the_first_start_leaves_data_that_the_next_start_makes_good()
    {
        for (var round = 1; round <= 12; round++)
        {
            var data = Directory.CreateTempSubdirectory("countersign-resilience-").FullName;
            try
            {
                var wait = TimeSpan.FromMilliseconds(60 * round);
                await using (var first = CountersignProcess.Start(data))
                {
                    await Task.Delay(wait, Ct);
                    await first.KillAsync(Ct);
                }

                var left = Directory.GetFiles(data).Select(Path.GetFileName).Order();
                await using var second = CountersignProcess.Start(data);
                var ready = await second.ReadyAsync(ReadyWithin, Ct);
                using var wire = await Wire.ConnectAsync(second.DevFile(), Ct);
                output.WriteLine($"killed after {wait.TotalMilliseconds} ms, which left [{string.Join(' ', left)}]; ready after {ready.TotalSeconds:0.00} s");
            }
            finally
            {
                Directory.Delete(data, recursive: true);
            }
        }
    }

    private async Task KillUnderLoadAsync(int rounds)
    {
        var data = Directory.CreateTempSubdirectory("countersign-resilience-").FullName;
        try
        {
            await KillUnderLoadAsync(data, rounds, seed: Environment.TickCount);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private async Task KillUnderLoadAsync(string data, int rounds, int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var workers = Enumerable.Range(1, Workers).Select(number => new Worker($"load-{number}", random.Next())).ToList();
        var port = 0;
        var earlierToken = "";

        for (var round = 1; round <= rounds + 1; round++)
        {
            await using var server = CountersignProcess.Start(data, port);
            var ready = await server.ReadyAsync(round == 1 ? 4 * ReadyWithin : ReadyWithin, Ct);
            var dev = server.DevFile();
            port = new Uri(dev.GetProperty("issuer").GetString()!).Port;
            using var wire = await Wire.ConnectAsync(dev, Ct);

            if (round > 1)
            {
                var whoami = await wire.AdminAsync(HttpMethod.Get, "whoami", null, earlierToken, Ct);
                Assert.True(whoami.Status == HttpStatusCode.OK, $"the administrator's token from before the kill: {(int)whoami.Status}: {whoami.Body}");
            }

            // After the last kill everything is looked at, else what the last life touched.
            var accounts = workers.SelectMany(worker => worker.Accounts).Where(account => round > rounds || account.Touched == round - 1).ToList();
            await new AfterRestart(wire).VerifyAsync(accounts, Ct);
            earlierToken = wire.AdminToken;

            if (round <= rounds)
            {
                var load = workers.Select(worker => worker.RunAsync(wire, round, Ct)).ToList();
                await Task.WhenAny([Task.Delay(random.Next(100, 1200), Ct), .. load]);
                await server.KillAsync(Ct);
                await Task.WhenAll(load);
            }

            output.WriteLine(
                $"round {round}: ready after {ready.TotalSeconds:0.00} s, {accounts.Count} accounts verified, {workers.Sum(worker => worker.Answered)} answers so far");
        }
    }
}

using System.CommandLine;

namespace Countersign.Cli.Commands;

internal static class UsageCommand
{
    private static readonly Column[] Columns =
    [
        new("MINUTE", "minute"), new("CLIENT ID", "client_id", "account"), new("SCOPE", "scope"), new("AUDIENCE", "audience"),
        new("SOURCE", "source"), new("TOKENS", "count"), new("CREDENTIAL", "credential"),
    ];

    public static Verb Verb()
    {
        var account = new Option<string>("--account") { Description = "Only this service account: id or client_id." };
        var credential = new Option<string>("--credential") { Description = "Only what was got with this secret or key.", HelpName = "secret or key id" };
        var since = new Option<string>("--since") { Description = $"Not before: {Times.Forms}.", HelpName = "time" };
        var until = new Option<string>("--until") { Description = $"Not after: {Times.Forms}.", HelpName = "time" };
        var paging = new Paging();

        return new Verb(
            "usage",
            "Counts the tokens issued, by minute, account, credential, scope and source.",
            "countersign usage --account ci --since 1d")
        {
            account, credential, since, until, paging.Options,
        }.Does(async (call, ct) =>
        {
            var filters = new Query
            {
                ["account"] = await call.IdOrNoneAsync(Kind.Account, call.Get(account), ct),
                ["credential"] = call.Get(credential),
                ["since"] = Times.Past(call.Get(since), call.Now),
                ["until"] = Times.Past(call.Get(until), call.Now),
            };

            await paging.ShowAsync(call, "token-usage", filters, Columns, ct);
        });
    }
}

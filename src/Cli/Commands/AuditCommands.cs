using System.CommandLine;

namespace Countersign.Cli.Commands;

internal static class AuditCommands
{
    private static readonly Column[] Columns =
    [
        new("AT", "at"), new("KIND", "kind"), new("OUTCOME", "outcome"), new("ERROR", "error"),
        new("CLIENT ID", "client_id"), new("TARGET", "target"), new("ID", "id"),
    ];

    public static Noun Noun() => new("audit", "Reads the audit events.", "countersign audit list --outcome refused --since 1h")
    {
        List(),
        Show(),
    };

    private static Verb List()
    {
        var kind = new Option<string>("--kind") { Description = "Only events of this kind: token, introspection, ..." };
        var account = new Option<string>("--account") { Description = "Only those of this service account: id or client_id." };
        var clientId = new Option<string>("--client-id") { Description = "Only those that name this client_id, known or not." };
        var outcome = new Option<string>("--outcome") { Description = "Only those that ended so." };
        var since = new Option<string>("--since") { Description = $"Not before: {Times.Forms}.", HelpName = "time" };
        var until = new Option<string>("--until") { Description = $"Not after: {Times.Forms}.", HelpName = "time" };
        var paging = new Paging();

        return new Verb("list", "Lists audit events, the newest first.", "countersign audit list --kind token --client-id ci --since 1h")
        {
            kind, account, clientId, outcome, since, until, paging.Options,
        }.Does(async (call, ct) =>
        {
            var filters = new Query
            {
                ["kind"] = call.Get(kind),
                ["client_id"] = call.Get(clientId),
                ["outcome"] = call.Get(outcome),
                ["since"] = Times.Past(call.Get(since), call.Now),
                ["until"] = Times.Past(call.Get(until), call.Now),
                ["account"] = await call.IdOrNoneAsync(Kind.Account, call.Get(account), ct),
            };

            await paging.ShowAsync(call, "audit-events", filters, Columns, ct);
        });
    }

    private static Verb Show()
    {
        var id = new Argument<string>("id") { Description = "The event's id." };

        return new Verb("show", "Shows one audit event.", "countersign audit show 019c4f6e-0000-7000-8000-000000000001") { id }
            .Does(async (call, ct) =>
                call.Output.Answer((await call.Admin.GetAsync($"audit-events/{Lookup.Id(call.Get(id), "audit event")}", ct)).Body));
    }
}

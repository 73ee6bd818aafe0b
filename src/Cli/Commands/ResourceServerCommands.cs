using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class ResourceServerCommands
{
    private static readonly Column[] Columns =
        [new("ACCOUNT", "account.id", "account"), new("CLIENT ID", "account.client_id", "client_id"), new("NAME", "account.name", "name")];

    public static Noun Noun() => new(
        "resource-server",
        "Manages which service accounts act as an API and may introspect its tokens.",
        "countersign api resource-server list urn:countersign:demo")
    {
        List(),
        Add(),
        Remove(),
    };

    private static Verb List()
    {
        var api = Plain.Which(Kind.Api);
        var paging = new Paging();

        return new Verb("list", "Lists the resource servers of an API.", "countersign api resource-server list urn:countersign:demo")
        {
            api, paging.Options,
        }.Does(async (call, ct) => await paging.ShowAsync(
            call,
            $"{await call.PathAsync(Kind.Api, call.Get(api), ct)}/resource-servers",
            [],
            Columns,
            ct));
    }

    private static Verb Add()
    {
        var api = Plain.Which(Kind.Api);
        var account = Plain.Which(Kind.Account);

        return new Verb(
            "add",
            "Lets a service account introspect the tokens of an API.",
            "countersign api resource-server add urn:countersign:demo orders-backend")
        {
            api, account,
        }.Does(async (call, ct) =>
        {
            var path = await call.PathAsync(Kind.Api, call.Get(api), ct);
            var body = new JsonObject { ["account"] = await call.IdAsync(Kind.Account, call.Get(account), ct) };

            call.Output.Answer(await call.Admin.PostAsync($"{path}/resource-servers", body, ct));
        });
    }

    private static Verb Remove()
    {
        var api = Plain.Which(Kind.Api);
        var account = Plain.Which(Kind.Account);

        return new Verb(
            "remove",
            "Takes that right away.",
            "countersign api resource-server remove urn:countersign:demo orders-backend")
        {
            api, account,
        }.Does(async (call, ct) =>
        {
            var path = await call.PathAsync(Kind.Api, call.Get(api), ct);
            var id = await call.IdAsync(Kind.Account, call.Get(account), ct);

            call.Output.Done(
                await call.Admin.DeleteAsync($"{path}/resource-servers/{id}", ct),
                $"{call.Get(account)} is no longer a resource server of {call.Get(api)}.");
        });
    }
}

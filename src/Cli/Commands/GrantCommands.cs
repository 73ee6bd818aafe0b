using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class GrantCommands
{
    public static Noun Noun() => new("grant", "Manages what a service account may ask for.", "countersign grant list ci")
    {
        List(),
        Add(),
        Update(),
        Remove(),
    };

    private static Argument<string> Which() => new("grant") { Description = "The grant: its id, or the API's id or identifier." };

    private static Option<string[]> Scopes(string name, string description) => new(name) { Description = description, HelpName = "scope" };

    private static Verb List()
    {
        var account = Plain.Which(Kind.Account);
        var paging = new Paging();

        return new Verb("list", "Lists the grants of a service account.", "countersign grant list ci") { account, paging.Options }
            .Does(async (call, ct) =>
                await paging.ShowAsync(call, Kind.Grant(await call.PathAsync(Kind.Account, call.Get(account), ct)), ct));
    }

    private static Verb Add()
    {
        var account = Plain.Which(Kind.Account);
        var api = new Option<string>("--api") { Description = "The API: id or identifier.", Required = true };
        var scopes = Scopes("--scope", "Scope that the account may ask for; may be repeated.");
        scopes.Required = true;
        var defaults = Scopes("--default-scope", "Scope that it gets when it asks for none; may be repeated.");

        return new Verb(
            "add",
            "Grants scopes of an API to a service account.",
            "countersign grant add ci --api urn:countersign:demo --scope read --scope write --default-scope read")
        {
            account, api, scopes, defaults,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject { ["api"] = call.Get(api), ["scopes"] = Json.Array(call.Get(scopes)!) }
                .With("default_scopes", call.IsGiven(defaults) ? Json.Array(call.Get(defaults)!) : null);
            var path = await call.PathAsync(Kind.Account, call.Get(account), ct);

            call.Output.Answer(await call.Admin.PostAsync($"{path}/grants", body, ct));
        });
    }

    private static Verb Update()
    {
        var account = Plain.Which(Kind.Account);
        var grant = Which();
        var scopes = Scopes("--scope", "Scope; repeated, they replace the grant's scopes.");
        var defaults = Scopes("--default-scope", "Default scope; repeated, they replace the default scopes.");
        var none = new Option<bool>("--no-default-scopes") { Description = "Leave no default scope." };

        return new Verb("update", "Changes the scopes of a grant.", "countersign grant update ci urn:countersign:demo --scope read")
        {
            account, grant, scopes, defaults, none,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject()
                .With("scopes", call.IsGiven(scopes) ? Json.Array(call.Get(scopes)!) : null)
                .With("default_scopes", call.IsGiven(defaults) || call.Get(none) ? Json.Array(call.Get(defaults) ?? []) : null);

            await Plain.PatchAsync(call, await PathAsync(call, account, grant, ct), body, ct);
        });
    }

    private static Verb Remove()
    {
        var account = Plain.Which(Kind.Account);
        var grant = Which();

        return new Verb("remove", "Takes a grant away.", "countersign grant remove ci urn:countersign:demo") { account, grant }
            .Does(async (call, ct) =>
            {
                var answer = await call.Admin.DeleteAsync(await PathAsync(call, account, grant, ct), ct);

                call.Output.Done(answer, $"Removed the grant {call.Get(grant)} from {call.Get(account)}.");
            });
    }

    private static async Task<string> PathAsync(Call call, Argument<string> account, Argument<string> grant, CancellationToken ct)
    {
        var kind = Kind.Grant(await call.PathAsync(Kind.Account, call.Get(account), ct));

        return await call.PathAsync(kind, call.Get(grant), ct);
    }
}

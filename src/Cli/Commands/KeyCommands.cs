using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class KeyCommands
{
    private const string Never = "never";

    public static Noun Noun() => new(
        "key",
        "Makes and converts keys, and manages the public keys of a service account.",
        "countersign key list ci")
    {
        KeyTools.Generate(),
        KeyTools.Convert(),
        KeyTools.Thumbprint(),
        List(),
        KeyAddition.Add(),
        KeyAddition.Create(),
        Show(),
        Update(),
        Switch("disable", true, "Disables a key: it gets no more tokens, and it can be enabled again."),
        Switch("enable", false, "Enables a key again."),
        Delete(),
    };

    public static Option<string> Expiry() => new("--expires")
    {
        Description = $"When it stops working: {Never}, {Times.Forms}.",
        HelpName = "time",
    };

    public static string? ExpiresAt(Call call, Option<string> expires) =>
        call.Get(expires) is { } time and not Never ? Times.Future(time, call.Now) : null;

    public static Option<string> Name() => new("--name") { Description = "Name for people." };

    private static Argument<string> Which() => new("key") { Description = "The key: its id or kid." };

    private static Verb List()
    {
        var account = Plain.Which(Kind.Account);
        var paging = new Paging();

        return new Verb("list", "Lists the public keys of a service account.", "countersign key list ci") { account, paging.Options }
            .Does(async (call, ct) =>
                await paging.ShowAsync(call, Kind.Key(await call.PathAsync(Kind.Account, call.Get(account), ct)), ct));
    }

    private static Verb Show()
    {
        var account = Plain.Which(Kind.Account);
        var key = Which();

        return new Verb("show", "Shows a key, when it was last used and from where.", "countersign key show ci 9vJ2kQ") { account, key }
            .Does(async (call, ct) => call.Output.Answer((await FindAsync(call, account, key, ct)).Key));
    }

    private static Verb Update()
    {
        var account = Plain.Which(Kind.Account);
        var key = Which();
        var name = Name();
        var expires = Expiry();

        return new Verb("update", "Changes a key's name, or when it expires.", "countersign key update ci 9vJ2kQ --expires 30d")
        {
            account, key, name, expires,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject().With("name", call.Get(name));

            if (call.IsGiven(expires))
            {
                body["expires_at"] = ExpiresAt(call, expires);
            }

            await Plain.PatchAsync(call, body.Count == 0 ? "" : (await FindAsync(call, account, key, ct)).Path, body, ct);
        });
    }

    private static Verb Switch(string verb, bool disabled, string description)
    {
        var account = Plain.Which(Kind.Account);
        var key = Which();

        return new Verb(verb, description, $"countersign key {verb} ci 9vJ2kQ") { account, key }.Does(async (call, ct) =>
        {
            var (path, _) = await FindAsync(call, account, key, ct);
            var answer = await call.Admin.PatchAsync(path, new JsonObject { ["disabled"] = disabled }, ct);

            call.Output.Done(answer, $"The key {call.Get(key)} of {call.Get(account)} is {verb}d.");
        });
    }

    private static Verb Delete()
    {
        var account = Plain.Which(Kind.Account);
        var key = Which();

        return new Verb(
            "delete",
            "Deletes a key and ends the tokens that were got with it.",
            "countersign key delete ci 9vJ2kQ")
        {
            account, key,
        }.Does(async (call, ct) =>
        {
            var answer = await call.Admin.DeleteAsync((await FindAsync(call, account, key, ct)).Path, ct);

            call.Output.Done(answer, $"Deleted the key {call.Get(key)}.");
        });
    }

    private static async Task<(string Path, JsonElement Key)> FindAsync(
        Call call, Argument<string> account, Argument<string> key, CancellationToken ct)
    {
        var kind = Kind.Key(await call.PathAsync(Kind.Account, call.Get(account), ct));
        var found = await call.FindAsync(kind, call.Get(key), ct);

        return ($"{kind.Path}/{Json.Text(found, "id")}", found);
    }
}

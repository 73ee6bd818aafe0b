using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class ApiCommands
{
    public static Noun Noun() => new("api", "Manages APIs: the audiences that tokens are for, and their scopes.", "countersign api list")
    {
        Plain.List(Kind.Api, "Lists the APIs.", "countersign api list"),
        Create(),
        Plain.Show(Kind.Api, "Shows an API with its scopes.", "countersign api show urn:countersign:demo"),
        Update(),
        Plain.Delete(Kind.Api, "Deletes an API with the grants of it.", "countersign api delete urn:example:old"),
        ResourceServerCommands.Noun(),
    };

    private static Option<string[]> Scopes(string name, string description) => new(name)
    {
        Description = description + " As name, name:description, or name=description where the name holds a colon.",
        HelpName = "scope",
    };

    private static Verb Create()
    {
        var identifier = new Option<string>("--identifier")
        {
            Description = "The audience of its tokens, a URI.",
            HelpName = "uri",
            Required = true,
        };
        var name = new Option<string>("--name") { Description = "Name for people.", Required = true };
        var scopes = Scopes("--scope", "Scope of the API; may be repeated.");
        var owner = new OwnerOptions("--owner-group", "that owns it");
        var tokens = new TokenOptions();

        return new Verb(
            "create",
            "Creates an API.",
            "countersign api create --identifier https://orders.example.com --name Orders --scope read --scope 'write:Change orders'")
        {
            identifier, name, scopes, owner.Options, tokens.Options,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject
            {
                ["identifier"] = call.Get(identifier),
                ["name"] = call.Get(name),
                ["scopes"] = new JsonArray([.. call.Get(scopes)!.Select(Scope)]),
            }.With("owner", await owner.ReadAsync(call, ct)).With("access_token", tokens.Read(call));

            call.Output.Answer(await call.Admin.PostAsync(Kind.Api.Path, body, ct));
        });
    }

    private static Verb Update()
    {
        var api = Plain.Which(Kind.Api);
        var name = new Option<string>("--name") { Description = "New name." };
        var added = Scopes("--add-scope", "Scope to add, or to describe anew; may be repeated.");
        var removed = new Option<string[]>("--remove-scope") { Description = "Scope to take away; may be repeated.", HelpName = "scope" };
        var tokens = new TokenOptions();

        return new Verb("update", "Changes an API.", "countersign api update urn:countersign:demo --add-scope 'delete:Delete things'")
        {
            api, name, added, removed, tokens.Options,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject().With("name", call.Get(name)).With("access_token", tokens.Read(call));
            var path = await call.PathAsync(Kind.Api, call.Get(api), ct);

            if (!call.IsGiven(added) && !call.IsGiven(removed))
            {
                await Plain.PatchAsync(call, path, body, ct);

                return;
            }

            // The list is replaced as a whole, so the change must meet the version that it was made from.
            var current = await call.Admin.GetAsync(path, ct);
            body["scopes"] = Changed(current.Body, [.. call.Get(added)!.Select(Scope)], call.Get(removed)!);
            call.Output.Answer(await call.Admin.PatchAsync(path, body, ct, current.Version));
        });
    }

    private static JsonArray Changed(JsonElement api, JsonObject[] added, string[] removed)
    {
        var names = Json.Items(api, "scopes").Select(scope => Json.Text(scope, "name")).ToHashSet();

        if (removed.FirstOrDefault(name => !names.Contains(name)) is { } unknown)
        {
            throw CommandFault.Usage($"the API has no scope '{unknown}'");
        }

        var replaced = added.Select(scope => (string?)scope["name"]).Concat(removed).ToHashSet();
        var kept = Json.Items(api, "scopes").Where(scope => !replaced.Contains(Json.Text(scope, "name")));

        return new JsonArray([.. kept.Select(scope => JsonObject.Create(scope)), .. added]);
    }

    private static JsonObject Scope(string text)
    {
        // A colon is frequent in scope names, so whoever needs one there writes the equals sign.
        var parts = text.Split(text.Contains('=', StringComparison.Ordinal) ? '=' : ':', 2);

        return parts[0].Length > 0
            ? new JsonObject { ["name"] = parts[0] }.With("description", parts is [_, { Length: > 0 } description] ? description : null)
            : throw CommandFault.Usage($"'{text}' holds no scope name");
    }
}

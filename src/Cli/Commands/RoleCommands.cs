using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class RoleCommands
{
    public static Noun Noun() => new("role", "Manages roles: named sets of scopes, assigned to service accounts.", "countersign role list")
    {
        Plain.List(Kind.Role, "Lists the roles, the built-in ones too.", "countersign role list"),
        Create(),
        Plain.Show(Kind.Role, "Shows a role with its scopes.", "countersign role show auditor"),
        Update(),
        Plain.Delete(Kind.Role, "Deletes a role; the accounts that hold it lose it.", "countersign role delete deployer"),
        RoleAssignment.Assign(),
        RoleAssignment.Unassign(),
        RoleAssignment.Assigned(),
    };

    private static Option<string[]> Scopes(string description) => new("--scope")
    {
        Description = description + " As scope@api, the API by id or identifier.",
        HelpName = "scope@api",
    };

    private static Verb Create()
    {
        var name = new Option<string>("--name") { Description = "Name of the role.", Required = true };
        var owner = new OwnerOptions("--owner-group", "that owns it");
        var scopes = Scopes("Scope that the role gives; may be repeated.");
        scopes.Required = true;

        return new Verb(
            "create",
            "Creates a role.",
            "countersign role create --name deployer --scope read@urn:countersign:demo --scope write@urn:countersign:demo")
        {
            name, scopes, owner.Options,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject { ["name"] = call.Get(name), ["scopes"] = ScopesOf(call.Get(scopes)!) }
                .With("owner", await owner.ReadAsync(call, ct));

            call.Output.Answer(await call.Admin.PostAsync(Kind.Role.Path, body, ct));
        });
    }

    private static Verb Update()
    {
        var role = Plain.Which(Kind.Role);
        var name = new Option<string>("--name") { Description = "New name." };
        var scopes = Scopes("Scope; repeated, they replace the role's scopes.");

        return new Verb("update", "Changes a role.", "countersign role update deployer --scope read@urn:countersign:demo")
        {
            role, name, scopes,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject()
                .With("name", call.Get(name))
                .With("scopes", call.IsGiven(scopes) ? ScopesOf(call.Get(scopes)!) : null);

            await Plain.PatchAsync(call, await call.PathAsync(Kind.Role, call.Get(role), ct), body, ct);
        });
    }

    private static JsonArray ScopesOf(string[] texts) => new(
    [
        .. texts.Select(text => text.Split('@', 2) is [{ Length: > 0 } scope, { Length: > 0 } api]
            ? new JsonObject { ["api"] = api, ["scope"] = scope }
            : throw CommandFault.Usage($"'{text}' is not scope@api: read@urn:countersign:demo")),
    ]);
}

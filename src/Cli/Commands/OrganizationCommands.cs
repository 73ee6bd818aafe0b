using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class OrganizationCommands
{
    public static Noun Noun() => new("org", "Manages organizations, which own service accounts, roles and APIs.", "countersign org list")
    {
        List(),
        Create(),
        Plain.Show(Kind.Organization, "Shows an organization.", "countersign org show default"),
        Update(),
        Plain.Delete(Kind.Organization, "Deletes an organization that is empty.", "countersign org delete trials"),
    };

    private static Verb List()
    {
        var group = new Option<string>("--group") { Description = "Only those of this group: id or name." };
        var paging = new Paging();

        return new Verb("list", "Lists the organizations.", "countersign org list --group default") { group, paging.Options }
            .Does(async (call, ct) => await paging.ShowAsync(
                call,
                Kind.Organization.Path,
                new Query { ["group"] = await call.IdOrNoneAsync(Kind.Group, call.Get(group), ct) },
                Kind.Organization.Columns,
                ct));
    }

    private static Verb Create()
    {
        var name = new Option<string>("--name") { Description = "Name of the organization.", Required = true };
        var group = new Option<string>("--group") { Description = "Group that holds it: id or name." };

        return new Verb("create", "Creates an organization.", "countersign org create --name payments --group default") { name, group }
            .Does(async (call, ct) =>
            {
                var body = new JsonObject { ["name"] = call.Get(name) }
                    .With("group", await call.IdOrNoneAsync(Kind.Group, call.Get(group), ct));

                call.Output.Answer(await call.Admin.PostAsync(Kind.Organization.Path, body, ct));
            });
    }

    private static Verb Update()
    {
        var organization = Plain.Which(Kind.Organization);
        var name = new Option<string>("--name") { Description = "New name." };

        return new Verb("update", "Renames an organization.", "countersign org update payments --name billing") { organization, name }
            .Does(async (call, ct) => await Plain.PatchAsync(
                call,
                await call.PathAsync(Kind.Organization, call.Get(organization), ct),
                new JsonObject().With("name", call.Get(name)),
                ct));
    }
}

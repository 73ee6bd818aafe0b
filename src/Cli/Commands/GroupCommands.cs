using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class GroupCommands
{
    public static Noun Noun() => new("group", "Manages groups of organizations.", "countersign group list")
    {
        Plain.List(Kind.Group, "Lists the groups.", "countersign group list"),
        Create(),
        Plain.Show(Kind.Group, "Shows a group.", "countersign group show default"),
        Update(),
        Plain.Delete(Kind.Group, "Deletes a group that is empty.", "countersign group delete trials"),
    };

    private static Verb Create()
    {
        var name = new Option<string>("--name") { Description = "Name of the group.", Required = true };

        return new Verb("create", "Creates a group.", "countersign group create --name platform") { name }.Does(async (call, ct) =>
            call.Output.Answer(await call.Admin.PostAsync(Kind.Group.Path, new JsonObject { ["name"] = call.Get(name) }, ct)));
    }

    private static Verb Update()
    {
        var group = Plain.Which(Kind.Group);
        var name = new Option<string>("--name") { Description = "New name." };

        return new Verb("update", "Renames a group.", "countersign group update default --name main") { group, name }
            .Does(async (call, ct) => await Plain.PatchAsync(
                call, await call.PathAsync(Kind.Group, call.Get(group), ct), new JsonObject().With("name", call.Get(name)), ct));
    }
}

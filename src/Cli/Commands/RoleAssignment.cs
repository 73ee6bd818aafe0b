using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary>Which service account holds which role, and how far it reaches.</summary>
internal static class RoleAssignment
{
    public static Verb Assign()
    {
        var account = Plain.Which(Kind.Account);
        var role = Plain.Which(Kind.Role);
        var reach = new OwnerOptions("--group", "that the role reaches");
        var tenant = new Option<bool>("--tenant-wide") { Description = "The role reaches the whole tenant." };

        return new Verb("assign", "Assigns a role to a service account.", "countersign role assign ci org-admin --org default")
        {
            account, role, reach.Options, tenant,
        }.Does(async (call, ct) =>
        {
            JsonNode? within = await reach.ReadAsync(call, ct);

            if (call.Get(tenant))
            {
                within = within is null ? "tenant" : throw CommandFault.Usage("give --tenant-wide, --org or --group, only one of them");
            }

            var body = new JsonObject { ["role"] = call.Get(role) }.With("reach", within);
            var path = await call.PathAsync(Kind.Account, call.Get(account), ct);

            call.Output.Answer(await call.Admin.PostAsync($"{path}/roles", body, ct));
        });
    }

    public static Verb Unassign()
    {
        var account = Plain.Which(Kind.Account);
        var role = new Argument<string>("role")
        {
            Description = "The role's name or id, or the assignment's id if it is held more than once.",
        };

        return new Verb("unassign", "Takes a role away from a service account.", "countersign role unassign ci org-admin") { account, role }
            .Does(async (call, ct) =>
            {
                var kind = Kind.Assignment(await call.PathAsync(Kind.Account, call.Get(account), ct));
                var assignments = call.Admin.ItemsAsync(kind.Path, [], ct).Where(item =>
                    Json.Text(item, "id") == call.Get(role) || kind.Keys.Any(key => Json.Text(item, key) == call.Get(role)));

                var answer = await assignments.ToListAsync(ct) switch
                {
                    [var one] => await call.Admin.DeleteAsync($"{kind.Path}/{Json.Text(one, "id")}", ct),
                    [] => throw CommandFault.Refused($"{call.Get(account)} does not hold the role '{call.Get(role)}'"),
                    var several => throw CommandFault.Usage(
                        $"the role is held {several.Count} times, give the assignment's id: "
                        + string.Join(", ", several.Select(item => Json.Text(item, "id")))),
                };

                call.Output.Done(answer, $"{call.Get(account)} no longer holds the role {call.Get(role)}.");
            });
    }

    public static Verb Assigned()
    {
        var account = Plain.Which(Kind.Account);
        var paging = new Paging();

        return new Verb("assigned", "Lists the roles that a service account holds.", "countersign role assigned ci")
        {
            account, paging.Options,
        }.Does(async (call, ct) =>
            await paging.ShowAsync(call, Kind.Assignment(await call.PathAsync(Kind.Account, call.Get(account), ct)), ct));
    }
}

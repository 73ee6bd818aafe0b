using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary>An organization or a group, as the owner of something or as the reach of a role.</summary>
internal sealed class OwnerOptions(string groupName, string what)
{
    private readonly Option<string> _organization = new("--org") { Description = $"Organization {what}: id or name.", HelpName = "org" };
    private readonly Option<string> _group = new(groupName) { Description = $"Group {what}: id or name.", HelpName = "group" };

    public IEnumerable<Option> Options => [_organization, _group];

    public async Task<JsonObject?> ReadAsync(Call call, CancellationToken ct) => (call.Get(_organization), call.Get(_group)) switch
    {
        (null, null) => null,
        ({ } organization, null) => new JsonObject { ["organization"] = await call.IdAsync(Kind.Organization, organization, ct) },
        (null, { } group) => new JsonObject { ["group"] = await call.IdAsync(Kind.Group, group, ct) },
        _ => throw CommandFault.Usage($"give --org or {_group.Name}, not both"),
    };
}

using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class TenantCommands
{
    public static Noun Noun() => new(
        "tenant",
        "Manages tenants: an issuer with its host names, keys and settings.",
        "countersign tenant list")
    {
        Plain.List(Kind.Tenant, "Lists the tenants.", "countersign tenant list"),
        Create(),
        Plain.Show(Kind.Tenant, "Shows a tenant with its settings.", "countersign tenant show default"),
        Update(),
        Plain.Delete(Kind.Tenant, "Deletes a disabled tenant with everything in it.", "countersign tenant delete staging"),
    };

    private static Verb Create()
    {
        var name = new Option<string>("--name") { Description = "Name of the tenant.", Required = true };
        var issuer = new Option<string>("--issuer") { Description = "Issuer URL.", HelpName = "url", Required = true };
        var hosts = new Option<string[]>("--host")
        {
            Description = "Host name that the tenant answers to (the issuer's unless given); may be repeated.",
            HelpName = "host",
        };

        return new Verb(
            "create",
            "Creates a tenant and prints its administrator's client secret, once.",
            "countersign tenant create --name staging --issuer https://staging.example.com --host staging.example.com")
        {
            name, issuer, hosts,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject
            {
                ["name"] = call.Get(name),
                ["issuer"] = call.Get(issuer),
            }.With("hosts", call.IsGiven(hosts) ? Json.Array(call.Get(hosts)!) : null);

            call.Output.Secret(await call.Admin.PostOnceAsync(Kind.Tenant.Path, body, ct), Plain.ShownOnce);
        });
    }

    private static Verb Update()
    {
        var tenant = Plain.Which(Kind.Tenant);
        var name = new Option<string>("--name") { Description = "New name." };
        var hosts = new Option<string[]>("--host") { Description = "Host name; repeated, they replace all host names." };
        var disabled = new Option<bool?>("--disabled") { Description = "Whether the tenant is shut.", HelpName = "true|false" };
        var settings = new TenantSettings();

        return new Verb(
            "update",
            "Changes a tenant or its settings.",
            "countersign tenant update default --token-format opaque --granting owner")
        {
            tenant, name, hosts, disabled, settings.Options,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject()
                .With("name", call.Get(name))
                .With("hosts", call.IsGiven(hosts) ? Json.Array(call.Get(hosts)!) : null)
                .With("disabled", call.Get(disabled))
                .With("settings", settings.Read(call));

            await Plain.PatchAsync(call, await call.PathAsync(Kind.Tenant, call.Get(tenant), ct), body, ct);
        });
    }
}

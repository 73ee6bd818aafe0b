using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class AccountCommands
{
    public static Noun Noun() => new("account", "Manages service accounts.", "countersign account list --name ci")
    {
        List(),
        Create(),
        Plain.Show(Kind.Account, "Shows a service account.", "countersign account show ci"),
        Update(),
        Switch("disable", true, "Disables a service account: its next token request fails, and it can be enabled again."),
        Switch("enable", false, "Enables a service account again."),
        Plain.Delete(Kind.Account, "Deletes a service account with its secrets, keys and grants.", "countersign account delete ci"),
        AccountPolicy.Verb(),
        AccountImport.Verb(),
        RevokeTokens(),
    };

    private static Verb List()
    {
        var name = new Option<string>("--name") { Description = "Only names that hold this text." };
        var clientId = new Option<string>("--client-id") { Description = "Only this client_id." };
        var organization = new Option<string>("--org") { Description = "Only those that this organization owns: id or name." };
        var group = new Option<string>("--group") { Description = "Only those that this group owns: id or name." };
        var unused = new Option<string>("--unused-since") { Description = $"Only those not used since: {Times.Forms}.", HelpName = "time" };
        var disabled = new Option<bool?>("--disabled") { Description = "Only disabled ones, or with false only enabled ones." };
        var paging = new Paging();

        return new Verb("list", "Lists service accounts.", "countersign account list --org default --unused-since 90d --all")
        {
            name, clientId, organization, group, unused, disabled, paging.Options,
        }.Does(async (call, ct) =>
        {
            var filters = new Query
            {
                ["name"] = call.Get(name),
                ["client_id"] = call.Get(clientId),
                ["unused_since"] = Times.Past(call.Get(unused), call.Now),
                ["disabled"] = call.Get(disabled) switch { true => "true", false => "false", null => null },
                ["organization"] = await call.IdOrNoneAsync(Kind.Organization, call.Get(organization), ct),
                ["group"] = await call.IdOrNoneAsync(Kind.Group, call.Get(group), ct),
            };

            await paging.ShowAsync(call, Kind.Account.Path, filters, Kind.Account.Columns, ct);
        });
    }

    private static Verb Create()
    {
        var name = new Option<string>("--name") { Description = "Name for people.", Required = true };
        var clientId = new Option<string>("--client-id") { Description = "Its client_id (the account's id unless given)." };
        var description = new Option<string>("--description") { Description = "What it is for." };
        var owner = new OwnerOptions("--owner-group", "that owns it");

        return new Verb("create", "Creates a service account.", "countersign account create --name ci --org default")
        {
            name, clientId, description, owner.Options,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject { ["name"] = call.Get(name) }
                .With("client_id", call.Get(clientId))
                .With("description", call.Get(description))
                .With("owner", await owner.ReadAsync(call, ct));

            call.Output.Answer(await call.Admin.PostAsync(Kind.Account.Path, body, ct));
        });
    }

    private static Verb Update()
    {
        var account = Plain.Which(Kind.Account);
        var name = new Option<string>("--name") { Description = "New name." };
        var description = new Option<string>("--description") { Description = "New description." };
        var tokens = new TokenOptions();
        var assertions = new AssertionOptions();
        var dpop = new Option<bool?>("--dpop-bound")
        {
            Description = "Whether it gets only tokens that are bound to a key of its own (DPoP).",
            HelpName = "true|false",
        };

        return new Verb("update", "Changes a service account.", "countersign account update ci --token-format opaque --token-lifetime 10m")
        {
            account, name, description, tokens.Options, assertions.Options, dpop,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject()
                .With("name", call.Get(name))
                .With("description", call.Get(description))
                .With("access_token", tokens.Read(call))
                .With("assertions", assertions.Read(call))
                .With("dpop_bound_access_tokens", call.Get(dpop));

            await Plain.PatchAsync(call, await call.PathAsync(Kind.Account, call.Get(account), ct), body, ct);
        });
    }

    private static Verb Switch(string verb, bool disabled, string description)
    {
        var account = Plain.Which(Kind.Account);

        return new Verb(verb, description, $"countersign account {verb} ci") { account }.Does(async (call, ct) =>
        {
            var path = await call.PathAsync(Kind.Account, call.Get(account), ct);
            var answer = await call.Admin.PatchAsync(path, new JsonObject { ["disabled"] = disabled }, ct);

            call.Output.Done(answer, $"The service account {call.Get(account)} is {verb}d.");
        });
    }

    private static Verb RevokeTokens()
    {
        var account = Plain.Which(Kind.Account);
        var credential = new Option<string>("--credential") { Description = "Only tokens got with this secret or key.", HelpName = "secret or key id" };
        var before = new Option<string>("--before") { Description = $"Only tokens issued before: {Times.Forms}.", HelpName = "time" };

        return new Verb(
            "revoke-tokens",
            "Ends the access tokens that a service account holds.",
            "countersign account revoke-tokens ci --before now")
        {
            account, credential, before,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject()
                .With("credential", call.Get(credential))
                .With("issued_before", Times.IssuedBefore(call.Get(before), call.Now));
            var path = await call.PathAsync(Kind.Account, call.Get(account), ct);

            call.Output.Answer(await call.Admin.PostAsync($"{path}/revoke-tokens", body, ct));
        });
    }
}

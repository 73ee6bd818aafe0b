using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class RuleCommands
{
    private static readonly Column[] Accounts =
        [new("CLIENT ID", "client_id"), new("NAME", "name"), new("CREATED", "created_at"), new("LAST USED", "last_used_at"), new("ID", "id")];

    public static Noun Noun() => new(
        "rule",
        "Manages the rules that say which tokens of a trusted issuer are which service account.",
        "countersign rule list --issuer ci")
    {
        List(),
        Create(),
        Show(),
        Update(),
        Plain.Switch(Kind.Rule, "rule", true, "Disables a rule: it matches nothing, and it can be enabled again."),
        Plain.Switch(Kind.Rule, "rule", false, "Enables a rule again."),
        Plain.Delete(Kind.Rule, "Deletes a rule and ends the tokens that were got by it.", "countersign rule delete deploy"),
        MadeAccounts(),
    };

    /// <summary>The saved rule, its conditions as they are typed.</summary>
    public static void Print(Call call, JsonElement rule)
    {
        if (!call.Output.IsJson && rule.ValueKind == JsonValueKind.Object)
        {
            var readable = JsonObject.Create(rule)!;
            readable["conditions"] = Json.Array(Json.Items(rule, "conditions").Select(Typed));
            readable["tests"] = Json.Items(rule, "tests").Count();
            rule = JsonSerializer.SerializeToElement(readable);
        }

        Plain.Print(call, rule, "warnings");
    }

    private static string Typed(JsonElement condition) => ConditionText.Write(condition) ?? condition.GetRawText();

    private static Verb List()
    {
        var issuer = new Option<string>("--issuer") { Description = "Only those of this trusted issuer: id, name or URL." };
        var account = new Option<string>("--account") { Description = "Only those that give this service account: id or client_id." };
        var mode = new Option<string>("--mode") { Description = "Only those that enforce, or that report.", HelpName = "mode" }
            .AcceptOnlyFromAmong("enforce", "report");
        var paging = new Paging();

        return new Verb("list", "Lists the trust rules.", "countersign rule list --issuer ci --mode report") { issuer, account, mode, paging.Options }
            .Does(async (call, ct) =>
            {
                var filters = new Query
                {
                    ["trusted_issuer"] = await call.IdOrNoneAsync(Kind.Issuer, call.Get(issuer), ct),
                    ["account"] = await call.IdOrNoneAsync(Kind.Account, call.Get(account), ct),
                    ["mode"] = call.Get(mode),
                };

                await paging.ShowAsync(call, Kind.Rule.Path, filters, Kind.Rule.Columns, ct);
            });
    }

    private static Verb Create()
    {
        var name = new Argument<string?>("name")
        {
            Description = "Name for people, and for the commands (that of --file unless given).",
            DefaultValueFactory = _ => null,
        };
        var issuer = new Option<string>("--issuer") { Description = "The trusted issuer: id, name or URL (that of --file unless given)." };
        var options = new RuleOptions();

        return new Verb(
            "create",
            "Says which tokens of a trusted issuer are which service account. All conditions must hold, and of all rules that match, none may say another account.",
            "countersign rule create deploy --issuer ci --account deployer --condition repository_id=456789"
            + " --condition 'sub~=repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main'")
        {
            name, issuer, options.Options,
        }.Does(async (call, ct) =>
        {
            var body = (await options.ReadAsync(call, isChange: false, ct))
                .With("name", call.Get(name))
                .With("trusted_issuer", call.Get(issuer));

            Needs(body, "name", "the rule has no name: give one, or --file");
            Needs(body, "trusted_issuer", "nothing says whose tokens: give --issuer (see: countersign issuer list)");
            Needs(body, body.ContainsKey("template") ? "template" : "account", "nothing says whom they are: give --account CLIENT_ID, or --template");
            Needs(body, "conditions", "a rule without a condition would take every token of the issuer: give --condition (see: countersign explain --jwt)");

            Saved(call, await call.Admin.PostAsync(Kind.Rule.Path, body, ct));
        });
    }

    private static Verb Show()
    {
        var which = Plain.Which(Kind.Rule);

        return new Verb("show", "Shows a trust rule, and when a token was last got by it.", "countersign rule show deploy") { which }
            .Does(async (call, ct) => Print(call, await call.FindAsync(Kind.Rule, call.Get(which), ct)));
    }

    private static Verb Update()
    {
        var which = Plain.Which(Kind.Rule);
        var name = new Option<string>("--name") { Description = "New name." };
        var options = new RuleOptions();

        return new Verb(
            "update",
            "Changes a trust rule. Conditions, scopes, tests and allowed findings that are given replace those that it has.",
            "countersign rule update deploy --mode enforce --lifetime 15m")
        {
            which, name, options.Options,
        }.Does(async (call, ct) =>
        {
            var body = (await options.ReadAsync(call, isChange: true, ct)).With("name", call.Get(name));

            Saved(call, await Plain.PatchedAsync(call, Kind.Rule, call.Get(which), body, ct));
        });
    }

    private static Verb MadeAccounts()
    {
        var which = Plain.Which(Kind.Rule);
        var paging = new Paging();

        return new Verb("accounts", "Lists the service accounts that a rule made by its template.", "countersign rule accounts deploy")
        {
            which, paging.Options,
        }.Does(async (call, ct) =>
            await paging.ShowAsync(call, $"{await call.PathAsync(Kind.Rule, call.Get(which), ct)}/accounts", [], Accounts, ct));
    }

    private static void Saved(Call call, JsonElement answer)
    {
        Print(call, answer);
        call.Output.Warnings(answer);
    }

    private static void Needs(JsonObject body, string member, string sentence)
    {
        if (body[member] is null)
        {
            throw CommandFault.Usage(sentence);
        }
    }
}

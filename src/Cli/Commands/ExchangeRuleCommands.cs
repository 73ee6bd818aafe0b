using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class ExchangeRuleCommands
{
    public static Noun Noun() => new(
        "exchange-rule",
        "Manages which service account may exchange whose tokens, and for what (RFC 8693).",
        "countersign exchange-rule list")
    {
        Plain.List(Kind.ExchangeRule, "Lists the exchange rules.", "countersign exchange-rule list"),
        Create(),
        Plain.Show(Kind.ExchangeRule, "Shows an exchange rule.", "countersign exchange-rule show gateway"),
        Update(),
        Plain.Switch(Kind.ExchangeRule, "exchange-rule", true, "Disables an exchange rule: nothing more is exchanged by it, and it can be enabled again."),
        Plain.Switch(Kind.ExchangeRule, "exchange-rule", false, "Enables an exchange rule again."),
        Plain.Delete(Kind.ExchangeRule, "Deletes an exchange rule. Tokens that were got by it live to their end: account revoke-tokens of its client ends them at once.", "countersign exchange-rule delete gateway"),
    };

    private static Verb Create()
    {
        var name = new Argument<string>("name") { Description = "Name for people, and for the commands." };
        var client = new Option<string>("--client") { Description = "The service account that exchanges: id or client_id.", Required = true };
        var options = new ExchangeOptions();

        return new Verb(
            "create",
            "Lets a service account exchange tokens. The result is never wider than the token, nor than the rule, and it names who exchanged (act).",
            "countersign exchange-rule create gateway --client gateway --subject web-shop --scope read@https://orders.example")
        {
            name, client, options.Options,
        }.Does(async (call, ct) =>
        {
            var body = options.Read(call);
            body["name"] = call.Get(name);
            body["client"] = call.Get(client);

            if (!body.ContainsKey("subjects") && !body.ContainsKey("any_subject"))
            {
                throw CommandFault.Usage("nothing says whose tokens: give --subject CLIENT_ID, or --any-subject true");
            }

            if (!body.ContainsKey("apis"))
            {
                throw CommandFault.Usage("nothing says for what: give --scope scope@api");
            }

            Saved(call, await call.Admin.PostAsync(Kind.ExchangeRule.Path, body, ct));
        });
    }

    private static Verb Update()
    {
        var which = Plain.Which(Kind.ExchangeRule);
        var name = new Option<string>("--name") { Description = "New name." };
        var options = new ExchangeOptions();

        return new Verb(
            "update",
            "Changes an exchange rule. Subjects and scopes that are given replace those that it has.",
            "countersign exchange-rule update gateway --impersonation false --lifetime 10m")
        {
            which, name, options.Options,
        }.Does(async (call, ct) =>
        {
            var body = options.Read(call).With("name", call.Get(name));

            Saved(call, await Plain.PatchedAsync(call, Kind.ExchangeRule, call.Get(which), body, ct));
        });
    }

    private static void Saved(Call call, JsonElement answer)
    {
        Plain.Print(call, answer, "warnings");
        call.Output.Warnings(answer);
    }

    /// <summary>Whose tokens, for what, and how.</summary>
    private sealed class ExchangeOptions
    {
        private const string None = "none";

        private readonly Option<string[]> _subjects = new("--subject")
        {
            Description = "Service account whose tokens it may exchange: id or client_id; may be repeated.",
            HelpName = "account",
        };

        private readonly Option<bool?> _any = new("--any-subject") { Description = "Whether it may exchange every account's tokens.", HelpName = "true|false" };
        private readonly Option<string[]> _scopes = new("--scope") { Description = "What for, at most, as scope@api; may be repeated.", HelpName = "scope@api" };

        private readonly Option<bool?> _impersonation = new("--impersonation")
        {
            Description = "Whether it may get tokens that do not name it as the actor.",
            HelpName = "true|false",
        };

        private readonly Option<string> _lifetime = new("--lifetime")
        {
            Description = $"How long the result holds at most: 15m, or {None} for no limit of its own.",
            HelpName = "length",
        };

        public IEnumerable<Option> Options => [_subjects, _any, _scopes, _impersonation, _lifetime];

        public JsonObject Read(Call call)
        {
            if (call.IsGiven(_subjects) && call.Get(_any) == true)
            {
                throw CommandFault.Usage("give --subject or --any-subject true, not both");
            }

            var body = new JsonObject()
                .With("subjects", call.IsGiven(_subjects) ? Json.Array(call.Get(_subjects)!) : null)
                .With("any_subject", call.Get(_any))
                .With("apis", call.IsGiven(_scopes) ? Apis(call.Get(_scopes)!) : null)
                .With("impersonation", call.Get(_impersonation));

            if (call.Get(_lifetime) is { } lifetime)
            {
                body["lifetime_seconds"] = lifetime == None ? null : (long)Times.Length(lifetime).TotalSeconds;
            }

            return body;
        }

        private static JsonArray Apis(string[] texts) => new(
        [
            .. texts.Select(Split).GroupBy(part => part.Api, part => part.Scope)
                .Select(api => new JsonObject { ["api"] = api.Key, ["scopes"] = Json.Array(api) }),
        ]);

        private static (string Api, string Scope) Split(string text) => text.Split('@', 2) is [{ Length: > 0 } scope, { Length: > 0 } api]
            ? (api, scope)
            : throw CommandFault.Usage($"'{text}' is not scope@api: read@urn:countersign:demo");
    }
}

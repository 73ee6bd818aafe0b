using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class IssuerCommands
{
    private static readonly string[] Kinds = ["generic", "github", "gitlab", "kubernetes", "spiffe"];

    public static Noun Noun() => new(
        "issuer",
        "Manages the issuers elsewhere whose tokens are taken here, under rules (see `rule`).",
        "countersign issuer list")
    {
        Plain.List(Kind.Issuer, "Lists the trusted issuers.", "countersign issuer list"),
        Create(),
        Show(),
        Update(),
        Plain.Switch(Kind.Issuer, "issuer", true, "Disables a trusted issuer: its tokens are refused at once, and it can be enabled again."),
        Plain.Switch(Kind.Issuer, "issuer", false, "Enables a trusted issuer again."),
        Plain.Delete(
            Kind.Issuer,
            "Deletes a trusted issuer with its rules, and ends the tokens that were got by them.",
            "countersign issuer delete ci"),
        Refresh(),
    };

    private static Verb Create()
    {
        var name = new Argument<string>("name") { Description = "Name for people, and for the commands." };
        var kind = new Option<string>("--kind")
        {
            Description = "What it is, for presets and for the checks on its rules (generic unless given).",
            HelpName = "kind",
        }.AcceptOnlyFromAmong(Kinds);
        var issuer = new Option<string>("--issuer")
        {
            Description = "Its iss, letter by letter; spiffe://trust-domain for SPIFFE. The kinds github and gitlab know theirs.",
            HelpName = "url",
        };
        var options = new IssuerOptions();
        options.Audiences.Required = true;

        return new Verb(
            "create",
            "Trusts an issuer. Its tokens get nothing until a rule says whose they are.",
            "countersign issuer create ci --kind github --audience https://auth.example.com")
        {
            name, kind, issuer, options.Options,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject { ["name"] = call.Get(name) }.With("kind", call.Get(kind)).With("issuer", call.Get(issuer));
            await options.FillAsync(call, body, isChange: false, ct);

            Saved(call, await call.Admin.PostAsync(Kind.Issuer.Path, body, ct));
        });
    }

    private static Verb Show()
    {
        var which = Plain.Which(Kind.Issuer);

        return new Verb("show", "Shows a trusted issuer, the keys that are held of it, and what went wrong.", "countersign issuer show ci") { which }
            .Does(async (call, ct) => Print(call, await call.FindAsync(Kind.Issuer, call.Get(which), ct)));
    }

    private static Verb Update()
    {
        var which = Plain.Which(Kind.Issuer);
        var name = new Option<string>("--name") { Description = "New name." };
        var options = new IssuerOptions();

        return new Verb("update", "Changes a trusted issuer.", "countersign issuer update ci --replay window:30s --max-token-age 10m")
        {
            which, name, options.Options,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject().With("name", call.Get(name));
            await options.FillAsync(call, body, isChange: true, ct);

            Saved(call, await Plain.PatchedAsync(call, Kind.Issuer, call.Get(which), body, ct));
        });
    }

    private static Verb Refresh()
    {
        var which = Plain.Which(Kind.Issuer);

        return new Verb("refresh", "Fetches its keys now. Ends with 1 when that fails.", "countersign issuer refresh ci") { which }
            .Does(async (call, ct) =>
            {
                var answer = await call.Admin.PostAsync($"{await call.PathAsync(Kind.Issuer, call.Get(which), ct)}/refresh", null, ct);
                Print(call, answer);

                return (int)(Json.Text(answer, "problem") is null ? ExitCode.Done : ExitCode.Refused);
            });
    }

    private static void Saved(Call call, JsonElement answer)
    {
        Print(call, answer);
        call.Output.Warnings(answer);

        if (Json.Text(answer, "problem") is not null)
        {
            call.Output.Remark($"The issuer is saved. When that is mended: countersign issuer refresh {Words.Quoted(Json.Text(answer, "name"))}");
        }
    }

    // Keys are shown by kid and thumbprint; the material itself is for --json.
    private static void Print(Call call, JsonElement issuer) => Plain.Print(call, issuer, "jwks", "certificates", "ca_certificates", "warnings");
}

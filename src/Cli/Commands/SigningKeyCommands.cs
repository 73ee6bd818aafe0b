using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class SigningKeyCommands
{
    public static Noun Noun() => new("signing-key", "Manages the tenant's signing keys.", "countersign signing-key list")
    {
        List(),
        Create(),
        Plain.Show(Kind.SigningKey, "Shows a signing key's public half and state.", "countersign signing-key show 9vJ2kQ"),
        Withdraw(),
    };

    private static Verb List()
    {
        var alg = new Option<string>("--alg") { Description = "Only keys for this algorithm." };
        var paging = new Paging();

        return new Verb("list", "Lists the signing keys.", "countersign signing-key list --alg ES256") { alg, paging.Options }
            .Does((call, ct) => paging.ShowAsync(
                call, Kind.SigningKey.Path, new Query { ["alg"] = call.Get(alg) }, Kind.SigningKey.Columns, ct));
    }

    private static Verb Create()
    {
        var alg = new Option<string>("--alg") { Description = "Algorithm of the key: ES256, RS256, ...", Required = true };
        var activate = new Option<string>("--activate")
        {
            Description = "Sign with it now, or once every verifier has seen it (scheduled).",
            DefaultValueFactory = _ => "scheduled",
        }.AcceptOnlyFromAmong("now", "scheduled");

        return new Verb("create", "Creates a signing key.", "countersign signing-key create --alg ES256 --activate scheduled")
        {
            alg, activate,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject { ["alg"] = call.Get(alg), ["activate"] = call.Get(activate) };

            call.Output.Answer(await call.Admin.PostAsync(Kind.SigningKey.Path, body, ct));
        });
    }

    private static Verb Withdraw()
    {
        var key = Plain.Which(Kind.SigningKey);

        return new Verb(
            "withdraw",
            "Withdraws a signing key at once: every token that it signed fails.",
            "countersign signing-key withdraw 9vJ2kQ")
        {
            key,
        }.Does(async (call, ct) =>
        {
            var path = await call.PathAsync(Kind.SigningKey, call.Get(key), ct);

            call.Output.Answer(await call.Admin.PostAsync($"{path}/withdraw", null, ct));
        });
    }
}

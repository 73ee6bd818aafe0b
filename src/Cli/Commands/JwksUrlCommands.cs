using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class JwksUrlCommands
{
    public static Noun Noun() => new(
        "jwks-url",
        "Manages the address at which a service account publishes its keys itself.",
        "countersign jwks-url show ci")
    {
        Show(),
        Set(),
        Refresh(),
        Delete(),
    };

    private static Verb Show()
    {
        var account = Plain.Which(Kind.Account);

        return new Verb("show", "Shows the address, the keys that were last fetched, and what went wrong.", "countersign jwks-url show ci")
        {
            account,
        }.Does(async (call, ct) => call.Output.Answer((await call.Admin.GetAsync(await PathAsync(call, account, ct), ct)).Body));
    }

    private static Verb Set()
    {
        var account = Plain.Which(Kind.Account);
        var url = new Argument<string>("url") { Description = "Address of a JWK set, https." };
        var ca = new Option<string>("--ca")
        {
            Description = "PEM file of the only authorities that its host is trusted by (those of the server's system unless given).",
            HelpName = "file",
        };

        return new Verb(
            "set",
            "Sets the address and fetches the keys once. The account then signs with these keys: secrets and keys that it had end, as with `key add`.",
            "countersign jwks-url set ci https://ci.example.com/jwks.json")
        {
            account, url, ca,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject { ["url"] = call.Get(url) }
                .With("ca_certificates", call.Get(ca) is { } file ? await File.ReadAllTextAsync(file, ct) : null);
            var answer = await call.Admin.PutAsync(await PathAsync(call, account, ct), body, ct);

            call.Output.Answer(answer);
            call.Output.Warnings(answer);

            if (Json.Text(answer, "problem") is { } problem)
            {
                call.Output.Remark($"warning: the address is set, but its keys could not be fetched: {problem}");
            }
        });
    }

    private static Verb Refresh()
    {
        var account = Plain.Which(Kind.Account);

        return new Verb("refresh", "Fetches the keys now. Ends with 1 when that fails.", "countersign jwks-url refresh ci") { account }
            .Does(async (call, ct) =>
            {
                var answer = await call.Admin.PostAsync($"{await PathAsync(call, account, ct)}/refresh", null, ct);
                call.Output.Answer(answer);

                return (int)(Json.Text(answer, "problem") is null ? ExitCode.Done : ExitCode.Refused);
            });
    }

    private static Verb Delete()
    {
        var account = Plain.Which(Kind.Account);

        return new Verb(
            "delete",
            "Takes the address away and ends the tokens that were got with its keys.",
            "countersign jwks-url delete ci")
        {
            account,
        }.Does(async (call, ct) =>
        {
            var answer = await call.Admin.DeleteAsync(await PathAsync(call, account, ct), ct);

            call.Output.Done(answer, $"{call.Get(account)} has no JWKS URL any more.");
        });
    }

    private static async Task<string> PathAsync(Call call, Argument<string> account, CancellationToken ct) =>
        $"{await call.PathAsync(Kind.Account, call.Get(account), ct)}/jwks-url";
}

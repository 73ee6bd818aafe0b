using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class RevokeCommand
{
    private static readonly Column[] Columns =
    [
        new("KIND", "kind"), new("TARGET", "target"), new("ISSUED BEFORE", "issued_before"),
        new("KEPT UNTIL", "expires_at"), new("ID", "id"),
    ];

    public static Verb Verb()
    {
        var file = SecretInput.FileOption("--token-file", "the token");
        var account = new Option<string>("--account") { Description = "All tokens of this service account: id or client_id." };
        var credential = new Option<string>("--credential") { Description = "All tokens got with this secret or key.", HelpName = "secret or key id" };
        var all = new Option<bool>("--all-tokens") { Description = "All tokens of the tenant." };
        var before = new Option<string>("--before") { Description = $"Only tokens issued before: {Times.Forms}.", HelpName = "time" };

        return new Verb(
            "revoke",
            "Revokes the access token on standard input, or all tokens of an account, a secret, a key or the tenant."
            + " To end what a key signed, use `signing-key withdraw`.",
            "countersign revoke < token.txt")
        {
            file, account, credential, all, before, List(),
        }.Does(async (call, ct) =>
        {
            Option[] targets = [account, credential, all];
            var body = new JsonObject().With("issued_before", Times.IssuedBefore(call.Get(before), call.Now));

            switch (targets.Where(call.IsGiven).ToList())
            {
                case []:
                    body["token"] = await SecretInput.ReadAsync(call, file, "token", ct);
                    break;
                case [_] when !call.IsGiven(file):
                    body.With("account", await call.IdOrNoneAsync(Kind.Account, call.Get(account), ct))
                        .With("credential", call.Get(credential))
                        .With("all", call.Get(all) ? true : null);
                    break;
                default:
                    throw CommandFault.Usage("one thing at a time: a token, --account, --credential or --all-tokens");
            }

            call.Output.Answer(await call.Admin.PostAsync("revocations", body, ct));
        });
    }

    private static Verb List()
    {
        var paging = new Paging();

        return new Verb("list", "Lists the revocations that are still kept.", "countersign revoke list") { paging.Options }
            .Does((call, ct) => paging.ShowAsync(call, "revocations", [], Columns, ct));
    }
}

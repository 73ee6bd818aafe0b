using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class SecretCommands
{
    public static Noun Noun() => new("secret", "Manages the client secrets of a service account.", "countersign secret list ci")
    {
        List(),
        Create(),
        Show(),
        Update(),
        SecretRotation.Rotate(),
        SecretRotation.Retire(),
        Delete(),
    };

    /// <summary>The argument that names one secret of the account.</summary>
    public static Argument<string> Which() => new("secret") { Description = "The secret's id, as `secret list` shows it." };

    public static Option<string> Expiry() => new("--expires") { Description = $"When it expires: {Times.Forms}.", HelpName = "time" };

    public static async Task<string> PathAsync(Call call, Argument<string> account, Argument<string> secret, CancellationToken ct)
    {
        var id = Lookup.Id(call.Get(secret), "secret");

        return $"{await call.PathAsync(Kind.Account, call.Get(account), ct)}/secrets/{id}";
    }

    private static Verb List()
    {
        var account = Plain.Which(Kind.Account);
        var paging = new Paging();

        return new Verb("list", "Lists the secrets of a service account, without the secrets themselves.", "countersign secret list ci")
        {
            account, paging.Options,
        }.Does(async (call, ct) =>
            await paging.ShowAsync(call, Kind.Secret(await call.PathAsync(Kind.Account, call.Get(account), ct)), ct));
    }

    private static Verb Create()
    {
        var account = Plain.Which(Kind.Account);
        var expires = Expiry();
        var hash = new Option<string>("--hash-file")
        {
            Description = "File (- for standard input) with the hash of a secret that exists elsewhere: "
                + "$pbkdf2-sha256$, $2b$, $argon2id$, ...",
            HelpName = "file",
        };

        return new Verb("create", "Creates a client secret and prints it, once.", "countersign secret create ci --expires 90d")
        {
            account, expires, hash,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject()
                .With("expires_at", Times.Future(call.Get(expires), call.Now))
                .With("hash", call.IsGiven(hash) ? await SecretInput.ReadAsync(call, hash, "hash", ct) : null);
            var path = await call.PathAsync(Kind.Account, call.Get(account), ct);
            var answer = await call.Admin.PostOnceAsync($"{path}/secrets", body, ct);

            if (Json.Text(answer, "client_secret") is null)
            {
                call.Output.Answer(answer);
            }
            else
            {
                call.Output.Secret(answer, Plain.ShownOnce);
            }
        });
    }

    private static Verb Show()
    {
        var account = Plain.Which(Kind.Account);
        var secret = Which();

        return new Verb(
            "show",
            "Shows a secret's state, not the secret.",
            "countersign secret show ci 019c4f6e-0000-7000-8000-000000000001")
        {
            account, secret,
        }.Does(async (call, ct) => call.Output.Answer((await call.Admin.GetAsync(await PathAsync(call, account, secret, ct), ct)).Body));
    }

    private static Verb Update()
    {
        var account = Plain.Which(Kind.Account);
        var secret = Which();
        var expires = Expiry();

        return new Verb(
            "update",
            "Changes when a secret expires.",
            "countersign secret update ci 019c4f6e-0000-7000-8000-000000000001 --expires 30d")
        {
            account, secret, expires,
        }.Does(async (call, ct) =>
        {
            var body = new JsonObject().With("expires_at", Times.Future(call.Get(expires), call.Now));

            await Plain.PatchAsync(call, await PathAsync(call, account, secret, ct), body, ct);
        });
    }

    private static Verb Delete()
    {
        var account = Plain.Which(Kind.Account);
        var secret = Which();

        return new Verb(
            "delete",
            "Deletes a secret and ends the tokens that were got with it.",
            "countersign secret delete ci 019c4f6e-0000-7000-8000-000000000001")
        {
            account, secret,
        }.Does(async (call, ct) =>
        {
            var answer = await call.Admin.DeleteAsync(await PathAsync(call, account, secret, ct), ct);

            call.Output.Done(answer, $"Deleted the secret {call.Get(secret)}.");
        });
    }
}

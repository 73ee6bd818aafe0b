using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Cli.Keys;

namespace Countersign.Cli.Commands;

/// <summary>A new key of an account: one that exists, or a pair that the server makes.</summary>
internal static class KeyAddition
{
    private const string ShownOnce = "Keep the private key now: it is not shown again.";

    public static Verb Add()
    {
        var account = Plain.Which(Kind.Account);
        var file = new Option<string>("--file")
        {
            Description = "The public key: JWK, PEM, X.509 certificate, or a key file, of which the public half alone is sent (- for standard input).",
            HelpName = "file",
        };
        var pair = new Option<string>("--from-private")
        {
            Description = "In place of --file: a private key, of which the public half alone is sent.",
            HelpName = "file",
        };
        var options = new KeyOptions();
        var name = KeyCommands.Name();
        var expires = KeyCommands.Expiry();

        return new Verb(
            "add",
            "Adds a public key to a service account, which from then on signs in place of sending a secret: its secrets end at once, with their tokens,"
            + " unless the tenant lets secrets stand beside keys (tenant update --secrets-beside-keys true).",
            "countersign key add ci --file public.jwk --expires 365d")
        {
            account, file, pair, options.Options, name, expires,
        }.Does(async (call, ct) =>
        {
            if (call.IsGiven(file) == call.IsGiven(pair))
            {
                throw CommandFault.Usage("give the public key by --file, or the pair by --from-private");
            }

            var path = call.Get(file) ?? call.Get(pair)!;
            using var found = await KeyReader.OneAsync(call, path, options.Kid(call), options.Algorithm(call), ct);

            if (found is { Private: not null, File: null } && call.IsGiven(file))
            {
                throw CommandFault.Usage(
                    $"{path} holds a private key, which stays with its owner: give the public half"
                    + $" (countersign key convert --in {path} --to public-jwk), or --from-private {path}, which sends only that");
            }

            var body = new JsonObject { ["jwk"] = JsonNode.Parse(found.Public.PublicJwk) }
                .With("name", call.Get(name))
                .With("expires_at", KeyCommands.ExpiresAt(call, expires));
            var answer = await call.Admin.PostOnceAsync($"{await call.PathAsync(Kind.Account, call.Get(account), ct)}/keys", body, ct);

            call.Output.Answer(Without(answer, "warnings"));
            call.Output.Warnings(answer);
        });
    }

    public static Verb Create()
    {
        var account = Plain.Which(Kind.Account);
        var rsa = new Option<int?>("--rsa") { Description = "An RSA pair of so many bits.", HelpName = "bits" };
        rsa.AcceptOnlyFromAmong("2048", "3072", "4096");
        var curve = new Option<string>("--curve") { Description = "An EC pair on this curve (P-256 unless something is given).", HelpName = "curve" }
            .AcceptOnlyFromAmong("P-256", "P-384", "P-521");
        var format = new Option<string>("--format")
        {
            Description = "Form of the private half: key-file holds all that a client needs.",
            DefaultValueFactory = _ => "key-file",
            HelpName = "form",
        }.AcceptOnlyFromAmong("key-file", "pem", "jwk");
        var target = new Option<string>("--out")
        {
            Description = "New file for the private half, for its owner alone (standard output unless given).",
            HelpName = "file",
        };
        var output = new KeyOutput();
        var options = new KeyOptions();
        var name = KeyCommands.Name();
        var expires = KeyCommands.Expiry();

        return new Verb(
            "create",
            "Has the server make a pair, keep the public half and hand out the private one, once. `key generate` and `key add` keep it from the wire.",
            "countersign key create ci --format key-file --out ci-key.json")
        {
            account, rsa, curve, format, target, output.Force, options.Options, name, expires,
        }.Does(async (call, ct) =>
        {
            var generate = (call.Get(rsa), call.Get(curve)) switch
            {
                ({ } size, null) => new JsonObject { ["kty"] = "RSA", ["size"] = size },
                (null, var crv) => new JsonObject { ["kty"] = "EC", ["crv"] = crv ?? "P-256" },
                _ => throw CommandFault.Usage("give --rsa or --curve, not both"),
            };
            var form = call.Get(format)!.Replace('-', '_');
            generate["format"] = form;
            var body = new JsonObject { ["generate"] = generate }
                .With("kid", options.Kid(call))
                .With("alg", options.Algorithm(call)?.Name)
                .With("name", call.Get(name))
                .With("expires_at", KeyCommands.ExpiresAt(call, expires));
            var file = call.Get(target) is { } path and not KeyOutput.StandardOutput ? path : null;
            output.CheckFree(call, file);

            var answer = await call.Admin.PostOnceAsync($"{await call.PathAsync(Kind.Account, call.Get(account), ct)}/keys", body, ct);
            await HandOutAsync(call, output, answer, form, file);
            call.Output.Warnings(answer);
        });
    }

    private static async Task HandOutAsync(Call call, KeyOutput output, JsonElement answer, string form, string? file)
    {
        var member = form switch { "pem" => "private_key_pem", "jwk" => "private_jwk", _ => "key_file" };
        var text = Json.At(answer, member) is not { } value ? throw CommandFault.Refused(
                $"the server's answer holds no {member}: its first answer was lost on the way, and the private half with it. Delete the key {Json.Text(answer, "kid")} and make another")
            : value.ValueKind == JsonValueKind.String ? value.GetString()!
            : JsonSerializer.Serialize(value, Output.Indented) + "\n";
        var kid = Json.Text(answer, "kid");

        if (file is null && call.Output.IsJson)
        {
            call.Output.Secret(Without(answer, "warnings"), ShownOnce);

            return;
        }

        try
        {
            await output.WritePrivateAsync(call, file ?? KeyOutput.StandardOutput, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The server gives it once, and a screen or a build's log is no place for it.
            throw CommandFault.Usage($"{file} could not be written ({e.Message}), and the private half of the key {kid} is lost: delete it (countersign key delete) and make another");
        }

        if (file is null)
        {
            call.Output.Remark($"The account has the key {kid}. {ShownOnce}");
        }
        else
        {
            call.Output.Done(Without(answer, member, "warnings"), $"The account has the key {kid}; its private half is in {file}, for its owner alone.");
        }
    }

    private static JsonElement Without(JsonElement answer, params string[] names)
    {
        var copy = JsonObject.Create(answer)!;

        foreach (var name in names)
        {
            copy.Remove(name);
        }

        return JsonSerializer.SerializeToElement(copy);
    }
}

using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Cli.Keys;
using Countersign.OAuth;

namespace Countersign.Cli.Commands;

/// <summary>What can be done with keys without a server.</summary>
internal static class KeyTools
{
    public static Verb Generate()
    {
        var alg = KeyOptions.Algorithms("--alg", "Algorithm of the key (ES256 unless given).");
        var bits = new Option<int?>("--rsa-bits") { Description = "Bits of an RSA key (2048 unless given); alone, the key is for RS256.", HelpName = "bits" };
        bits.AcceptOnlyFromAmong("2048", "3072", "4096");
        var kid = new Option<string>("--kid") { Description = "Name of the key (its thumbprint unless given).", HelpName = "kid" };
        var format = new Option<string>("--format") { Description = "Form of the private half.", DefaultValueFactory = _ => "pem", HelpName = "form" }
            .AcceptOnlyFromAmong(KeyForm.OfPrivate);
        var target = new Option<string>("--out")
        {
            Description = "New file for the private half, for its owner alone, or - for standard output (private.pem, private.jwk or key.json unless given).",
            HelpName = "file",
        };
        var publicTarget = new Option<string>("--public-out") { Description = "New file for the public JWK (standard output unless given).", HelpName = "file" };
        var file = new KeyFileOptions();
        var output = new KeyOutput();

        return new Verb(
            "generate",
            "Makes a pair: the private half goes into a file, the public half is for the server (key add) or for a JWKS URL (jwks serve).",
            "countersign key generate --alg ES256 --out private.pem --public-out public.jwk")
        {
            alg, bits, kid, format, target, publicTarget, file.Options, output.Force,
        }.Does(async (call, ct) =>
        {
            var algorithm = SigningAlgorithm.ByName(call.Get(alg) ?? (call.IsGiven(bits) ? "RS256" : "ES256"))!;

            if (call.IsGiven(bits) && algorithm.KeyType != "RSA")
            {
                throw CommandFault.Usage($"--rsa-bits is for RSA keys, and {algorithm} is not for those");
            }

            var form = call.Get(format)!;
            var path = call.Get(target) ?? (form switch { "jwk" => "private.jwk", "key-file" => "key.json", _ => "private.pem" });
            var publicPath = call.Get(publicTarget);
            output.CheckFree(call, path, publicPath);

            using var key = SigningKey.Create(algorithm, call.Get(bits) ?? SigningKey.DefaultRsaBits, call.Get(kid));

            // The name is judged as a server would judge it.
            _ = VerificationKey.FromJwk(key.PublicJwk, out var fault) ?? throw CommandFault.Usage(fault);

            await output.WritePrivateAsync(call, path, KeyForm.Private(key, form, file.Read(call, null)));
            await TellAsync(call, output, key, path, publicPath);
        });
    }

    public static Verb Convert()
    {
        var from = new Option<string[]>("--in")
        {
            Description = "Key file, JWK, JWK set, PEM or certificate (- for standard input); may be repeated for jwks.",
            HelpName = "file",
            Required = true,
        };
        var to = new Option<string>("--to") { Description = "The form to write.", HelpName = "form", Required = true }
            .AcceptOnlyFromAmong([.. KeyForm.OfPrivate, .. KeyForm.OfPublic]);
        var target = new Option<string>("--out")
        {
            Description = "New file, or - for standard output. Private forms need it; public ones go to standard output unless it is given.",
            HelpName = "file",
        };
        var options = new KeyOptions();
        var file = new KeyFileOptions();
        var output = new KeyOutput();

        return new Verb(
            "convert",
            "Writes a key in another form, or its public half.",
            "countersign key convert --in private.pem --to public-jwk")
        {
            from, to, options.Options, target, file.Options, output.Force,
        }.Does(async (call, ct) =>
        {
            var form = call.Get(to)!;
            var path = call.Get(target);
            output.CheckFree(call, path);
            List<FoundKey> found = [];

            foreach (var source in call.Get(from)!)
            {
                found.AddRange(await KeyReader.AllAsync(call, source, options.Kid(call), options.Algorithm(call), ct));
            }

            if (!KeyForm.IsPrivate(form))
            {
                await output.WritePublicAsync(call, path, KeyForm.Public([.. found.Select(key => key.Named)], form));
            }
            else if (found is not [{ Private: { } pair } one])
            {
                throw CommandFault.Usage($"{form} holds one private key, and that is not what was given");
            }
            else if (path is null)
            {
                throw CommandFault.Usage($"{form} holds a private key: give a file by --out, or --out - for standard output");
            }
            else
            {
                await output.WritePrivateAsync(call, path, KeyForm.Private(pair, form, file.Read(call, one.File)));
            }

            found.ForEach(key => key.Dispose());
        });
    }

    public static Verb Thumbprint()
    {
        var file = new Argument<string>("file") { Description = "Key file, JWK, JWK set, PEM or certificate (- for standard input)." };

        return new Verb(
            "thumbprint",
            "Prints the thumbprint of a key (RFC 7638, SHA-256): the same for both halves and in every form.",
            "countersign key thumbprint private.pem")
        {
            file,
        }.Does(async (call, ct) =>
        {
            var found = await KeyReader.AllAsync(call, call.Get(file), null, null, ct);

            if (call.Output.IsJson)
            {
                var keys = found.Select(key => new JsonObject
                {
                    ["thumbprint"] = key.Public.Thumbprint,
                    ["kid"] = key.Public.Kid,
                    ["alg"] = key.Public.Algorithm.Name,
                });
                call.Output.Answer(JsonSerializer.SerializeToElement(new JsonObject { ["keys"] = new JsonArray([.. keys]) }));
            }
            else
            {
                foreach (var key in found)
                {
                    call.Output.Line(found.Count == 1 ? key.Public.Thumbprint : $"{key.Public.Thumbprint}  {key.Public.Kid}");
                }
            }
        });
    }

    private static async Task TellAsync(Call call, KeyOutput output, SigningKey key, string path, string? publicPath)
    {
        var jwk = Encoding.UTF8.GetString(key.PublicJwk);

        if (publicPath is not null)
        {
            await output.WritePublicAsync(call, publicPath, jwk + "\n");
        }

        if (path == KeyOutput.StandardOutput)
        {
            // Nothing may stand beside the private half.
            call.Output.Remark($"The key is {key.Kid} ({key.Algorithm}). Next: countersign key add ACCOUNT --file {publicPath ?? "its public half (key convert)"}");

            return;
        }

        if (call.Output.IsJson)
        {
            call.Output.Answer(JsonSerializer.SerializeToElement(new JsonObject
            {
                ["kid"] = key.Kid,
                ["alg"] = key.Algorithm.Name,
                ["thumbprint"] = key.Thumbprint,
                ["jwk"] = JsonNode.Parse(jwk),
                ["private_file"] = path,
                ["public_file"] = publicPath,
            }));

            return;
        }

        if (publicPath is null)
        {
            await call.Shell.Out.WriteLineAsync(jwk);
        }

        call.Output.Remark($"The private key is in {path}, for its owner alone. It is {key.Kid} ({key.Algorithm}).");
        call.Output.Remark($"Next: countersign key add ACCOUNT --file {publicPath ?? "FILE-WITH-THIS-JWK"}");
    }
}

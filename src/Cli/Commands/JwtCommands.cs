using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Cli.Keys;

namespace Countersign.Cli.Commands;

internal static class JwtCommands
{
    public static Noun Noun() => new("jwt", "Signs assertions, and says what is wrong with them.", "countersign jwt inspect assertion.txt")
    {
        Sign(),
        JwtInspection.Verb(),
        JwtVerification.Verb(),
    };

    /// <summary>Where a JWT comes from. Not an argument itself: it may be as good as a secret.</summary>
    public static Argument<string> File() => new("file")
    {
        Description = "File that holds the JWT (- for standard input, as when it is not given).",
        DefaultValueFactory = _ => "-",
    };

    private static Verb Sign()
    {
        var key = new Option<string>("--key") { Description = "The private key: key file, JWK or PEM (- for standard input).", HelpName = "file", Required = true };
        var options = new KeyOptions();
        var clientId = new Option<string>("--client-id") { Description = "Who signs, for iss and sub (that of the key file unless given)." };
        var audience = new Option<string>("--aud", "--issuer") { Description = "For whom, for aud: the server's issuer (that of the key file unless given).", HelpName = "url" };
        var claims = new Option<string[]>("--claim")
        {
            Description = "One more claim, or another value for one: name=text, or name:=json. May be repeated.",
            HelpName = "claim",
        };
        var lifetime = new Option<string>("--lifetime") { Description = "How long it is good.", DefaultValueFactory = _ => "60s", HelpName = "length" };
        var type = new Option<string>("--typ") { Description = "The typ of the header.", DefaultValueFactory = _ => "JWT", HelpName = "typ" };
        var noId = new Option<bool>("--no-jti") { Description = "Leave jti away." };
        var noKid = new Option<bool>("--no-kid") { Description = "Leave kid away." };

        return new Verb(
            "sign",
            "Signs an assertion by which a client gets a token (RFC 7523), and prints it alone.",
            "countersign jwt sign --key private.pem --client-id ci --aud https://auth.example.com")
        {
            key, options.Options, clientId, audience, claims, lifetime, type, noId, noKid,
        }.Does(async (call, ct) =>
        {
            using var found = await KeyReader.PairAsync(call, call.Get(key)!, options.Kid(call), options.Algorithm(call), ct);
            var body = ClientAssertion.Claims(
                call.Get(clientId) ?? found.File?.ClientId ?? found.File?.UserId,
                call.Get(audience) ?? found.File?.Issuer,
                call.Now,
                Times.Length(call.Get(lifetime)!));

            if (call.Get(noId))
            {
                body.Remove("jti");
            }

            foreach (var claim in call.Get(claims)!)
            {
                Add(body, claim);
            }

            foreach (var (name, option) in ((string, string)[])[("iss", "--client-id"), ("sub", "--client-id"), ("aud", "--aud")])
            {
                _ = body.ContainsKey(name) ? 0 : throw CommandFault.Usage($"nothing says what {name} is: give {option} or --claim {name}=...");
            }

            var jwt = ClientAssertion.Sign(found.Private!, body, call.Get(type)!, !call.Get(noKid));

            if (call.Output.IsJson)
            {
                call.Output.Answer(JsonSerializer.SerializeToElement(new JsonObject { ["jwt"] = jwt, ["kid"] = found.Private!.Kid, ["claims"] = body }));
            }
            else
            {
                await call.Shell.Out.WriteLineAsync(jwt);
            }
        });
    }

    private static void Add(JsonObject claims, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var isJson = equals > 1 && text[equals - 1] == ':';
        var name = equals < 1 ? throw CommandFault.Usage($"'{text}' is not a claim: name=text, or name:=json") : text[..(isJson ? equals - 1 : equals)];

        try
        {
            claims[name] = isJson ? JsonNode.Parse(text[(equals + 1)..]) : text[(equals + 1)..];
        }
        catch (JsonException)
        {
            throw CommandFault.Usage($"the value of the claim {name} is not JSON: for a text, write {name}=text");
        }
    }
}

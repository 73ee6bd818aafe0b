using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Cli.Keys;
using Countersign.OAuth;

namespace Countersign.Cli.Commands;

/// <summary><c>jwt inspect</c>: what an assertion says, and everything for which a server would refuse it.</summary>
internal static class JwtInspection
{
    private static readonly string[] RuleNames = ["assertion-type", "assertion-issuer", "assertion-audience", "assertion-time", "assertion-id"];

    public static Verb Verb()
    {
        var file = JwtCommands.File();
        var server = new Option<string>("--server") { Description = "The server that it is for: aud and alg are compared with its metadata.", HelpName = "issuer" };
        var keys = PublicKeys.Option(required: false);
        var clientId = new Option<string>("--client-id") { Description = "The client that it should be of (the one that it names unless given)." };
        var settings = new InspectionSettings();

        return new Verb(
            "inspect",
            "Says what an assertion says and what is wrong with it, in the words of the server: form, header, times, claims, and with --server"
            + " and --keys its audience and signature. Ends with 1 when something is wrong. The signature is never printed.",
            "countersign jwt inspect --server https://auth.example.com --keys public.jwk < assertion.txt")
        {
            file, server, keys, clientId, settings.Options,
        }.Does(async (call, ct) =>
        {
            var text = await SecretInput.ReadAsync(call, call.Get(file), "JWT", ct);
            var known = call.Get(keys) is { } source ? await PublicKeys.ReadAsync(call, source, ct) : null;
            var issuer = await ServerAsync(call.Get(server), ct);
            var found = Inspect(
                Encoding.UTF8.GetBytes(text),
                call.Get(clientId),
                issuer,
                known,
                (jws, claims) => settings.Rules(call, call.Get(clientId), issuer, jws, claims),
                call.Now);

            if (call.Output.IsJson)
            {
                call.Output.Answer(found.ToJson());
            }
            else
            {
                found.Print(call.Output, call.Now);
            }

            return (int)(found.IsSound ? ExitCode.Done : ExitCode.Refused);
        });
    }

    public static FailedCheck WrongSignature(VerificationKey key) => new(
        "signature",
        "the signature is not this key's",
        Expected: $"key {key.Kid ?? key.Thumbprint} ({key.Algorithm})",
        Hint: "it was signed with another private key: compare thumbprints (countersign key thumbprint)");

    private static async Task<AuthorizationServer?> ServerAsync(string? issuer, CancellationToken ct)
    {
        if (issuer is null)
        {
            return null;
        }

        using var http = Wire.NewClient();

        return await AuthorizationServer.FindAsync(http, Profile.CheckedServer(issuer), ct);
    }

    private static JwtFindings Inspect(
        byte[] text,
        string? clientId,
        AuthorizationServer? server,
        IReadOnlyList<VerificationKey>? keys,
        Func<CompactJws, JwtClaims, AssertionRules> rules,
        DateTimeOffset now)
    {
        var found = new JwtFindings();

        if (CompactJws.Parse(text, out var failed) is not { } jws)
        {
            found.Failed(failed!);

            return found;
        }

        found.Header = Header(jws);
        found.Passed("assertion-form", null);
        found.Passed("assertion-algorithm", jws.Algorithm.Name);
        CheckAlgorithm(found, jws, server);
        CheckSignature(found, jws, keys);

        if (JwtClaims.Read(jws, out failed) is not { } claims)
        {
            found.Failed(failed!);

            return found;
        }

        found.Claims = JsonElement.Parse(claims.Json.Span);
        Tell(found, [.. rules(jws, claims).Faults(jws, claims, now)], server is not null);

        if (!found.Has("assertion-issuer") && SubjectFault(claims.Subject ?? claims.Issuer ?? clientId) is { } fault)
        {
            found.Failed(fault);
        }

        return found;
    }

    private static FailedCheck? SubjectFault(string? clientId) =>
        clientId is not null && ClientIdText.IsValid(Encoding.UTF8.GetBytes(clientId)) ? null : new FailedCheck(
            "assertion-subject",
            clientId is null ? "iss and sub are absent" : "sub is not 1 to 255 printable ASCII characters",
            Expected: "the client id",
            Hint: "have the client put its client id into iss and sub");

    private static void CheckAlgorithm(JwtFindings found, CompactJws jws, AuthorizationServer? server)
    {
        string[] offered = [.. Json.Items(server?.Metadata ?? default, "token_endpoint_auth_signing_alg_values_supported").Select(alg => alg.ToString())];

        if (offered.Length > 0 && !offered.Contains(jws.Algorithm.Name))
        {
            found.Failed(new FailedCheck(
                "assertion-algorithm", "the server takes no such signature", jws.Algorithm.Name, string.Join(", ", offered), "sign with a key for one of these"));
        }
    }

    private static void CheckSignature(JwtFindings found, CompactJws jws, IReadOnlyList<VerificationKey>? keys)
    {
        if (keys is null)
        {
            found.Unknown("signature", "give --keys to have it checked");
        }
        else if (VerificationKeySet.Select(jws, keys, out var failed) is not { } key)
        {
            found.Failed(failed!);
        }
        else if (key.Verify(jws.SigningInput.Span, jws.Signature.Span))
        {
            found.Passed("key-known", key.Kid ?? key.Thumbprint);
            found.Passed("signature", null);
        }
        else
        {
            found.Failed(WrongSignature(key));
        }
    }

    private static void Tell(JwtFindings found, FailedCheck[] faults, bool audienceIsKnown)
    {
        foreach (var name in RuleNames)
        {
            // A wrong sub fails under its own name.
            if (Array.Find(faults, f => f.Check == name || (name == "assertion-issuer" && f.Check == "assertion-subject")) is { } fault)
            {
                found.Failed(fault);
            }
            else if (name == "assertion-audience" && !audienceIsKnown)
            {
                found.Unknown(name, "give --server to have it compared");
            }
            else
            {
                found.Passed(name, null);
            }
        }
    }

    /// <summary>The header without what has no effect, which is named.</summary>
    private static JsonObject Header(CompactJws jws)
    {
        var encoded = jws.SigningInput.Span[..jws.SigningInput.Span.IndexOf((byte)'.')];
        var json = new byte[StrictBase64Url.DecodedLength(encoded.Length)];
        StrictBase64Url.TryDecode(encoded, json, out var length);

        return JsonNode.Parse(json.AsSpan(0, length))!.AsObject();
    }

    /// <summary>A time in words, beside now.</summary>
    public static string Time(JsonElement seconds, DateTimeOffset now)
    {
        if (!seconds.TryGetDouble(out var value) || value is < 0 or > 253402300799)
        {
            return seconds.ToString();
        }

        var time = DateTimeOffset.FromUnixTimeSeconds((long)value);
        var ahead = (long)(time - now).TotalSeconds;

        return time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) + (ahead > 0 ? $", in {ahead} s" : ahead < 0 ? $", {-ahead} s ago" : ", now");
    }
}

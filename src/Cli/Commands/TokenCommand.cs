using System.CommandLine;
using System.Text.Json;
using Countersign.Cli.Keys;
using Countersign.OAuth;

namespace Countersign.Cli.Commands;

/// <summary><c>token</c>: an access token from any OAuth server.</summary>
internal sealed class TokenCommand
{
    private const string JwtBearer = "jwt-bearer";

    private readonly Option<string> _issuer = new("--issuer")
    {
        Description = "The server, whose metadata names the token endpoint (that of the key file unless given).",
        HelpName = "url",
    };

    private readonly Option<string> _tokenUrl = new("--token-url") { Description = "The token endpoint itself, in place of metadata.", HelpName = "url" };
    private readonly Option<string> _clientId = new("--client-id") { Description = "As whom (that of the key file unless given)." };
    private readonly Option<string> _secretFile = SecretInput.FileOption("--secret-file", "the client secret, where there is no --key");
    private readonly Option<string> _key = new("--key") { Description = "The private key to sign with: key file, JWK or PEM.", HelpName = "file" };

    private readonly Option<string> _jwt = new("--jwt")
    {
        Description = "In place of secret and key: file with a JWT of another issuer, which says who the client is (- for standard input).",
        HelpName = "file",
    };

    private readonly Option<string> _assertionType = new Option<string>("--assertion-type")
    {
        Description = "What the JWT is sent as: jwt-bearer (unless given), or jwt-spiffe for a JWT-SVID.",
        HelpName = "type",
    }.AcceptOnlyFromAmong("jwt-bearer", "jwt-spiffe");

    private readonly Option<string> _dpopKey = new("--dpop-key")
    {
        Description = "Bind the token to this private key (DPoP, RFC 9449): key file, JWK or PEM. Each use of the token needs a proof by it.",
        HelpName = "file",
    };

    private readonly Option<string> _audience = new("--aud") { Description = "For whom assertions are signed (the issuer unless given; else the token endpoint).", HelpName = "url" };

    public static Verb Verb() => new TokenCommand().Made();

    private Verb Made()
    {
        var options = new KeyOptions();
        var scope = new Option<string[]>("--scope") { Description = "Scope to ask for; may be repeated." };
        var resource = new Option<string[]>("--resource") { Description = "API to ask for (RFC 8707); may be repeated.", HelpName = "uri" };
        var grant = new Option<string>("--grant") { Description = "The grant type.", DefaultValueFactory = _ => TokenClient.ClientCredentials, HelpName = "type" }
            .AcceptOnlyFromAmong(TokenClient.ClientCredentials, JwtBearer);
        var header = new Option<bool>("--header") { Description = "Print an Authorization header in place of the token alone." };

        return new Verb(
            "token",
            "Gets an access token from any OAuth server, with a client secret, a key or a JWT of another issuer, and prints it alone. Nothing is written to disk.",
            "countersign token --issuer https://auth.example.com --client-id ci --key private.pem --scope read")
        {
            _issuer, _tokenUrl, _clientId, _secretFile, _key, _jwt, _assertionType, options.Options, scope, resource, grant, _dpopKey, _audience, header,
        }.Does(async (call, ct) =>
        {
            Option[] proofs = [_secretFile, _key, _jwt];

            if (proofs.Where(call.IsGiven).Select(proof => proof.Name).ToArray() is [var one, var other, ..])
            {
                throw CommandFault.Usage($"give {one} or {other}, not both");
            }

            if (call.IsGiven(_assertionType) && !call.IsGiven(_jwt))
            {
                throw CommandFault.Usage("--assertion-type belongs to --jwt");
            }

            using var http = Wire.NewClient();
            var found = call.Get(_key) is { } path ? await KeyReader.PairAsync(call, path, options.Kid(call), options.Algorithm(call), ct) : null;
            using var client = await ClientAsync(call, found, call.Get(grant) == JwtBearer, ct);
            var (endpoint, audience) = await ServerAsync(call, http, found?.File, ct);
            List<KeyValuePair<string, string>> more = [];

            if (call.IsGiven(scope))
            {
                more.Add(new("scope", string.Join(' ', call.Get(scope)!)));
            }

            more.AddRange(call.Get(resource)!.Select(uri => KeyValuePair.Create("resource", uri)));
            var type = call.Get(grant) == JwtBearer ? TokenClient.JwtBearer : TokenClient.ClientCredentials;

            using var dpop = call.Get(_dpopKey) is { } dpopFile ? (await KeyReader.PairAsync(call, dpopFile, null, null, ct)).Private : null;

            await PrintAsync(call, await new TokenClient(http, call.Shell.Time).AskAsync(endpoint, client, audience, type, more, ct, dpop), dpop is null ? "Bearer" : "DPoP", call.Get(header));
        });
    }

    private async Task<ClientIdentity> ClientAsync(Call call, FoundKey? found, bool needsKey, CancellationToken ct)
    {
        if (call.Get(_jwt) is { } file)
        {
            var jwt = await SecretInput.ReadAsync(call, file, "JWT", ct);

            return ClientIdentity.ByJwt(call.Get(_clientId), jwt, call.Get(_assertionType) ?? JwtBearer);
        }

        var id = call.Get(_clientId) ?? found?.File?.ClientId ?? found?.File?.UserId ?? throw CommandFault.Usage("nothing says as whom: give --client-id");

        return found is not null ? new ClientIdentity(id, found.Private!)
            : needsKey ? throw CommandFault.Usage("the grant jwt-bearer is an assertion: give --key or --jwt")
            : new ClientIdentity(id, await SecretInput.ReadAsync(call, _secretFile, "client secret", ct));
    }

    private async Task<(Uri Endpoint, string Audience)> ServerAsync(Call call, HttpClient http, KeyFile? file, CancellationToken ct)
    {
        var issuer = call.Get(_issuer);

        if ((call.Get(_tokenUrl) ?? (issuer is null ? file?.TokenUrl : null)) is { } url)
        {
            return (Wire.CheckedUrl(url), call.Get(_audience) ?? issuer ?? file?.Issuer ?? url);
        }

        var server = (issuer ?? file?.Issuer) is { } name
            ? await AuthorizationServer.FindAsync(http, Profile.CheckedServer(name), ct)
            : throw CommandFault.Usage("nothing says which server: give --issuer or --token-url");

        return (server.TokenEndpoint, call.Get(_audience) ?? server.Issuer);
    }

    private static async Task PrintAsync(Call call, JsonElement answer, string expected, bool asHeader)
    {
        var token = Json.Text(answer, "access_token")!;

        if (call.Output.IsJson)
        {
            call.Output.Answer(answer);
        }
        else if (token.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            // RFC 6750 §2.1; and nothing that a terminal would act on.
            throw CommandFault.Refused("the server's access_token is not one: it has other characters than visible ASCII");
        }
        else if (asHeader && !string.Equals(Json.Text(answer, "token_type"), expected, StringComparison.OrdinalIgnoreCase))
        {
            throw CommandFault.Refused($"the token is of the type {Json.Text(answer, "token_type")}, not {expected}");
        }
        else
        {
            await call.Shell.Out.WriteLineAsync(asHeader ? $"Authorization: {expected} {token}" : token);
        }
    }
}

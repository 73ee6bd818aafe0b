using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Countersign.OAuth;

namespace Countersign.Cli.Commands;

/// <summary>What a trusted issuer is: where its keys are, and how its tokens are judged.</summary>
internal sealed partial class IssuerOptions
{
    private const string Window = "window:";

    private readonly Option<bool> _discovery = new("--discovery") { Description = "Its keys are found by its metadata (OpenID Connect Discovery or RFC 8414)." };
    private readonly Option<string> _jwksUrl = new("--jwks-url") { Description = "Its keys are at this address.", HelpName = "url" };
    private readonly Option<string> _jwks = new("--jwks") { Description = "Its keys are in this file, a JWK set (- for standard input).", HelpName = "file" };

    private readonly Option<string[]> _certificates = new("--certificates")
    {
        Description = "Its keys are in the X.509 certificates of this PEM file; may be repeated.",
        HelpName = "file",
    };

    private readonly Option<string> _jwksHost = new("--jwks-host")
    {
        Description = "With --discovery: the one other host that its keys may be at.",
        HelpName = "host",
    };

    private readonly Option<string> _ca = new("--ca")
    {
        Description = "PEM file of the only authorities that its host is trusted by (those of the server's system unless given).",
        HelpName = "file",
    };

    private readonly Option<string[]> _algs = new Option<string[]>("--alg")
    {
        Description = "Algorithm that its tokens may be signed with; may be repeated (every asymmetric one unless given).",
        HelpName = "alg",
    }.AcceptOnlyFromAmong([.. SigningAlgorithm.All.Select(alg => alg.Name)]);

    private readonly Option<bool?> _extraAudiences = new("--allow-extra-audiences")
    {
        Description = "Whether a token may name others too in its aud.",
        HelpName = "true|false",
    };

    private readonly Option<string> _skew = new("--clock-skew") { Description = "By how much its clock may differ: 0s to 60s (the tenant's unless given).", HelpName = "length" };
    private readonly Option<string> _maxAge = new("--max-token-age") { Description = "How old its tokens may be: 1m to 24h (1h unless given).", HelpName = "length" };

    private readonly Option<string> _replay = new("--replay")
    {
        Description = "How often one token is good: once, until-expiry, or window:30s for so long from its first use (the kind's unless given).",
        HelpName = "policy",
    };

    private readonly Option<bool?> _requireJti = new("--require-jti") { Description = "Whether each of its tokens needs a jti.", HelpName = "true|false" };

    private readonly Option<bool?> _immutable = new("--require-immutable-ids")
    {
        Description = "Whether each of its rules must name ids that are never given again, beside names that can be.",
        HelpName = "true|false",
    };

    public Option<string[]> Audiences { get; } = new("--audience") { Description = "What its tokens must name in aud: this server; may be repeated.", HelpName = "aud" };

    public IEnumerable<Option> Options =>
    [
        Audiences, _discovery, _jwksUrl, _jwks, _certificates, _jwksHost, _ca, _algs, _extraAudiences, _skew, _maxAge, _replay, _requireJti, _immutable,
    ];

    public async Task FillAsync(Call call, JsonObject body, bool isChange, CancellationToken ct)
    {
        await KeysAsync(call, body, ct);

        body.With("audiences", call.IsGiven(Audiences) ? Json.Array(call.Get(Audiences)!) : null)
            .With("jwks_host", call.Get(_jwksHost))
            .With("ca_certificates", call.Get(_ca) is { } file ? await TextInput.ReadAsync(call, file, ct) : null)
            .With("algorithms", call.IsGiven(_algs) ? Json.Array(call.Get(_algs)!) : null)
            .With("allow_extra_audiences", call.Get(_extraAudiences))
            .With("clock_skew_seconds", Seconds(call.Get(_skew)))
            .With("max_token_age_seconds", Seconds(call.Get(_maxAge)))
            .With("require_jti", call.Get(_requireJti))
            .With("require_immutable_ids", call.Get(_immutable));

        if (call.Get(_replay) is { } policy)
        {
            Replay(body, policy, isChange);
        }
    }

    private async Task KeysAsync(Call call, JsonObject body, CancellationToken ct)
    {
        (string Member, Option Option)[] sources =
            [("discovery", _discovery), ("jwks_url", _jwksUrl), ("jwks", _jwks), ("certificates", _certificates)];
        var given = sources.Where(source => call.IsGiven(source.Option)).ToArray();

        if (given.Length == 0)
        {
            return;
        }

        if (given.Length > 1)
        {
            throw CommandFault.Usage($"its keys come from one place: give {string.Join(" or ", given.Select(source => source.Option.Name))}, not both");
        }

        body[given[0].Member] = given[0].Member switch
        {
            "discovery" => call.Get(_discovery),
            "jwks_url" => call.Get(_jwksUrl),
            "jwks" => await TextInput.ObjectAsync(call, call.Get(_jwks)!, ct),
            _ => await CertificatesAsync(call, ct),
        };
    }

    private async Task<JsonArray> CertificatesAsync(Call call, CancellationToken ct)
    {
        List<string> found = [];

        foreach (var file in call.Get(_certificates)!)
        {
            var blocks = Certificate().Matches(await TextInput.ReadAsync(call, file, ct)).Select(match => match.Value + "\n").ToArray();
            found.AddRange(blocks is [] ? throw CommandFault.Usage($"{file} holds no certificate in PEM: -----BEGIN CERTIFICATE-----") : blocks);
        }

        return Json.Array(found);
    }

    private static void Replay(JsonObject body, string policy, bool isChange)
    {
        if (policy.StartsWith(Window, StringComparison.Ordinal))
        {
            body["replay"] = "window";
            body["replay_window_seconds"] = Seconds(policy[Window.Length..]);

            return;
        }

        body["replay"] = policy is "once" or "until-expiry"
            ? policy
            : throw CommandFault.Usage($"'{policy}' is none of once, until-expiry, window:30s");

        if (isChange)
        {
            body["replay_window_seconds"] = null;
        }
    }

    private static long? Seconds(string? text) => text is null ? null : (long)Times.Length(text).TotalSeconds;

    // The certificate alone is sent: a private key that stands beside it in the file stays here.
    [GeneratedRegex("-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")]
    private static partial Regex Certificate();
}

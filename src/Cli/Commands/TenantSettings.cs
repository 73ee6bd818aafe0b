using System.CommandLine;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

/// <summary>The options that are a tenant's settings.</summary>
internal sealed class TenantSettings
{
    private readonly TokenOptions _tokens = new();

    private readonly Option<int?> _maxSecretDays = new("--max-secret-lifetime-days")
    {
        Description = "How long a client secret may hold at most.",
        HelpName = "days",
    };

    private readonly Option<string> _granting = new Option<string>("--granting")
    {
        Description = "Who may grant scopes: super-admin, or the owner's administrators too.",
    }.AcceptOnlyFromAmong("super-admin", "owner");

    private readonly Option<bool?> _requireIfMatch = new("--require-if-match")
    {
        Description = "Whether every change must name the version that it changes.",
        HelpName = "true|false",
    };

    private readonly Option<string> _auditTokens = new Option<string>("--audit-tokens")
    {
        Description = "Record issued tokens one by one (full) or counted per minute (rollup).",
    }.AcceptOnlyFromAmong("rollup", "full");

    private readonly Option<int?> _keyDays = new("--signing-key-days")
    {
        Description = "How long a signing key signs before the next one.",
        HelpName = "days",
    };

    private readonly Option<string> _maxAge = new("--assertion-max-age")
    {
        Description = "How far ahead a signed assertion may expire: 1m to 1h.",
        HelpName = "length",
    };

    private readonly Option<string> _skew = new("--clock-skew")
    {
        Description = "By how much the clock of whoever signs may differ: 0s to 60s.",
        HelpName = "length",
    };

    private readonly Option<bool?> _secretsBesideKeys = new("--secrets-beside-keys")
    {
        Description = "Whether an account with a key may keep its secrets.",
        HelpName = "true|false",
    };

    private readonly Option<bool?> _dpopNonce = new("--require-dpop-nonce")
    {
        Description = "Whether proofs of possession (DPoP) need a nonce of the server, which costs each client one more request at first.",
        HelpName = "true|false",
    };

    public IEnumerable<Option> Options =>
    [
        .. _tokens.Options, _maxSecretDays, _granting, _requireIfMatch, _auditTokens, _keyDays, _maxAge, _skew, _secretsBesideKeys, _dpopNonce,
    ];

    public JsonObject? Read(Call call)
    {
        var settings = new JsonObject()
            .With("access_token", _tokens.Read(call))
            .With("max_secret_lifetime_days", call.Get(_maxSecretDays))
            .With("granting", call.Get(_granting))
            .With("require_if_match", call.Get(_requireIfMatch))
            .With("audit_tokens", call.Get(_auditTokens))
            .With("signing_key_days", call.Get(_keyDays))
            .With("assertion_max_age_seconds", Seconds(call.Get(_maxAge)))
            .With("clock_skew_seconds", Seconds(call.Get(_skew)))
            .With("allow_secrets_beside_keys", call.Get(_secretsBesideKeys))
            .With("require_dpop_nonce", call.Get(_dpopNonce));

        return settings.Count > 0 ? settings : null;
    }

    private static long? Seconds(string? text) => text is null ? null : (long)Times.Length(text).TotalSeconds;
}

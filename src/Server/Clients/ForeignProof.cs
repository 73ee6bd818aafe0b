using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Conditions;
using Countersign.Server.Tenants;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Clients;

/// <summary>
/// Proves a token of a trusted issuer: the key, the signature, what it says, which rules it meets, and for which account it stands then. Every way
/// to fail reads the same to the caller, and takes as long (R38).
/// </summary>
internal sealed class ForeignProof(
    FailureLimiter limiter, RefusalPace pace, ForeignKeys keys, TemplateAccounts templates, UsedAssertions used, ExchangeLog log, TimeProvider time)
{
    /// <param name="token">The token.</param>
    /// <param name="use">For what it was sent.</param>
    /// <param name="refuse">How a refusal reads.</param>
    /// <param name="exchange">What is known of the request.</param>
    /// <param name="ct">Ends the wait.</param>
    public async ValueTask<Result<ProvenClient>> ProveAsync(
        SignedAssertion token, ForeignUse use, Func<FailedCheck, OAuthError> refuse, Exchange exchange, CancellationToken ct)
    {
        var began = pace.Begin();
        var issuer = token.Issuer!;
        var (client, failed, isUnavailable) = await ExamineAsync(token, use, exchange, isDryRun: false, ct);

        // The host of the keys is away and none are held: nothing can be said about this token (R121).
        if (isUnavailable)
        {
            return OAuthError.TemporarilyUnavailable(failed!);
        }

        // RFC 7521 §4.2: a client id beside the token names the same client (R35).
        if (client is not null && token.Named is { } named && named != client.Account.ClientId)
        {
            return OAuthError.InvalidRequest(
                "client_id differs from the authenticated client",
                new FailedCheck("client-id-agrees", "the body names another client than the one that the rule leads to", named, client.Account.ClientId, "leave client_id away, or correct it"));
        }

        // Last of all, so that a token that is refused for something else can be sent again when that is mended.
        if (client is not null && !await IsFreshAsync(token, exchange))
        {
            (client, failed) = (null, Used(issuer));
        }

        if (client is not null)
        {
            exchange.Passed("assertion-unused", issuer.Replay);

            return client;
        }

        var wait = limiter.Failed(exchange.Tenant.Id, issuer.Issuer + "\0foreign", exchange.Source);
        await pace.KeepAsync(began);

        return wait is { } held ? OAuthError.TooManyFailures(held, failed!) : refuse(failed!);
    }

    /// <summary>All but the use of the token. A dry run makes no account and leaves no record.</summary>
    public async ValueTask<Examined> ExamineAsync(SignedAssertion token, ForeignUse use, Exchange exchange, bool isDryRun, CancellationToken ct)
    {
        var issuer = token.Issuer!;

        // The host of one that is disabled is left alone.
        if (issuer.Disabled)
        {
            return new FailedCheck("issuer-enabled", "the trusted issuer is disabled", issuer.Name, Hint: "enable it (countersign issuer enable)");
        }

        exchange.Passed("issuer-enabled", issuer.Name);
        var key = await keys.FindAsync(exchange.Tenant.Id, issuer, token.Jws, exchange.Now, ct);

        return key.IsUnavailable ? new Examined(null, key.Failed, IsUnavailable: true)
            : (key.Failed ?? Judge(token, key.Key!, use, exchange)) is { } failed ? failed
            : await DecideAsync(token, exchange, isDryRun, ct);
    }

    /// <summary>Why a token that was used is not taken again.</summary>
    public static FailedCheck Used(TrustedIssuer issuer) => new("assertion-unused", "the token was used before", Hint: issuer.Replay == Replays.Window
        ? $"the issuer's tokens are good for {issuer.ReplayWindow.TotalSeconds:0} s from their first use: have the workload ask for a new one, or change replay"
        : "have the workload ask its platform for a new token each time, or set the trusted issuer's replay to until-expiry or window");

    private static FailedCheck? Judge(SignedAssertion token, VerificationKey key, ForeignUse use, Exchange exchange)
    {
        var issuer = token.Issuer!;
        exchange.Passed("key-known", key.Kid ?? key.Thumbprint);

        // Signature first: until it is good, what the token says is nobody's word (R88).
        if (!key.Verify(token.Jws.SigningInput.Span, token.Jws.Signature.Span))
        {
            return new FailedCheck(
                "signature", "the signature is not this key's", Expected: $"key {key.Kid ?? key.Thumbprint} ({key.Algorithm})", Hint: "the token was altered, or it is not of this issuer");
        }

        exchange.Passed("signature", key.Algorithm.Name);

        return ForeignClaims.Rules(issuer, token.Claims, use, exchange.Snapshot).Check(token.Jws, token.Claims, exchange.Now, exchange.Passed);
    }

    private async ValueTask<Examined> DecideAsync(SignedAssertion token, Exchange exchange, bool isDryRun, CancellationToken ct)
    {
        using var claims = JsonDocument.Parse(token.Claims.Json);
        using var header = JsonDocument.Parse(token.Jws.Header);

        if (ForeignClaims.Bound(claims.RootElement) is { } bound)
        {
            return bound;
        }

        var issuer = token.Issuer!;
        var facts = new LoginFacts(claims.RootElement, header.RootElement, issuer.Issuer, exchange.Asked);
        var match = await RuleMatch.OfAsync(issuer, facts, exchange, time, ct);

        if (!isDryRun)
        {
            log.Reported(exchange, match);
        }

        if (match.Failed is { } unmatched)
        {
            exchange.Proposal = match.IsUnmatched ? RuleDraft.Of(issuer.Kind, issuer.Name, claims.RootElement) : null;

            return unmatched;
        }

        exchange.CredentialId = match.Rules[0].Id;
        exchange.Passed("trust-rule", string.Join(", ", match.Rules.Select(r => r.Name)));
        var rule = match.Rules[0];
        var (account, failed) = match.Named is not { } named ? (await exchange.Tenant.Accounts.FindAsync(rule.AccountId!.Value, ct), null)
            : isDryRun ? await templates.FindOrPreviewAsync(rule, named, exchange, ct)
            : await templates.FindOrMakeAsync(rule, named, exchange, ct);

        return (failed ?? Refusal(account, facts, exchange)) is { } refusal ? refusal
            : new Examined(new ProvenClient(account!, rule.Id) { Rules = match.Rules, IsWithoutId = token.Claims.Id is null }, null);
    }

    private FailedCheck? Refusal(Account? account, LoginFacts facts, Exchange exchange)
    {
        if (account is null)
        {
            return new FailedCheck("client-known", "the account of the rule is gone", Hint: "name another account in the rule");
        }

        (exchange.Account, exchange.ClientId) = (account, account.ClientId);

        return AccountState.Fault(account, exchange) ?? AccessPolicy.Fault(account, facts, exchange, time);
    }

    // The window is zero where a token is good once.
    private async ValueTask<bool> IsFreshAsync(SignedAssertion token, Exchange exchange) =>
        token.Issuer!.Replay == Replays.UntilExpiry
        || await used.TryUseAsync(exchange.Tenant.Id, token, ForeignClaims.UsableUntil(token), exchange.Now, token.Issuer.ReplayWindow);
}

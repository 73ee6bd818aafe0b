using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Conditions;
using Countersign.Server.Jwks;
using Countersign.Server.Tenants;

namespace Countersign.Server.Clients;

/// <summary>
/// Proves an assertion that an account has signed itself: the account, its key, the signature, what it says, and that it was not used before.
/// Every way to fail reads the same to the caller, and takes as long (R38).
/// </summary>
internal sealed class AssertionProof(FailureLimiter limiter, RefusalPace pace, JwksSources jwks, UsedAssertions used, TimeProvider time)
{
    /// <summary>Why an assertion that was used is not taken again.</summary>
    public static readonly FailedCheck Used = new("assertion-unused", "the assertion was used before", Hint: "have the client sign a new one, with its own jti, for each request");

    /// <param name="assertion">The assertion.</param>
    /// <param name="types">The types of JWT that serve the purpose.</param>
    /// <param name="refuse">How a refusal reads: as <c>invalid_client</c> or <c>invalid_grant</c>.</param>
    /// <param name="exchange">What is known of the request.</param>
    /// <param name="ct">Ends the wait.</param>
    public async ValueTask<Result<ProvenClient>> ProveAsync(
        SignedAssertion assertion, string[] types, Func<FailedCheck, OAuthError> refuse, Exchange exchange, CancellationToken ct)
    {
        var began = pace.Begin();
        var (client, failed, isUnavailable) = await ExamineAsync(assertion, types, exchange, ct);

        // The host of the keys is away and none are held: nothing can be said about this assertion (R121).
        if (isUnavailable)
        {
            return OAuthError.TemporarilyUnavailable(failed!);
        }

        // Last of all, so that an assertion that is refused for something else can be sent again when that is mended.
        if (client is not null && !await used.TryUseAsync(exchange.Tenant.Id, assertion, AssertionRules.UsableUntil(assertion.Claims), exchange.Now))
        {
            (client, failed) = (null, Used);
        }

        if (client is not null)
        {
            exchange.Passed("assertion-unused");

            return client;
        }

        // A good signature is never held up, whatever others send in the client's name (R48); what fails here is counted and slowed.
        var wait = limiter.Failed(exchange.Tenant.Id, AssertionsOf(assertion.ClientId), exchange.Source);
        await pace.KeepAsync(began);

        return wait is { } held ? OAuthError.TooManyFailures(held, failed!) : refuse(failed!);
    }

    /// <summary>All but the use of the assertion.</summary>
    public async ValueTask<Examined> ExamineAsync(SignedAssertion assertion, string[] types, Exchange exchange, CancellationToken ct)
    {
        var account = await exchange.Tenant.Accounts.FindAsync(assertion.ClientId, ct);
        var key = await FindKeyAsync(account, assertion, exchange, ct);

        return key.IsUnavailable ? new Examined(null, key.Failed, IsUnavailable: true)
            : (key.Failed ?? Judge(account!, key, assertion, types, exchange)) is { } failed ? failed
            : new Examined(new ProvenClient(account!, key.Id), null);
    }

    /// <summary>What an assertion of the account must say.</summary>
    public static AssertionRules Rules(Account account, string[] types, TenantSnapshot tenant) => new()
    {
        Types = types,
        ClientId = account.ClientId,
        Audiences = account.Assertions.TokenEndpointAudience ? tenant.WideAudience : tenant.IssuerAudience,
        MaxAge = tenant.AssertionMaxAge,
        ClockSkew = tenant.ClockSkew,
        RequireId = account.Assertions.RequireId,
    };

    // Counted apart from secrets, which failures of assertions must not hold up.
    private static string AssertionsOf(string clientId) => clientId + "\0assertion";

    private async ValueTask<FoundKey> FindKeyAsync(Account? account, SignedAssertion assertion, Exchange exchange, CancellationToken ct)
    {
        if (account is null && assertion.Claims is { Issuer: { } issuer } claims && issuer != claims.Subject && issuer.Contains("://", StringComparison.Ordinal))
        {
            return new FailedCheck(
                "issuer-known", "the assertion's issuer is not trusted, and no account has its subject as client id", issuer, "a trusted issuer, or iss and sub that are both the client id", "create a trusted issuer for it (countersign explain --jwt - shows how)");
        }

        if (account is null)
        {
            return new FailedCheck("client-known", "no account has this client id", assertion.ClientId, Hint: "check the client id and the host name: accounts belong to one tenant");
        }

        exchange.Account = account;
        exchange.Passed("client-known", account.ClientId);

        if (!account.SignsAssertions)
        {
            return new FailedCheck(
                "method-registered", "the account authenticates by client secret", "private_key_jwt", "client_secret", "add the client's public key to the account, which then signs");
        }

        exchange.Passed("method-registered", AuthMethods.PrivateKeyJwt);
        IReadOnlyList<VerificationKey>? keys;
        string? problem = null;

        if (account.JwksUrl is { } url)
        {
            (keys, problem) = await jwks.FindAsync(exchange.Tenant.Id, url, assertion.Jws, ct);

            if (keys is null)
            {
                return new FoundKey
                {
                    Failed = new FailedCheck(
                        "keys-available", $"the account's JWKS URL gives no keys: {problem}", url.Url, "a JWK set", "see that the address answers (countersign jwks-url refresh)"),
                    IsUnavailable = true,
                };
            }
        }
        else
        {
            keys = account.PublicKeys;
        }

        if (VerificationKeySet.Select(assertion.Jws, keys, out var failed) is not { } key)
        {
            return problem is null ? failed! : failed! with { Hint = $"{failed!.Hint}; the last fetch of the account's JWKS URL failed: {problem}" };
        }

        exchange.Passed("key-known", key.Kid ?? key.Thumbprint);

        if (account.JwksUrl is { } source)
        {
            return new FoundKey(key, source.Id);
        }

        var kept = Array.Find(account.Keys, k => k.Key == key)!;

        return new FoundKey(key, kept.Id, kept);
    }

    private FailedCheck? Judge(Account account, FoundKey found, SignedAssertion assertion, string[] types, Exchange exchange)
    {
        // Signature first: until it is good, what the assertion says is nobody's word (R88).
        if (!found.Key!.Verify(assertion.Jws.SigningInput.Span, assertion.Jws.Signature.Span))
        {
            return new FailedCheck(
                "signature", "the signature is not this key's", Expected: $"key {found.Key.Kid ?? found.Key.Thumbprint} ({found.Key.Algorithm})", Hint: "the client signs with another private key than the one registered: compare thumbprints (countersign key thumbprint)");
        }

        exchange.CredentialId = found.Id;
        exchange.Passed("signature", found.Key.Algorithm.Name);

        if (found.Kept is { } kept)
        {
            // Evaluated at use, whatever a clean-up job has or has not done (R40).
            if (kept.ExpiresAt <= exchange.Now)
            {
                return new FailedCheck("key-not-expired", "the key has expired", $"expired {kept.ExpiresAt:O}", "a time ahead", "add a new key and change the client to it");
            }

            if (kept.Disabled)
            {
                return new FailedCheck("key-enabled", "the key is disabled", kept.Key.Kid, Hint: "enable the key, or change the client to another one");
            }

            exchange.Passed("key-enabled");
        }

        if (account.Assertions.Algorithm is { } only && only != assertion.Jws.Algorithm)
        {
            return new FailedCheck(
                "assertion-algorithm", "the account is registered for another algorithm", assertion.Jws.Algorithm.Name, only.Name, "have the client sign with it, or change the account's assertions.signing_alg");
        }

        if (Rules(account, types, exchange.Snapshot).Check(assertion.Jws, assertion.Claims, exchange.Now, exchange.Passed) is { } failed)
        {
            return failed;
        }

        if (AccountState.Fault(account, exchange) is { } off)
        {
            return off;
        }

        if (account.AccessPolicy is null)
        {
            return null;
        }

        using var claims = JsonDocument.Parse(assertion.Claims.Json);
        using var header = JsonDocument.Parse(assertion.Jws.Header);

        return AccessPolicy.Fault(account, new LoginFacts(claims.RootElement, header.RootElement, account.ClientId, exchange.Asked), exchange, time);
    }

    /// <summary>The key and the credential that it belongs to, with what is kept of it here; or why there is none.</summary>
    private readonly record struct FoundKey(VerificationKey? Key, Guid Id, KeyFacts? Kept = null)
    {
        public FailedCheck? Failed { get; init; }

        public bool IsUnavailable { get; init; }

        public static implicit operator FoundKey(FailedCheck failed) => new() { Failed = failed };
    }
}

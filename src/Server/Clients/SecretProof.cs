using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Tenants;

namespace Countersign.Server.Clients;

/// <summary>Proves a client secret. Every way to fail reads the same to the caller, and takes as long (R38).</summary>
internal sealed class SecretProof(FailureLimiter limiter, RefusalPace pace, SecretUpgrade upgrade, TimeProvider time)
{
    // Slow hashes cost a core and some of them memory by the hundred megabytes: guesses must not take all of either.
    private readonly SemaphoreSlim _slowTurns = new(Math.Max(1, Environment.ProcessorCount / 2));

    public async ValueTask<Result<ProvenClient>> ProveAsync(SecretCredential credential, Exchange exchange, CancellationToken ct)
    {
        var tenant = exchange.Tenant;
        var began = pace.Begin();

        if (limiter.Wait(tenant.Id, credential.ClientId, exchange.Source) is { } wait)
        {
            return TooMany(wait);
        }

        var account = await tenant.Accounts.FindAsync(credential.ClientId, ct);
        var match = SecretMatch.Fast(account, credential.Secret, exchange.Now);

        if (match is null && account is not null && SecretMatch.HasSlow(account))
        {
            match = await MatchSlowlyAsync(account, credential, exchange, ct);
        }

        if (Refusal(account, match, exchange) is { } failed)
        {
            if (limiter.Failed(tenant.Id, credential.ClientId, exchange.Source) is { } locked)
            {
                return TooMany(locked);
            }

            await pace.KeepAsync(began);

            return OAuthError.InvalidClient(failed);
        }

        // Guesses in flight while the address was locked get no answer either, right or wrong.
        if (limiter.Wait(tenant.Id, credential.ClientId, exchange.Source) is { } late)
        {
            return TooMany(late);
        }

        if (match!.Hash.IsSlow)
        {
            await upgrade.ReplaceAsync(exchange, account!, match, credential.Secret, ct);
        }

        exchange.Account = account;
        exchange.CredentialId = match.Id;

        return new ProvenClient(account!, match.Id);
    }

    private async ValueTask<SecretFacts?> MatchSlowlyAsync(Account account, SecretCredential credential, Exchange exchange, CancellationToken ct)
    {
        await _slowTurns.WaitAsync(ct);

        try
        {
            // Locked while it waited: it gets no answer, so nothing is computed for it.
            if (limiter.Wait(exchange.Tenant.Id, credential.ClientId, exchange.Source) is not null)
            {
                return null;
            }

            var began = pace.Begin();
            var match = SecretMatch.Slow(account, credential.Secret, exchange.Now);
            pace.Learn(began);

            return match;
        }
        finally
        {
            _slowTurns.Release();
        }
    }

    private FailedCheck? Refusal(Account? account, SecretFacts? match, Exchange exchange)
    {
        if (account is null)
        {
            return new FailedCheck("client-known", "no account has this client id", exchange.ClientId, Hint: "check the client id and the host name: accounts belong to one tenant");
        }

        exchange.Account = account;
        exchange.Passed("client-known", account.ClientId);

        // R32: one registered method; a second one only while the tenant migrates.
        if (account.SignsAssertions && !exchange.Snapshot.SecretsBesideKeys)
        {
            return new FailedCheck(
                "method-registered", "the account authenticates by private_key_jwt", AuthMethods.ClientSecret, AuthMethods.PrivateKeyJwt, "have the client sign an assertion, or set the tenant's allow_secrets_beside_keys for the time of a migration");
        }

        exchange.Passed("method-registered", AuthMethods.ClientSecret);

        if (match is null)
        {
            return new FailedCheck(
                "secret-matches",
                account.Secrets.Length == 0 ? "the account has no secret" : "the secret is none of the account's",
                Expected: account.Secrets.Length == 1 ? "the account's one secret" : $"one of the account's {account.Secrets.Length} secrets",
                Hint: "create a new secret, or look at hint and last use of those that exist");
        }

        exchange.CredentialId = match.Id;
        exchange.Passed("secret-matches", match.Id.ToString());

        // Evaluated at use, whatever a clean-up job has or has not done (R40).
        if (match.ExpiresAt <= exchange.Now)
        {
            return new FailedCheck("secret-not-expired", "the secret has expired", $"expired {match.ExpiresAt:O}", "a time ahead", "create a new secret and change the client to it");
        }

        exchange.Passed("secret-not-expired");

        if (match.RetiresAt <= exchange.Now)
        {
            return new FailedCheck("secret-not-retired", "the secret was retired", $"retired {match.RetiresAt:O}", "an active secret", "the account was rotated to a newer secret: change the client to it");
        }

        exchange.Passed("secret-not-retired");

        return AccountState.Fault(account, exchange) ?? AccessPolicy.Fault(account, null, exchange, time);
    }

    private static OAuthError TooMany(TimeSpan wait) => OAuthError.TooManyFailures(
        wait,
        new FailedCheck(
            "failure-limit", "too many failures for this client from this address", $"locked for {wait.TotalSeconds:0} s", Hint: "other addresses are not held up; find what tries the wrong secret there"));
}

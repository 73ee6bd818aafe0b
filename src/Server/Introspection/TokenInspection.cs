using Countersign.OAuth;
using Countersign.Server.Tenants;

namespace Countersign.Server.Introspection;

/// <summary>A token that is good at this moment, and whose it is.</summary>
internal sealed record LiveToken(AccessToken Token, Account Account);

/// <summary>Asks of a token of ours whether it is good now: genuine, in time, not revoked, and its account and credential still there.</summary>
internal static class TokenInspection
{
    public static async ValueTask<(LiveToken? Live, string? Reason)> InspectAsync(
        Tenant tenant, TenantSnapshot snapshot, byte[] text, DateTimeOffset now, CancellationToken ct)
    {
        if (Read(snapshot, text, now) is not { } token)
        {
            return (null, "the token is not one of this tenant, or was altered, or its key is gone");
        }

        var seconds = now.ToUnixTimeSeconds();

        if (token.ExpiresAt <= seconds)
        {
            return (null, $"the token expired {seconds - token.ExpiresAt} s ago");
        }

        // A clock that was set back must not make a token good before its time (R252).
        if (token.IssuedAt > seconds + 10)
        {
            return (null, "the token was issued ahead of this server's clock");
        }

        if (tenant.Revocations.Ends(token))
        {
            return (null, "the token is revoked");
        }

        if (snapshot.Disabled)
        {
            return (null, "the tenant is disabled");
        }

        var account = await tenant.Accounts.FindAsync(token.AccountId, ct);

        return account is null ? (null, "the account is gone")
            : account.Disabled ? (null, "the account is disabled")
            : !HasCredential(snapshot, account, token.CredentialId) ? (null, "the credential that got the token was deleted")
            : await OriginFaultAsync(tenant, snapshot, token.Via, ct) is { } fault ? (null, fault)
            : (new LiveToken(token, account), null);
    }

    // An exchanged token ends with each party that exchanged (R112).
    private static async ValueTask<string?> OriginFaultAsync(Tenant tenant, TenantSnapshot snapshot, TokenOrigin[] via, CancellationToken ct)
    {
        foreach (var origin in via)
        {
            var account = await tenant.Accounts.FindAsync(origin.AccountId, ct);
            var fault = account is null ? "the account that exchanged for the token is gone"
                : account.Disabled ? "the account that exchanged for the token is disabled"
                : !HasCredential(snapshot, account, origin.CredentialId) ? "the credential that exchanged for the token was deleted"
                : null;

            if (fault is not null)
            {
                return fault;
            }
        }

        return null;
    }

    // The account's own, or a rule by which a foreign token stood for it.
    private static bool HasCredential(TenantSnapshot snapshot, Account account, Guid credential) =>
        account.HasCredential(credential) || snapshot.Trust.Backs(credential, account);

    private static AccessToken? Read(TenantSnapshot tenant, byte[] text, DateTimeOffset now)
    {
        if (SealingKey.TryReadKeyId(text, out var keyId))
        {
            return tenant.Keys.ForOpening(keyId, now)?.Sealing?.Open(text);
        }

        return JwtAccessToken.TryReadKid(text, out var kid) && tenant.Keys.ForVerifying(kid, now)?.Signing is { } key
            ? JwtAccessToken.Read(key, tenant.Issuer, tenant.Id, text)
            : null;
    }
}

using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Jwks;
using Countersign.Server.Revocation;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

/// <summary>
/// An account has one way to authenticate (R32): choosing another takes the credentials of the first away, and with each the tokens that it got.
/// A tenant that migrates may keep secrets beside keys.
/// </summary>
internal sealed class MethodSwitch(Db db, JwksSources sources)
{
    /// <summary>Keys that are kept here: the URL goes, and the secrets. Returns what was done beside.</summary>
    public async Task<List<string>> ToKeysAsync(AdminCaller caller, ServiceAccountRow account, CancellationToken ct)
    {
        var warnings = await FromSecretsAsync(caller, account, ct);

        if (await db.JwksUrls.SingleOrDefaultAsync(u => u.AccountId == account.Id, ct) is { } url)
        {
            db.JwksUrls.Remove(url);
            sources.Forget(caller.TenantId, url.Id);
            End(caller, url.Id);
            warnings.Add("the JWKS URL was removed: an account has keys of its own or a URL, not both");
        }

        return warnings;
    }

    /// <summary>A URL: the kept keys go, and the secrets. Returns what was done beside.</summary>
    public async Task<List<string>> ToUrlAsync(AdminCaller caller, ServiceAccountRow account, CancellationToken ct)
    {
        var warnings = await FromSecretsAsync(caller, account, ct);
        var keys = await db.AccountKeys.Where(k => k.AccountId == account.Id).ToListAsync(ct);

        if (keys.Count > 0)
        {
            db.AccountKeys.RemoveRange(keys);
            keys.ForEach(k => End(caller, k.Id));
            warnings.Add($"{Counted(keys.Count, "key")} removed, and the tokens got with them have ended: an account has keys of its own or a URL, not both");
        }

        return warnings;
    }

    /// <summary>A secret: refused while the account has keys, which nobody should lose by making a secret.</summary>
    public async Task<Refusal?> ToSecretAsync(AdminCaller caller, ServiceAccountRow account, CancellationToken ct)
    {
        if (account.AuthMethod == AuthMethods.ClientSecret || caller.Snapshot.SecretsBesideKeys)
        {
            return null;
        }

        if (await db.AccountKeys.AnyAsync(k => k.AccountId == account.Id, ct) || await db.JwksUrls.AnyAsync(u => u.AccountId == account.Id, ct))
        {
            return Refusal.Conflict(
                "the account authenticates by private_key_jwt: delete its keys or its JWKS URL first, or set the tenant's allow_secrets_beside_keys for the time of a migration");
        }

        (await db.ServiceAccounts.SingleAsync(a => a.Id == account.Id, ct)).AuthMethod = AuthMethods.ClientSecret;

        return null;
    }

    private async Task<List<string>> FromSecretsAsync(AdminCaller caller, ServiceAccountRow account, CancellationToken ct)
    {
        var warnings = new List<string>();

        if (account.AuthMethod != AuthMethods.PrivateKeyJwt)
        {
            (await db.ServiceAccounts.SingleAsync(a => a.Id == account.Id, ct)).AuthMethod = AuthMethods.PrivateKeyJwt;
        }

        if (caller.Snapshot.SecretsBesideKeys)
        {
            return warnings;
        }

        var secrets = await db.ClientSecrets.Where(s => s.AccountId == account.Id).ToListAsync(ct);

        if (secrets.Count > 0)
        {
            db.ClientSecrets.RemoveRange(secrets);
            secrets.ForEach(s => End(caller, s.Id));
            warnings.Add($"{Counted(secrets.Count, "secret")} removed, and the tokens got with them have ended: the account now authenticates by private_key_jwt alone");
        }

        return warnings;
    }

    private void End(AdminCaller caller, Guid credential) =>
        db.Revocations.Add(Revocations.Before(caller.TenantId, "credential", credential, caller.Now, caller.Now));

    private static string Counted(int count, string what) => count == 1 ? $"1 {what} was" : $"{count} {what}s were";
}

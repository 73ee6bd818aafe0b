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
        if (account.AuthMethod == AuthMethods.ClientSecret || await AllowsBothAsync(caller, ct))
        {
            return null;
        }

        if (await db.AccountKeys.AnyAsync(k => k.AccountId == account.Id, ct) || await db.JwksUrls.AnyAsync(u => u.AccountId == account.Id, ct))
        {
            return Refusal.Conflict(
                "the account authenticates by private_key_jwt: delete its keys or its JWKS URL first, or set the tenant's allow_secrets_beside_keys for the time of a migration");
        }

        // Those that a migration left behind have been refused for long: they do not come back with the new one.
        await RemoveSecretsAsync(caller, account, ct);
        (await db.ServiceAccounts.SingleAsync(a => a.Id == account.Id, ct)).AuthMethod = AuthMethods.ClientSecret;

        return null;
    }

    /// <summary>Whether the tenant migrates, as the database says: this node may not have heard of the change yet, and secrets are gone for good.</summary>
    private Task<bool> AllowsBothAsync(AdminCaller caller, CancellationToken ct) =>
        db.Tenants.Where(t => t.Id == caller.TenantId).Select(t => t.AllowSecretsBesideKeys).SingleAsync(ct);

    private async Task<List<string>> FromSecretsAsync(AdminCaller caller, ServiceAccountRow account, CancellationToken ct)
    {
        // Always a change, so that of two switches at once one fails.
        var row = await db.ServiceAccounts.SingleAsync(a => a.Id == account.Id, ct);
        row.AuthMethod = AuthMethods.PrivateKeyJwt;
        db.Entry(row).Property(r => r.AuthMethod).IsModified = true;

        var removed = await AllowsBothAsync(caller, ct) ? 0 : await RemoveSecretsAsync(caller, account, ct);

        return removed == 0
            ? []
            : [$"{Counted(removed, "secret")} removed, and the tokens got with them have ended: the account now authenticates by private_key_jwt alone"];
    }

    private async Task<int> RemoveSecretsAsync(AdminCaller caller, ServiceAccountRow account, CancellationToken ct)
    {
        var secrets = await db.ClientSecrets.Where(s => s.AccountId == account.Id).ToListAsync(ct);
        db.ClientSecrets.RemoveRange(secrets);
        secrets.ForEach(s => End(caller, s.Id));

        return secrets.Count;
    }

    /// <summary>Ends the tokens that a credential got.</summary>
    public void End(AdminCaller caller, Guid credential) =>
        db.Revocations.Add(Revocations.OfCredential(caller.TenantId, credential, caller.Now));

    private static string Counted(int count, string what) => count == 1 ? $"1 {what} was" : $"{count} {what}s were";
}

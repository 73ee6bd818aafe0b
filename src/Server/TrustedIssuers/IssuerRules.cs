using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Revocation;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.TrustedIssuers;

/// <summary>An issuer among what the tenant has: the rules that rest on it, and what it must not be taken for.</summary>
internal static class IssuerRules
{
    /// <summary>What an issuer may not share with what is there already.</summary>
    public static async Task<Refusal?> ClashAsync(AdminCaller caller, Db db, TrustedIssuerRow row, CancellationToken ct)
    {
        var others = db.TrustedIssuers.AsNoTracking().Where(i => i.TenantId == caller.TenantId && i.Id != row.Id);

        return await others.AnyAsync(i => i.Issuer == row.Issuer, ct) ? Clash("issuer", "is another trusted issuer's: one row says all about an issuer")
            : await others.AnyAsync(i => i.NameKey == row.NameKey, ct) ? Clash("name", "is another trusted issuer's")
            : await db.ServiceAccounts.AnyAsync(a => a.TenantId == caller.TenantId && a.ClientId == row.Issuer, ct)
                ? Clash("issuer", "is the client id of an account, whose own assertions name it as iss")
            : null;
    }

    private static Refusal Clash(string member, string fault) => Refusal.Invalid(member, fault) with { Status = StatusCodes.Status409Conflict };

    /// <summary>Whoever decides about the keys of an issuer can make tokens for every account that its rules name (R218).</summary>
    public static async Task<Refusal?> AgainstStrongerAsync(AdminCaller caller, Db db, Safeguards safeguards, Guid id, CancellationToken ct)
    {
        if (Array.TrueForAll(AdminApi.Scopes, caller.ReachesTenant))
        {
            return null;
        }

        var accounts = await db.TrustRules.Where(r => r.TrustedIssuerId == id && r.AccountId != null).Select(r => r.AccountId!.Value).Distinct().ToListAsync(ct);
        var made = await db.ServiceAccounts.Where(a => db.TrustRules.Any(r => r.TrustedIssuerId == id && r.Id == a.MadeByRule)).Select(a => a.Id).ToListAsync(ct);

        foreach (var account in accounts.Concat(made))
        {
            if (await safeguards.AgainstCredentialAsync(caller, account, ct) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    /// <summary>Ends what was got by the rules of an issuer.</summary>
    public static async Task EndAsync(AdminCaller caller, Db db, Guid id, CancellationToken ct)
    {
        foreach (var rule in await db.TrustRules.Where(r => r.TrustedIssuerId == id).Select(r => r.Id).ToListAsync(ct))
        {
            db.Revocations.Add(Revocations.OfCredential(caller.TenantId, rule, caller.Now));
        }
    }
}

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

    private static bool ReachesAll(AdminCaller caller) => Array.TrueForAll(AdminApi.Scopes, caller.ReachesTenant);

    private static Refusal Clash(string member, string fault) => Refusal.Invalid(member, fault) with { Status = StatusCodes.Status409Conflict };

    /// <summary>Whoever decides about the keys of an issuer can make tokens for every account that its rules name (R218).</summary>
    public static async Task<Refusal?> AgainstStrongerAsync(AdminCaller caller, Db db, Safeguards safeguards, Guid id, CancellationToken ct)
    {
        if (ReachesAll(caller))
        {
            return null;
        }

        var rules = await db.TrustRules.Where(r => r.TrustedIssuerId == id).Select(r => new { r.Id, r.AccountId }).ToListAsync(ct);

        foreach (var account in rules.Select(r => r.AccountId).OfType<Guid>().Distinct())
        {
            if (await safeguards.AgainstCredentialAsync(caller, account, ct) is { } refusal)
            {
                return refusal;
            }
        }

        return await AgainstMadeAsync(caller, db, safeguards, [.. rules.Select(r => r.Id)], ct);
    }

    /// <summary>Whoever decides which tokens a rule takes decides about the accounts that it made, and about what they were given since.</summary>
    public static async Task<Refusal?> AgainstMadeAsync(AdminCaller caller, Db db, Safeguards safeguards, Guid[] rules, CancellationToken ct)
    {
        if (ReachesAll(caller))
        {
            return null;
        }

        foreach (var account in await db.ServiceAccounts.Where(a => a.MadeByRule != null && rules.Contains(a.MadeByRule.Value)).Select(a => a.Id).ToListAsync(ct))
        {
            if (await safeguards.AgainstCredentialAsync(caller, account, ct) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    /// <summary>The rules that the linter would refuse under the issuer as it is now, by name.</summary>
    public static async Task<string> UnfitAsync(Db db, TrustedIssuer issuer, CancellationToken ct) => string.Join(
        ", ", (await db.TrustRules.AsNoTracking().Where(r => r.TrustedIssuerId == issuer.Id).ToListAsync(ct)).Select(r => RuleSettings.Unfit(r, issuer)).OfType<string>());

    /// <summary>Ends what was got by the rules of an issuer.</summary>
    public static async Task EndAsync(AdminCaller caller, Db db, Guid id, CancellationToken ct)
    {
        foreach (var rule in await db.TrustRules.Where(r => r.TrustedIssuerId == id).Select(r => r.Id).ToListAsync(ct))
        {
            db.Revocations.Add(Revocations.OfCredential(caller.TenantId, rule, caller.Now));
        }
    }
}

using Countersign.Server.Admin;
using Countersign.Server.Data;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.TrustedIssuers;

/// <summary>What a list of rules may be narrowed to.</summary>
internal sealed class TrustRuleFilter
{
    /// <summary>Id, name or issuer.</summary>
    [FromQuery(Name = "trusted_issuer")]
    public string? TrustedIssuer { get; set; }

    /// <summary>Id or client id.</summary>
    public string? Account { get; set; }

    public string? Mode { get; set; }

    public IQueryable<TrustRuleRow> Apply(Db db, AdminCaller caller)
    {
        var rows = db.TrustRules.AsNoTracking().Where(r => r.TenantId == caller.TenantId);

        if (TrustedIssuer is { } which)
        {
            // What is not there has no rules.
            var issuer = RuleSettings.Find(caller.Snapshot, which)?.Id ?? Guid.Empty;
            rows = rows.Where(r => r.TrustedIssuerId == issuer);
        }

        if (Account is { } named)
        {
            var id = Guid.TryParse(named, out var parsed) ? parsed : Guid.Empty;
            rows = rows.Where(r => r.AccountId == id || db.ServiceAccounts.Any(a => a.Id == r.AccountId && a.ClientId == named));
        }

        if (Mode is { } mode)
        {
            rows = mode is TrustRule.Enforce or TrustRule.Report
                ? rows.Where(r => r.Mode == mode)
                : throw new InvalidQueryException($"mode must be {TrustRule.Enforce} or {TrustRule.Report}");
        }

        return rows;
    }
}

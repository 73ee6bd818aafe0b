using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Conditions;
using Countersign.Server.Data;
using Countersign.Server.ServiceAccounts;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.TrustedIssuers;

/// <summary>A change of a rule's row, and whether the rule that comes of it may stand. The whole rule is judged, whatever the change names (R217).</summary>
internal sealed class RuleSettings(Db db, Safeguards safeguards, TimeProvider time)
{
    public const int MostConditions = 30;

    private const int MostScopes = 200;
    private const string Credentials = "credentials.write";

    /// <summary>Changes the row; or says what is wrong with the change. The answer is what the linter finds and the rule is allowed.</summary>
    public async Task<Outcome<string[]>> ApplyAsync(TrustRuleRow row, TrustRulePatch body, AdminCaller caller, CancellationToken ct)
    {
        if (SetPlain(row, body, caller) is { } plain)
        {
            return plain;
        }

        if (body.TrustedIssuer.Is(out var named))
        {
            if (Find(caller.Snapshot, named ?? "") is not { } found)
            {
                return Refusal.NotFound("trusted issuer", "trusted_issuer");
            }

            row.TrustedIssuerId = found.Id;
        }

        if (await SetTargetAsync(row, body, caller, ct) is { } target)
        {
            return target;
        }

        if (TrustRule.Compile(row, out var fault) is not { } rule)
        {
            return Refusal.Invalid(fault.Split(':', '[')[0], $"do not hold: {fault}") with { Detail = fault };
        }

        if (caller.Snapshot.Trust.Issuer(row.TrustedIssuerId) is not { } issuer)
        {
            return Refusal.NotFound("trusted issuer", "trusted_issuer");
        }

        return await AgainstReachAsync(row, rule, caller, ct) is { } beyond ? beyond
            : TestFault(row, rule, issuer) is { } test ? test
            : Lint(row, rule, issuer);
    }

    /// <summary>An issuer of the tenant by id, name or issuer.</summary>
    public static TrustedIssuer? Find(TenantSnapshot tenant, string which)
    {
        var key = Names.Key(which);

        return tenant.Trust.Issuers.FirstOrDefault(i => Guid.TryParse(which, out var id) && i.Id == id)
            ?? tenant.Trust.Issuers.FirstOrDefault(i => i.Issuer == which)
            ?? tenant.Trust.Issuers.FirstOrDefault(i => Names.Key(i.Name) == key);
    }

    /// <summary>What the linter says of a rule as it stands, whether it is allowed or not.</summary>
    public static string[] Findings(TrustRuleRow row, TenantSnapshot tenant) =>
        tenant.Trust.Issuer(row.TrustedIssuerId) is { } issuer && Compiled(row, tenant) is { } rule
            ? [.. RuleLint.Findings(issuer.Kind, issuer.RequiresImmutableIds, rule.Conditions).Select(Text)]
            : [];

    // What the snapshot has compiled need not be compiled again.
    private static TrustRule? Compiled(TrustRuleRow row, TenantSnapshot tenant) =>
        tenant.Trust.Rule(row.Id) is { } known && known.Version == row.Version ? known : TrustRule.Compile(row, out _);

    private static Refusal? SetPlain(TrustRuleRow row, TrustRulePatch body, AdminCaller caller)
    {
        row.Name = body.Name.Is(out var name) ? name ?? "" : row.Name;
        row.NameKey = Names.Key(row.Name);
        row.Cel = body.Cel.Is(out var cel) ? cel : row.Cel;
        row.Scopes = body.Scopes.Is(out var scopes) ? scopes?.Distinct(StringComparer.Ordinal).ToArray() : row.Scopes;
        row.LifetimeSeconds = body.LifetimeSeconds.Is(out var lifetime) ? lifetime : row.LifetimeSeconds;
        row.Mode = body.Mode.Is(out var mode) ? mode ?? "" : row.Mode;
        row.Allow = body.Allow.Is(out var allow) ? (allow ?? []).Distinct(StringComparer.Ordinal).ToArray() : row.Allow;
        row.Disabled = body.Disabled.Is(out var disabled) ? disabled : row.Disabled;

        if (body.ExpiresAt.Is(out var expires))
        {
            if (expires <= caller.Now)
            {
                return Refusal.Invalid("expires_at", "must be ahead");
            }

            row.ExpiresAt = expires;
        }

        if (body.Conditions.Is(out var conditions))
        {
            if (conditions is not { Length: > 0 and <= MostConditions })
            {
                return Refusal.Invalid("conditions", $"must hold 1 to {MostConditions} conditions on claims: without one a rule would take every token of the issuer (no-condition)");
            }

            // Read before they are written again, which half of a surrogate pair cannot be.
            for (var i = 0; i < conditions.Length; i++)
            {
                if (ClaimCondition.Read(conditions[i], out var fault) is null)
                {
                    return Refusal.Invalid("conditions", $"do not hold: {fault}") with { Detail = $"conditions[{i}]: {fault}" };
                }
            }

            row.Conditions = JsonSerializer.Serialize(conditions, AdminJson.Options);
        }

        if (body.Tests.Is(out var tests))
        {
            if (tests?.All(t => t.IsText()) == false)
            {
                return Refusal.Invalid("tests", "hold half of a surrogate pair, which is no text");
            }

            row.Tests = ConditionTest.Write(tests ?? []);
        }

        return Names.Fault(row.Name) is { } nameFault ? Refusal.Invalid("name", nameFault)
            : row.Mode is not (TrustRule.Enforce or TrustRule.Report) ? Refusal.Invalid("mode", $"must be {TrustRule.Enforce} or {TrustRule.Report}")
            : row.LifetimeSeconds is < TokenSettingsView.ShortestLife or > TokenSettingsView.LongestLife
                ? Refusal.Invalid("lifetime_seconds", $"must be from {TokenSettingsView.ShortestLife} to {TokenSettingsView.LongestLife}")
            : row.Allow.FirstOrDefault(a => Array.IndexOf(RuleLint.Allowable, a) < 0) is { } unknown
                ? Refusal.Invalid("allow", $"names {unknown}; what can be allowed is {string.Join(", ", RuleLint.Allowable)}")
            : ScopeFault(row.Scopes, caller.Snapshot);
    }

    private static Refusal? ScopeFault(string[]? scopes, TenantSnapshot tenant) =>
        scopes is null ? null
        : scopes.Length is 0 or > MostScopes ? Refusal.Invalid("scopes", $"must hold 1 to {MostScopes} scopes, or be null for all that the account holds")
        : scopes.FirstOrDefault(s => !tenant.Apis.Values.Any(a => a.Scopes.Contains(s))) is { } unknown
            ? Refusal.Invalid("scopes", $"names {unknown}, which no API of the tenant has")
        : null;

    private async Task<Refusal?> SetTargetAsync(TrustRuleRow row, TrustRulePatch body, AdminCaller caller, CancellationToken ct)
    {
        if (body is { Account.Value: not null, Template.Value: not null })
        {
            return Refusal.Invalid("template", "and account exclude each other");
        }

        if (body.Account.IsSet)
        {
            row.AccountId = null;

            if (body.Account.Value is { } which)
            {
                if (await AccountReferences.IdsAsync(caller, db, [which], ct) is not [var found] || !await IsVisibleAsync(found, caller, ct))
                {
                    return Refusal.NotFound("service account", "account");
                }

                (row.AccountId, row.Template) = (found, null);
            }
        }

        if (body.Template.IsSet)
        {
            row.Template = null;

            if (body.Template.Value is { } template)
            {
                if (!(await TemplateSettings.ReadAsync(template, caller, db, ct)).Is(out var text, out var refusal))
                {
                    return refusal;
                }

                (row.Template, row.AccountId) = (AccountTemplate.WriteText(text), null);
            }
        }

        return row.AccountId is null && row.Template is null ? Refusal.Invalid("account", "or template is needed: whom a token that matches stands for") : null;
    }

    /// <summary>A rule is a credential of its accounts, and a template gives what it grants: neither reaches further than whoever saves it (R218).</summary>
    private async Task<Refusal?> AgainstReachAsync(TrustRuleRow row, TrustRule rule, AdminCaller caller, CancellationToken ct) =>
        row.AccountId is { } account
            ? await safeguards.AgainstCredentialAsync(caller, account, ct)
                ?? (await ServiceAccountRoutes.Visible(db, caller, Credentials).AnyAsync(a => a.Id == account, ct)
                    ? null
                    : Refusal.Forbidden($"a rule is a credential of its account: {Credentials} must reach it"))
        : safeguards.AgainstGrants(caller, rule.Template!.Text.Grants.Select(g => g.Api))
            ?? await IssuerRules.AgainstMadeAsync(caller, db, safeguards, [row.Id], ct);

    private async Task<bool> IsVisibleAsync(Guid account, AdminCaller caller, CancellationToken ct) =>
        await ServiceAccountRoutes.Visible(db, caller, "accounts.read").AnyAsync(a => a.Id == account, ct)
        || await ServiceAccountRoutes.Visible(db, caller, Credentials).AnyAsync(a => a.Id == account, ct);

    private Refusal? TestFault(TrustRuleRow row, TrustRule rule, TrustedIssuer issuer)
    {
        var fault = ConditionTest.Fault(
            ConditionTest.Read(row.Tests),
            t => t.Matches,
            facts => (rule.Matches(facts, time), rule.Mismatch(facts, time) ?? "all conditions hold"),
            issuer.Issuer,
            time.GetUtcNow());

        return fault is null ? null : Refusal.Invalid("tests", $"do not hold: {fault}");
    }

    private static Outcome<string[]> Lint(TrustRuleRow row, TrustRule rule, TrustedIssuer issuer)
    {
        var findings = RuleLint.Findings(issuer.Kind, issuer.RequiresImmutableIds, rule.Conditions);
        var refused = Refused(findings, row.Allow);

        if (refused.Length == 0)
        {
            return findings.Select(Text).ToArray();
        }

        var allowable = string.Join(", ", refused.Where(f => !f.IsFatal).Select(f => $"\"{f.Code}\""));
        var how = allowable.Length > 0 ? $" If it is meant so, put {allowable} into allow." : "";

        return new Refusal(StatusCodes.Status400BadRequest, $"the rule would take more tokens than it should: {string.Join(" ", refused.Select(Text))}{how}")
        {
            Errors = new Dictionary<string, string[]> { ["conditions"] = [.. refused.Select(Text)] },
        };
    }

    /// <summary>Why a rule that stands may not stand under its issuer any more; null when it may.</summary>
    public static string? Unfit(TrustRuleRow row, TrustedIssuer issuer) =>
        TrustRule.Compile(row, out _) is { } rule && Refused(RuleLint.Findings(issuer.Kind, issuer.RequiresImmutableIds, rule.Conditions), row.Allow) is [var first, ..]
            ? $"{row.Name} ({first.Code})"
            : null;

    // Names that can be given to somebody else are only told of, unless the issuer's setting asks for ids.
    private static LintFinding[] Refused(IEnumerable<LintFinding> findings, string[] allow) =>
        [.. findings.Where(f => f.IsFatal || (f.Code != RuleLint.MutableNames && Array.IndexOf(allow, f.Code) < 0))];

    private static string Text(LintFinding finding) => $"{finding.Code}: {finding.Message}";
}

using Countersign.Server.Admin;
using Countersign.Server.Apis;
using Countersign.Server.Data;
using Countersign.Server.ServiceAccounts;
using Countersign.Server.Tenants;

namespace Countersign.Server.TrustedIssuers;

/// <summary>A change of an exchange rule's row, and whether what it names is there.</summary>
internal static class ExchangeSettings
{
    public const int MostSubjects = 200;
    public const int MostApis = 50;

    /// <summary>Changes the row; or says what is wrong with the change.</summary>
    public static async Task<Refusal?> ApplyAsync(ExchangeRuleRow row, ExchangeRulePatch body, AdminCaller caller, Db db, CancellationToken ct)
    {
        if (body.Name.Is(out var name))
        {
            if (Names.Fault(name) is { } fault)
            {
                return Refusal.Invalid("name", fault);
            }

            (row.Name, row.NameKey) = (name!, Names.Key(name!));
        }

        if (body.Client.Is(out var client))
        {
            if ((await AccountReferences.IdsAsync(caller, db, [client ?? ""], ct)) is not [var found])
            {
                return Refusal.NotFound("service account", "client");
            }

            row.ClientAccountId = found;
        }

        row.Impersonation = body.Impersonation.Is(out var impersonation) ? impersonation : row.Impersonation;
        row.LifetimeSeconds = body.LifetimeSeconds.Is(out var lifetime) ? lifetime : row.LifetimeSeconds;
        row.Disabled = body.Disabled.Is(out var disabled) ? disabled : row.Disabled;

        if (row.LifetimeSeconds is < TokenSettingsView.ShortestLife or > TokenSettingsView.LongestLife)
        {
            return Refusal.Invalid("lifetime_seconds", $"must be from {TokenSettingsView.ShortestLife} to {TokenSettingsView.LongestLife}");
        }

        return await ApplySubjectsAsync(row, body, caller, db, ct) ?? (body.Apis.Is(out var apis) ? ApplyApis(row, apis ?? [], caller) : null);
    }

    private static async Task<Refusal?> ApplySubjectsAsync(ExchangeRuleRow row, ExchangeRulePatch body, AdminCaller caller, Db db, CancellationToken ct)
    {
        var names = (body.Subjects.Value ?? []).Distinct(StringComparer.Ordinal).ToArray();

        if (names.Length > 0 && body.AnySubject.Value)
        {
            return Refusal.Invalid("any_subject", "and subjects exclude each other");
        }

        if (names.Length > MostSubjects)
        {
            return Refusal.Invalid("subjects", $"must name at most {MostSubjects} accounts");
        }

        if (body.AnySubject.Is(out var any))
        {
            (row.AnySubject, row.Subjects) = (any, any ? [] : row.Subjects);
        }

        if (body.Subjects.IsSet)
        {
            if (await AccountReferences.IdsAsync(caller, db, names, ct) is not { } subjects)
            {
                return Refusal.NotFound("service account", "subjects");
            }

            (row.Subjects, row.AnySubject) = (subjects, row.AnySubject && subjects.Length == 0);
        }

        // A subject that is gone since leaves the rule as it is.
        return row.AnySubject || row.Subjects.Length > 0 ? null : Refusal.Invalid("subjects", "must name the accounts whose tokens are meant, unless any_subject is true");
    }

    private static Refusal? ApplyApis(ExchangeRuleRow row, ExchangeApiBody[] apis, AdminCaller caller)
    {
        if (apis.Length is 0 or > MostApis)
        {
            return Refusal.Invalid("apis", $"must name 1 to {MostApis} APIs with their scopes");
        }

        var targets = new List<ExchangeTarget>();

        foreach (var asked in apis)
        {
            if (ApiRoutes.Find(caller.Snapshot, asked.Api) is not { } api)
            {
                return Refusal.NotFound("API", "apis");
            }

            if (api.IsAdmin)
            {
                return Refusal.Invalid("apis", "must not name the admin API: its tokens are got by an administrator's own credential");
            }

            var scopes = asked.Scopes.Distinct(StringComparer.Ordinal).ToArray();

            if (GrantRoutes.Fault(api, scopes, []) is { } fault)
            {
                return Refusal.Invalid("apis", $"with {api.Identifier}: {fault.Detail}");
            }

            if (targets.Exists(t => t.Api == api.Id))
            {
                return Refusal.Invalid("apis", $"names {api.Identifier} twice");
            }

            targets.Add(new ExchangeTarget(api.Id, scopes));
        }

        row.Targets = ExchangeRule.WriteTargets([.. targets]);

        return null;
    }
}

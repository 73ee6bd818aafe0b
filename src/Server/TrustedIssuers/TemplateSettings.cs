using Countersign.Server.Admin;
using Countersign.Server.Apis;
using Countersign.Server.Data;
using Countersign.Server.Organizations;
using Countersign.Server.ServiceAccounts;
using Countersign.Server.Tenants;

namespace Countersign.Server.TrustedIssuers;

/// <summary>A template as it is sent, made what is stored: owner and APIs found, what is not there refused.</summary>
internal static class TemplateSettings
{
    public const int MostAccounts = 10_000;

    private const int MostGrants = 20;
    private const int LongestText = 200;

    public static async Task<Outcome<TemplateText>> ReadAsync(TemplateBody body, AdminCaller caller, Db db, CancellationToken ct)
    {
        var name = body.Name ?? body.ClientId;

        if (body.ClientId.Length is 0 or > LongestText || name.Length is 0 or > LongestText || body.ClientId.Any(c => !char.IsAscii(c) || char.IsControl(c)))
        {
            return Refusal.Invalid("template", $"must have a client_id of 1 to {LongestText} printable ASCII characters, and a name as long");
        }

        if (Names.Fault(name) is { } fault)
        {
            return Refusal.Invalid("template", $"has a name that {fault}");
        }

        if (body.MaxAccounts is < 1 or > MostAccounts)
        {
            return Refusal.Invalid("template", $"must have max_accounts from 1 to {MostAccounts}");
        }

        if (!(await Ownership.ResolveAsync(db, caller, "accounts.write", body.Owner, ct)).Is(out var owner, out var refusal))
        {
            return refusal;
        }

        var grants = new List<TemplateGrant>();

        if (body.Grants is { Length: > MostGrants })
        {
            return Refusal.Invalid("template", $"must have at most {MostGrants} grants");
        }

        foreach (var asked in body.Grants ?? [])
        {
            if (ApiRoutes.Find(caller, "grants.write", asked.Api) is not { } api)
            {
                return Refusal.NotFound("API");
            }

            var (scopes, defaults) = (asked.Scopes.Distinct().ToArray(), (asked.DefaultScopes ?? []).Distinct().ToArray());

            if (grants.Exists(g => g.Api == api.Id))
            {
                return Refusal.Invalid("template", $"grants {api.Identifier} twice");
            }

            if (api.IsAdmin)
            {
                return Refusal.Invalid("template", "must not grant scopes of the admin API: they are given by roles");
            }

            if (GrantRoutes.Fault(api, scopes, defaults) is { } grantFault)
            {
                return grantFault;
            }

            grants.Add(new TemplateGrant(api.Id, scopes, defaults));
        }

        return new TemplateText(body.ClientId, name, owner.GroupId, owner.OrganizationId, [.. grants], body.MaxAccounts);
    }
}

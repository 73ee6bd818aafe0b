using System.Text;
using System.Text.RegularExpressions;

namespace Countersign.Server.Tests.Admin;

/// <summary>All that its own administrator can see of an estate, as one text: to assert that nobody else changed it.</summary>
internal static class Picture
{
    public static async Task<string> OfAsync(Caller root, Estate estate)
    {
        var text = new StringBuilder();
        string[] paths =
        [
            // The first reads bring what is counted in memory to where the later ones look.
            $"/service-accounts/{estate.Account}/secrets", $"/service-accounts/{estate.Holder}/secrets",
            $"/groups/{estate.Group}", $"/organizations?group={estate.Group}",
            $"/service-accounts?organization={estate.Organization}", $"/service-accounts/{estate.Holder}/grants", $"/service-accounts/{estate.Holder}/roles",
            $"/apis?identifier={estate.Identifier}", $"/apis/{estate.Api}/resource-servers", $"/roles/{estate.Role}",
            $"/audit-events?account={estate.Account}", $"/audit-events?account={estate.Holder}",
        ];

        foreach (var path in paths)
        {
            text.AppendLine((await root.ReadAsync(path)).GetRawText());
        }

        return text.ToString();
    }

    /// <summary>All of a tenant.</summary>
    public static async Task<string> OfTenantAsync(Caller root, Estate estate)
    {
        var text = new StringBuilder(await OfAsync(root, estate));

        foreach (var list in new[] { "groups", "organizations", "service-accounts", "apis", "roles", "signing-keys", "trusted-issuers", "trust-rules", "exchange-rules", "revocations", "audit-events", "token-usage", "tenants" })
        {
            text.AppendLine((await root.ReadAsync($"/{list}?limit=200")).GetRawText());
        }

        // When keys are next fetched changes by itself.
        return Regex.Replace(text.ToString(), "\"next_refresh_at\":\"[^\"]*\"", "");
    }
}

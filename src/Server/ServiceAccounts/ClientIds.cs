using System.Text;
using Countersign.OAuth;
using Countersign.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

internal static class ClientIds
{
    /// <summary>What is wrong with a client id that somebody chose, or null. A space at either end could not be told from none.</summary>
    public static string? Fault(string clientId) =>
        !ClientIdText.IsValid(Encoding.UTF8.GetBytes(clientId)) ? "must be 1 to 255 printable ASCII characters"
        : clientId[0] == ' ' || clientId[^1] == ' ' ? "must not begin or end with a space"
        : null;

    public const string IsIssuer = "is the iss of a trusted issuer: a token could not be told from an assertion of the account's own";

    /// <summary>The first of the client ids that is a trusted issuer's iss, or null (R88).</summary>
    public static async Task<string?> TrustedAsync(Db db, Guid tenantId, string[] clientIds, CancellationToken ct) =>
        await db.TrustedIssuers.Where(i => i.TenantId == tenantId && clientIds.Contains(i.Issuer)).Select(i => i.Issuer).FirstOrDefaultAsync(ct);

    /// <summary>
    /// The first of the client ids that is an account's id, or null. An account is named by either, and tokens carry both: one account must not
    /// pass for another (RFC 9700 §4.15).
    /// </summary>
    public static async Task<string?> TakenAsync(Db db, Guid tenantId, IEnumerable<string> clientIds, CancellationToken ct)
    {
        var ids = clientIds.Select(text => (Text: text, Id: Guid.TryParse(text, out var id) ? id : (Guid?)null)).Where(c => c.Id is not null).ToList();

        if (ids.Count == 0)
        {
            return null;
        }

        var asked = ids.Select(c => c.Id!.Value).ToArray();
        var taken = await db.ServiceAccounts.Where(a => a.TenantId == tenantId && asked.Contains(a.Id)).Select(a => a.Id).ToListAsync(ct);

        return ids.Find(c => taken.Contains(c.Id!.Value)).Text;
    }
}

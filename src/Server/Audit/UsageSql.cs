using System.Runtime.CompilerServices;
using Countersign.Server.Data;

namespace Countersign.Server.Audit;

/// <summary>When something was last used, and from where.</summary>
internal readonly record struct LastUse(Guid Id, DateTime At, string Source);

/// <summary>The statements of the roll-up, each for many rows at once; the same text on both databases, every value a parameter.</summary>
internal static class UsageSql
{
    public static FormattableString Counts(IEnumerable<TokenUsageRow> rows) => Many(
        """
        INSERT INTO token_usage (key, tenant_id, account_id, credential_id, client_id, group_id, organization_id, scope, audience, source, minute, count)
        VALUES
        """,
        rows.Select(r => new object?[]
        {
            r.Key, r.TenantId, r.AccountId, r.CredentialId, r.ClientId, r.GroupId, r.OrganizationId, r.Scope, r.Audience, r.Source, r.Minute.UtcDateTime, r.Count,
        }),
        "ON CONFLICT (key) DO UPDATE SET count = token_usage.count + excluded.count");

    /// <param name="table">The table of the credentials, a constant of ours.</param>
    public static FormattableString Credentials(string table, IEnumerable<LastUse> uses) => Many(
        "WITH used (id, at, source) AS (VALUES",
        uses.Select(u => new object?[] { u.Id, u.At, u.Source }),
        $"""
        ) UPDATE {table} SET last_used_at = used.at, last_used_from = used.source FROM used
        WHERE {table}.id = used.id AND ({table}.last_used_at IS NULL OR {table}.last_used_at < used.at)
        """);

    public static FormattableString Accounts(IEnumerable<LastUse> uses) => Many(
        "WITH used (id, at) AS (VALUES",
        uses.Select(u => new object?[] { u.Id, u.At }),
        """
        ) UPDATE service_accounts SET last_used_at = used.at FROM used
        WHERE service_accounts.id = used.id AND (service_accounts.last_used_at IS NULL OR service_accounts.last_used_at < used.at)
        """);

    private static FormattableString Many(string before, IEnumerable<object?[]> rows, string after)
    {
        var values = new List<object?>();
        var tuples = new List<string>();

        foreach (var row in rows)
        {
            tuples.Add($"({string.Join(", ", Enumerable.Range(values.Count, row.Length).Select(i => $"{{{i}}}"))})");
            values.AddRange(row);
        }

        return FormattableStringFactory.Create($"{before} {string.Join(",\n", tuples)} {after}", [.. values]);
    }
}

using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Clients;

/// <summary>
/// Replaces an imported, slow hash by the fast form of the same secret, once it has been proven. A secret that a person may have chosen keeps
/// its slow hash: the fast one would not protect it (R44).
/// </summary>
internal sealed class SecretUpgrade(Store store, TimeProvider time)
{
    public async Task ReplaceAsync(Exchange exchange, Account account, SecretFacts secret, Secret proven, CancellationToken ct)
    {
        if (!LooksGenerated(proven.RevealUtf8()))
        {
            return;
        }

        await using var db = store.Open();
        var row = await db.ClientSecrets.SingleOrDefaultAsync(s => s.Id == secret.Id && s.TenantId == exchange.Tenant.Id, ct);

        if (row is null || row.Hash != secret.Hash.Stored)
        {
            return;
        }

        row.Hash = SecretHash.Create(proven).Stored;
        row.Hint = GeneratedSecret.Hint(proven);

        try
        {
            await store.CommitAsync(
                db,
                AuditEvents.Change("secret.upgraded", exchange.Tenant.Id, time.GetUtcNow(), account.Id, secret.Id.ToString(), account.Id, account.GroupId, account.OrganizationId),
                ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Another request upgraded it first.
        }
    }

    // 20 characters of at least ten kinds: 112 bits and more when they were drawn at random.
    private static bool LooksGenerated(ReadOnlySpan<byte> secret)
    {
        var kinds = new HashSet<byte>();

        foreach (var each in secret)
        {
            kinds.Add(each);
        }

        return secret.Length >= 20 && kinds.Count >= 10;
    }
}

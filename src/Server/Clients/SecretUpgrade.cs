using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Clients;

/// <summary>
/// Replaces an imported, slow hash by the fast form of the same secret, once it has been proven. A secret that a person may have chosen keeps
/// its slow hash: the fast one would not protect it (R44).
/// </summary>
internal sealed partial class SecretUpgrade(Store store, TimeProvider time, ILogger<SecretUpgrade> logger)
{
    // NIST SP 800-131A: what nobody can search through.
    private const double EnoughBits = 112;
    private const int KindCount = 4;

    public async Task ReplaceAsync(Exchange exchange, Account account, SecretFacts secret, Secret proven, CancellationToken ct)
    {
        if (!LooksGenerated(proven.RevealUtf8()))
        {
            return;
        }

        try
        {
            await WriteAsync(exchange, account, secret, proven, ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Another request upgraded it first.
        }
        catch (Exception exception) when (StorageFault.Is(exception))
        {
            // The secret is proven; that its hash stays slow for now keeps nobody out (R254).
            LogNotUpgraded(secret.Id, exception.GetType().Name);
        }
    }

    private async Task WriteAsync(Exchange exchange, Account account, SecretFacts secret, Secret proven, CancellationToken ct)
    {
        await using var db = store.Open();
        var row = await db.ClientSecrets.SingleOrDefaultAsync(s => s.Id == secret.Id && s.TenantId == exchange.Tenant.Id, ct);

        if (row is null || row.Hash != secret.Hash.Stored)
        {
            return;
        }

        row.Hash = SecretHash.Create(proven).Stored;
        row.Hint = GeneratedSecret.Hint(proven);

        await store.CommitAsync(
            db,
            AuditEvents.Change("secret.upgraded", exchange.Tenant.Id, time.GetUtcNow(), account.Id, secret.Id.ToString(), account.Id, account.GroupId, account.OrganizationId),
            ct);
    }

    // Random text changes between small and capital letters, digits and signs at every other character or so; words, dates and
    // keyboard rows seldom do. And it must be long enough for its alphabet.
    private static bool LooksGenerated(ReadOnlySpan<byte> secret)
    {
        Span<bool> seen = stackalloc bool[KindCount];
        var hexadecimal = true;
        var changes = 0;

        for (var i = 0; i < secret.Length; i++)
        {
            var kind = KindOf(secret[i]);
            seen[kind] = true;
            hexadecimal &= char.IsAsciiHexDigit((char)secret[i]) || secret[i] == '-';
            changes += i > 0 && KindOf(secret[i - 1]) != kind ? 1 : 0;
        }

        var alphabet = hexadecimal ? 16 : (seen[0] ? 26 : 0) + (seen[1] ? 26 : 0) + (seen[2] ? 10 : 0) + (seen[3] ? 2 : 0);

        return changes * 3 >= secret.Length && secret.Length * Math.Log2(Math.Max(alphabet, 1)) >= EnoughBits;
    }

    private static int KindOf(byte c) => char.IsAsciiLetterLower((char)c) ? 0 : char.IsAsciiLetterUpper((char)c) ? 1 : char.IsAsciiDigit((char)c) ? 2 : 3;

    [LoggerMessage(LogLevel.Warning, "the imported hash of secret {Secret} was proven and could not be replaced by the fast form ({Kind})")]
    private partial void LogNotUpgraded(Guid secret, string kind);
}

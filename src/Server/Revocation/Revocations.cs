using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Keys;
using Countersign.Server.Tenants;

namespace Countersign.Server.Revocation;

/// <summary>Makes the rows that end tokens. Each lasts as long as a token that it concerns may live.</summary>
internal sealed class Revocations(Store store, TimeProvider time)
{
    public async Task EndTokenAsync(Guid tenantId, AccessToken token, Account by, string? source, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = store.Open();
        var row = Token(tenantId, token, now);
        db.Revocations.Add(row);
        var audit = AuditEvents.Change("token.revoked", tenantId, now, by.Id, row.Id.ToString(), token.AccountId, by.GroupId, by.OrganizationId);
        audit.ClientId = by.ClientId;
        audit.Source = source;
        audit.CredentialId = token.CredentialId;
        await store.CommitAsync(db, audit, ct);
    }

    public static RevocationRow Token(Guid tenantId, AccessToken token, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        TenantId = tenantId,
        Scope = "token",
        Target = token.Id.ToString(),
        IssuedBeforeMs = token.Id.IssuedAtMilliseconds,
        CreatedAt = now,
        ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(token.ExpiresAt) + TimeSpan.FromSeconds(10),
    };

    /// <summary>For a credential that goes: what it got up to now ends with it.</summary>
    public static RevocationRow OfCredential(Guid tenantId, Guid credential, DateTimeOffset now) => Before(tenantId, "credential", credential, now, now);

    /// <param name="scope"><c>account</c>, <c>credential</c> or <c>tenant</c>.</param>
    /// <param name="issuedBefore">The moment up to which tokens are ended; a moment ahead would end tokens of good standing and is not taken.</param>
    public static RevocationRow Before(Guid tenantId, string scope, Guid target, DateTimeOffset issuedBefore, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        TenantId = tenantId,
        Scope = scope,
        Target = target.ToString(),
        IssuedBeforeMs = issuedBefore.ToUnixTimeMilliseconds(),
        CreatedAt = now,
        ExpiresAt = issuedBefore + KeyTimes.LongestTokenLife,
    };
}

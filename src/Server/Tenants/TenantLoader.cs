using System.Collections.Frozen;
using System.Security.Cryptography;
using Countersign.OAuth;
using Countersign.Server.Data;
using Countersign.Server.Keys;
using Countersign.Server.TrustedIssuers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Tenants;

/// <summary>Reads what makes a tenant's snapshot. Keys opened before are kept open.</summary>
internal sealed partial class TenantLoader(IDbContextFactory<Db> contexts, MasterKey master, ILogger<TenantLoader> logger)
{
    public async Task<List<(TenantRow Row, string[] Hosts)>> ListAsync(CancellationToken ct)
    {
        await using var db = contexts.CreateDbContext();
        var rows = await db.Tenants.AsNoTracking().Include(t => t.Hosts).ToListAsync(ct);

        return [.. rows.Select(r => (r, r.Hosts.Select(h => h.Host).ToArray()))];
    }

    public async Task<TenantSnapshot> LoadAsync(TenantRow row, TenantSnapshot? before, CancellationToken ct)
    {
        await using var db = contexts.CreateDbContext();
        var apis = await db.Apis.AsNoTracking().Include(a => a.Scopes).Where(a => a.TenantId == row.Id).ToListAsync(ct);
        var roles = await db.Roles.AsNoTracking().Include(r => r.Scopes).Where(r => r.TenantId == row.Id).ToListAsync(ct);
        var keys = await db.TenantKeys.AsNoTracking().Where(k => k.TenantId == row.Id).ToListAsync(ct);

        var facts = apis.Select(a => new ApiFacts(
            a.Id,
            a.Identifier,
            a.GroupId,
            a.OrganizationId,
            a.Scopes.Select(s => s.Name).ToFrozenSet(StringComparer.Ordinal),
            new TokenSettings(a.TokenFormat, a.TokenLifetimeSeconds, a.TokenAlg))).ToList();

        return new TenantSnapshot(
            row.Id,
            row.Name,
            row.Issuer,
            row.Disabled,
            new TokenSettings(row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg),
            row.AuditTokens == "full",
            row.Granting == "owner",
            row.RequireIfMatch,
            row.MaxSecretLifetimeDays,
            row.SigningKeyDays,
            TimeSpan.FromSeconds(row.AssertionMaxAgeSeconds),
            TimeSpan.FromSeconds(row.ClockSkewSeconds),
            row.AllowSecretsBesideKeys,
            row.RequireDpopNonce,
            facts.ToFrozenDictionary(a => a.Id),
            facts.ToFrozenDictionary(a => a.Identifier, StringComparer.Ordinal),
            roles.ToFrozenDictionary(r => r.Id, r => new RoleFacts(r.Id, r.Name, r.BuiltIn, [.. r.Scopes.Select(s => (s.ApiId, s.Scope))])),
            new KeyRing(keys.Select(k => Open(k, row, before)).OfType<TenantKey>()),
            await TrustAsync(db, row.Id, before?.Trust, ct));
    }

    // Compiled rules and opened keys are kept while their rows stay as they are.
    private async Task<TrustSnapshot> TrustAsync(Db db, Guid tenantId, TrustSnapshot? before, CancellationToken ct)
    {
        var issuers = await db.TrustedIssuers.AsNoTracking().Where(i => i.TenantId == tenantId).ToListAsync(ct);
        var rules = await db.TrustRules.AsNoTracking().Where(r => r.TenantId == tenantId).ToListAsync(ct);
        var exchanges = await db.ExchangeRules.AsNoTracking().Where(e => e.TenantId == tenantId && !e.Disabled).ToListAsync(ct);

        return new TrustSnapshot(
            [.. issuers.Select(i => before?.Issuer(i.Id) is { } held && held.Version == i.Version ? held : Compiled(TrustedIssuer.Compile(i, out var fault), i.Id, tenantId, fault)).OfType<TrustedIssuer>()],
            [.. rules.Select(r => before?.Rule(r.Id) is { } held && held.Version == r.Version ? held : Compiled(TrustRule.Compile(r, out var fault), r.Id, tenantId, fault)).OfType<TrustRule>()],
            [.. exchanges.Select(ExchangeRule.Of)]);
    }

    // One that cannot be read lets nobody in; the others go on working (R257).
    private T? Compiled<T>(T? read, Guid id, Guid tenantId, string fault)
        where T : class
    {
        if (read is null)
        {
            LogUnread(id, tenantId, fault);
        }

        return read;
    }

    private TenantKey? Open(TenantKeyRow row, TenantRow tenant, TenantSnapshot? before)
    {
        var key = new TenantKey(
            row.Id,
            row.Alg,
            row.ActivatesAt,
            row.RetiresAt,
            row.WithdrawnAt,
            row.ActivatesAt + TimeSpan.FromDays(tenant.SigningKeyDays) + KeyTimes.Overdue);

        if (before?.Keys.ById(row.Id) is { } held)
        {
            return key with { Signing = held.Signing, Sealing = held.Sealing };
        }

        try
        {
            var secret = master.Unwrap(row.Wrapped, KeyRows.Context(row.Id, row.TenantId, row.Alg));

            try
            {
                return row.Alg == KeyRing.Sealing
                    ? key with { Sealing = new SealingKey(row.Id, row.TenantId, secret) }
                    : key with { Signing = SigningKey.Import(SigningAlgorithm.ByName(row.Alg)!, row.Kid, secret) };
            }
            finally
            {
                CryptographicOperations.ZeroMemory(secret);
            }
        }
        catch (CryptographicException exception)
        {
            // One key that cannot be opened must not take the others with it (R257).
            LogUnreadable(row.Id, tenant.Id, exception.GetType().Name);

            return null;
        }
    }

    [LoggerMessage(LogLevel.Error, "trusted issuer or rule {Id} of tenant {Tenant} cannot be read: {Fault}")]
    private partial void LogUnread(Guid id, Guid tenant, string fault);

    [LoggerMessage(LogLevel.Error, "key {Key} of tenant {Tenant} cannot be opened ({Kind}): is this the master key that it was made under?")]
    private partial void LogUnreadable(Guid key, Guid tenant, string kind);
}

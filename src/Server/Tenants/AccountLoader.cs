using System.Text;
using Countersign.OAuth;
using Countersign.Server.Conditions;
using Countersign.Server.Data;
using Countersign.Server.Jwks;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Tenants;

/// <summary>Reads what makes an account's snapshot.</summary>
internal sealed class AccountLoader(IDbContextFactory<Db> contexts)
{
    private static readonly Func<Db, Guid, string, IAsyncEnumerable<ServiceAccountRow>> s_byClientId = EF.CompileAsyncQuery(
        (Db db, Guid tenantId, string clientId) =>
            db.ServiceAccounts.AsNoTracking().Where(a => a.TenantId == tenantId && a.ClientId == clientId));

    private static readonly Func<Db, Guid, Guid, IAsyncEnumerable<ServiceAccountRow>> s_byId = EF.CompileAsyncQuery(
        (Db db, Guid tenantId, Guid id) => db.ServiceAccounts.AsNoTracking().Where(a => a.TenantId == tenantId && a.Id == id));

    private static readonly Func<Db, Guid, IAsyncEnumerable<ClientSecretRow>> s_secrets = EF.CompileAsyncQuery(
        (Db db, Guid account) => db.ClientSecrets.AsNoTracking().Where(s => s.AccountId == account));

    private static readonly Func<Db, Guid, IAsyncEnumerable<AccountKeyRow>> s_keys = EF.CompileAsyncQuery(
        (Db db, Guid account) => db.AccountKeys.AsNoTracking().Where(k => k.AccountId == account));

    private static readonly Func<Db, Guid, IAsyncEnumerable<JwksUrlRow>> s_jwksUrls = EF.CompileAsyncQuery(
        (Db db, Guid account) => db.JwksUrls.AsNoTracking().Where(u => u.AccountId == account));

    private static readonly Func<Db, Guid, IAsyncEnumerable<GrantRow>> s_grants = EF.CompileAsyncQuery(
        (Db db, Guid account) => db.Grants.AsNoTracking().Where(s => s.AccountId == account));

    private static readonly Func<Db, Guid, IAsyncEnumerable<RoleAssignmentRow>> s_roles = EF.CompileAsyncQuery(
        (Db db, Guid account) => db.RoleAssignments.AsNoTracking().Where(s => s.AccountId == account));

    private static readonly Func<Db, Guid, IAsyncEnumerable<Guid>> s_served = EF.CompileAsyncQuery(
        (Db db, Guid account) => db.ResourceServers.Where(s => s.AccountId == account).Select(s => s.ApiId));

    public async Task<Account?> LoadAsync(Guid tenantId, string clientId, CancellationToken ct)
    {
        await using var db = await OpenAsync(ct);

        return await ReadAsync(db, await FirstAsync(s_byClientId(db, tenantId, clientId), ct), ct);
    }

    public async Task<Account?> LoadAsync(Guid tenantId, Guid id, CancellationToken ct)
    {
        await using var db = await OpenAsync(ct);

        return await ReadAsync(db, await FirstAsync(s_byId(db, tenantId, id), ct), ct);
    }

    // A request waits for this: a database that hangs is answered with 503 soon (R254).
    private async Task<Db> OpenAsync(CancellationToken ct)
    {
        var db = contexts.CreateDbContext();

        try
        {
            db.Database.SetCommandTimeout(2);

            // Once for all queries; each would open and close it otherwise.
            await db.Database.OpenConnectionAsync(ct);

            return db;
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    private static async Task<Account?> ReadAsync(Db db, ServiceAccountRow? row, CancellationToken ct)
    {
        if (row is null)
        {
            return null;
        }

        var secrets = new List<SecretFacts>();

        await foreach (var secret in s_secrets(db, row.Id).WithCancellation(ct))
        {
            // A hash that nothing can read authenticates nobody; the others go on working (R257).
            if (SecretHash.TryParse(secret.Hash, out var hash))
            {
                secrets.Add(new SecretFacts(secret.Id, hash, secret.ExpiresAt, secret.RetiresAt));
            }
        }

        var signs = row.AuthMethod == AuthMethods.PrivateKeyJwt;

        return Of(
            row,
            await AllAsync(s_grants(db, row.Id), ct),
            [.. (await AllAsync(s_roles(db, row.Id), ct)).Select(r => new RoleAssignmentFacts(r.RoleId, r.ReachGroupId, r.ReachOrganizationId))],
            [.. await AllAsync(s_served(db, row.Id), ct)],
            [.. secrets],
            signs ? await KeysAsync(db, row.Id, ct) : [],
            signs && await FirstAsync(s_jwksUrls(db, row.Id), ct) is { } url ? JwksUrlOf(url, row) : null);
    }

    /// <summary>An account that rules make, before it holds anything but its grants.</summary>
    public static Account OfTemplate(ServiceAccountRow row, IEnumerable<GrantRow> grants) => Of(row, grants, [], [], [], [], null);

    private static Account Of(
        ServiceAccountRow row, IEnumerable<GrantRow> grants, RoleAssignmentFacts[] roles, Guid[] served, SecretFacts[] secrets, KeyFacts[] keys, JwksUrlFacts? jwksUrl) => new()
        {
            Id = row.Id,
            ClientId = row.ClientId,
            Disabled = row.Disabled,
            GroupId = row.GroupId,
            OrganizationId = row.OrganizationId,
            Token = new TokenSettings(row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg),
            Secrets = secrets,
            SignsAssertions = row.AuthMethod == AuthMethods.PrivateKeyJwt,
            Keys = keys,
            JwksUrl = jwksUrl,
            Assertions = new AssertionSettings(row.AssertionAudience != "issuer", SigningAlgorithm.ByName(row.AssertionAlg), row.RequireJti),
            RequiresDpop = row.DpopBoundAccessTokens,
            AccessPolicy = row.AccessPolicy is { } policy ? LoginCondition.OfStored(policy) : null,
            MadeByRule = row.MadeByRule,
            TemplateKey = row.TemplateKey,
            Grants = [.. grants.Select(g => new GrantFacts(g.ApiId, g.Scopes, g.DefaultScopes))],
            Roles = roles,
            ServedApis = served,
        };

    /// <summary>What the snapshot needs of a row.</summary>
    public static JwksUrlFacts JwksUrlOf(JwksUrlRow row, ServiceAccountRow account) =>
        new(row.Id, row.Url, row.CaCertificates, SigningAlgorithm.ByName(account.AssertionAlg) is { KeyType: "RSA" } algorithm ? algorithm : null);

    private static async Task<KeyFacts[]> KeysAsync(Db db, Guid accountId, CancellationToken ct)
    {
        var keys = new List<KeyFacts>();

        await foreach (var row in s_keys(db, accountId).WithCancellation(ct))
        {
            // A key that nothing can read authenticates nobody; the others go on working (R257).
            if (VerificationKey.FromJwk(Encoding.UTF8.GetBytes(row.PublicJwk), out _) is { } key)
            {
                keys.Add(new KeyFacts(row.Id, key, row.Disabled, row.ExpiresAt));
            }
        }

        return [.. keys];
    }

    private static async Task<T?> FirstAsync<T>(IAsyncEnumerable<T> rows, CancellationToken ct)
        where T : class
    {
        await foreach (var row in rows.WithCancellation(ct))
        {
            return row;
        }

        return null;
    }

    private static async Task<List<T>> AllAsync<T>(IAsyncEnumerable<T> rows, CancellationToken ct)
    {
        var all = new List<T>();

        await foreach (var row in rows.WithCancellation(ct))
        {
            all.Add(row);
        }

        return all;
    }
}

using Countersign.OAuth;
using Countersign.Server.Data;
using Countersign.Server.Keys;

namespace Countersign.Server.Tenants;

/// <summary>The rows that every tenant starts with: a default group and organization, the admin API and its roles, one key per kind.</summary>
internal static class TenantSetup
{
    public const string DefaultName = "default";

    /// <summary>Algorithms that a tenant has keys for from the start; others come with <c>signing-keys</c>.</summary>
    private static readonly string[] s_firstKeys = ["ES256", "RS256", KeyRing.Sealing];

    public sealed record Made(TenantRow Tenant, GroupRow Group, OrganizationRow Organization, RoleRow SuperAdmin);

    public static Made Add(Db db, MasterKey master, string name, string issuer, IEnumerable<string> hosts, DateTimeOffset now)
    {
        var tenant = new TenantRow
        {
            Id = Guid.CreateVersion7(now),
            Name = name,
            NameKey = Names.Key(name),
            Issuer = issuer,
            CreatedAt = now,
            UpdatedAt = now,
        };
        tenant.Hosts.AddRange(hosts.Distinct(StringComparer.Ordinal).Select(h => new TenantHostRow { Host = h, TenantId = tenant.Id }));
        db.Tenants.Add(tenant);

        var group = new GroupRow
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenant.Id,
            Name = DefaultName,
            NameKey = DefaultName,
            CreatedAt = now,
        };
        var organization = new OrganizationRow
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenant.Id,
            GroupId = group.Id,
            Name = DefaultName,
            NameKey = DefaultName,
            CreatedAt = now,
        };
        db.Groups.Add(group);
        db.Organizations.Add(organization);

        var api = new ApiRow
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenant.Id,
            Identifier = AdminApi.Identifier,
            Name = "Countersign admin API",
            BuiltIn = true,
            CreatedAt = now,
        };
        api.Scopes.AddRange(AdminApi.Scopes.Select(s => new ApiScopeRow { ApiId = api.Id, Name = s }));
        db.Apis.Add(api);

        RoleRow? superAdmin = null;

        foreach (var (roleName, scopes) in AdminApi.BuiltInRoles)
        {
            var role = new RoleRow
            {
                Id = Guid.CreateVersion7(now),
                TenantId = tenant.Id,
                Name = roleName,
                NameKey = roleName,
                BuiltIn = true,
                CreatedAt = now,
            };
            role.Scopes.AddRange(scopes.Select(s => new RoleScopeRow { RoleId = role.Id, ApiId = api.Id, Scope = s }));
            db.Roles.Add(role);
            superAdmin ??= role;
        }

        foreach (var alg in s_firstKeys)
        {
            db.TenantKeys.Add(KeyRows.Create(master, tenant.Id, alg, generation: 1, now, activatesAt: now));
        }

        return new Made(tenant, group, organization, superAdmin!);
    }

    /// <summary>An account with the role <c>super-admin</c> over the whole tenant, and its secret, which nothing shows again.</summary>
    public static (ServiceAccountRow Account, Secret Secret) AddAdministrator(
        Db db, Guid tenantId, Guid groupId, Guid organizationId, Guid superAdmin, string name, DateTimeOffset now, int secretDays)
    {
        var account = NewAccount(tenantId, groupId, organizationId, name, now);
        db.ServiceAccounts.Add(account);
        db.RoleAssignments.Add(new RoleAssignmentRow
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            AccountId = account.Id,
            RoleId = superAdmin,
            CreatedAt = now,
        });

        return (account, AddSecret(db, account, now, now.AddDays(secretDays)));
    }

    public static ServiceAccountRow NewAccount(Guid tenantId, Guid? groupId, Guid? organizationId, string name, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);

        return new ServiceAccountRow
        {
            Id = id,
            TenantId = tenantId,
            GroupId = groupId,
            OrganizationId = organizationId,
            ClientId = id.ToString(),
            Name = name,
            NameKey = Names.Key(name),
            CreatedAt = now,
            UpdatedAt = now,
        };
    }

    public static Secret AddSecret(Db db, ServiceAccountRow account, DateTimeOffset now, DateTimeOffset? expiresAt)
    {
        var secret = GeneratedSecret.Create(GeneratedSecret.ClientSecret);
        db.ClientSecrets.Add(new ClientSecretRow
        {
            Id = Guid.CreateVersion7(now),
            TenantId = account.TenantId,
            AccountId = account.Id,
            Hash = SecretHash.Create(secret).Stored,
            Hint = GeneratedSecret.Hint(secret),
            Origin = "generated",
            CreatedAt = now,
            ExpiresAt = expiresAt,
        });

        return secret;
    }
}

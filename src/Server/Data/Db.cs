using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Countersign.Server.Data;

/// <summary>The model, for both databases. Changes are saved by <see cref="Store"/> alone.</summary>
internal sealed class Db(DbContextOptions<Db> options) : DbContext(options)
{
    public DbSet<TenantRow> Tenants => Set<TenantRow>();
    public DbSet<TenantHostRow> TenantHosts => Set<TenantHostRow>();
    public DbSet<GroupRow> Groups => Set<GroupRow>();
    public DbSet<OrganizationRow> Organizations => Set<OrganizationRow>();
    public DbSet<ServiceAccountRow> ServiceAccounts => Set<ServiceAccountRow>();
    public DbSet<ClientSecretRow> ClientSecrets => Set<ClientSecretRow>();
    public DbSet<AccountKeyRow> AccountKeys => Set<AccountKeyRow>();
    public DbSet<JwksUrlRow> JwksUrls => Set<JwksUrlRow>();
    public DbSet<TrustedIssuerRow> TrustedIssuers => Set<TrustedIssuerRow>();
    public DbSet<TrustRuleRow> TrustRules => Set<TrustRuleRow>();
    public DbSet<ExchangeRuleRow> ExchangeRules => Set<ExchangeRuleRow>();
    public DbSet<ApiRow> Apis => Set<ApiRow>();
    public DbSet<ApiScopeRow> ApiScopes => Set<ApiScopeRow>();
    public DbSet<ResourceServerRow> ResourceServers => Set<ResourceServerRow>();
    public DbSet<GrantRow> Grants => Set<GrantRow>();
    public DbSet<RoleRow> Roles => Set<RoleRow>();
    public DbSet<RoleScopeRow> RoleScopes => Set<RoleScopeRow>();
    public DbSet<RoleAssignmentRow> RoleAssignments => Set<RoleAssignmentRow>();
    public DbSet<TenantKeyRow> TenantKeys => Set<TenantKeyRow>();
    public DbSet<RevocationRow> Revocations => Set<RevocationRow>();
    public DbSet<SetupTokenRow> SetupTokens => Set<SetupTokenRow>();
    public DbSet<ChangeRow> Changes => Set<ChangeRow>();
    public DbSet<ChangeHeadRow> ChangeHead => Set<ChangeHeadRow>();
    public DbSet<AuditEventRow> AuditEvents => Set<AuditEventRow>();
    public DbSet<TokenUsageRow> TokenUsage => Set<TokenUsageRow>();
    public DbSet<IdempotencyRow> IdempotencyRecords => Set<IdempotencyRow>();
    public DbSet<UsedAssertionRow> UsedAssertions => Set<UsedAssertionRow>();
    public DbSet<ReplayFloorRow> ReplayFloor => Set<ReplayFloorRow>();

    /// <summary>Set by <see cref="Store"/> for the time of its commit; a save outside it would miss the change feed and the audit.</summary>
    internal bool Committing { get; set; }

    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken ct = default) =>
        Committing
            ? base.SaveChangesAsync(acceptAllChangesOnSuccess, ct)
            : throw new InvalidOperationException("save through Store.CommitAsync, which feeds and audits the change");

    public override int SaveChanges(bool acceptAllChangesOnSuccess) =>
        throw new InvalidOperationException("save through Store.CommitAsync, which feeds and audits the change");

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        // SQLite cannot compare a DateTimeOffset.
        conventions.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();
        conventions.Properties<ChangeKind>().HaveConversion<string>();
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<TenantRow>(e =>
        {
            e.ToTable("tenants").HasIndex(t => t.NameKey).IsUnique();
            e.HasMany(t => t.Hosts).WithOne().HasForeignKey(h => h.TenantId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<TenantHostRow>().ToTable("tenant_hosts").HasKey(h => h.Host);
        model.Entity<GroupRow>().ToTable("groups").HasIndex(g => new { g.TenantId, g.NameKey }).IsUnique();
        model.Entity<OrganizationRow>(e =>
        {
            e.ToTable("organizations").HasIndex(o => new { o.TenantId, o.GroupId, o.NameKey }).IsUnique();
            e.HasOne<GroupRow>().WithMany().HasForeignKey(o => o.GroupId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<ServiceAccountRow>(e =>
        {
            e.ToTable("service_accounts").HasIndex(a => new { a.TenantId, a.ClientId }).IsUnique();
            e.HasIndex(a => new { a.TenantId, a.Id });
            e.HasIndex(a => new { a.OrganizationId, a.Id });
            e.HasIndex(a => new { a.GroupId, a.Id });
            e.HasIndex(a => new { a.MadeByRule, a.Id });
            e.HasOne<GroupRow>().WithMany().HasForeignKey(a => a.GroupId).OnDelete(DeleteBehavior.Restrict);
            e.HasOne<OrganizationRow>().WithMany().HasForeignKey(a => a.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<ClientSecretRow>(e =>
        {
            e.ToTable("client_secrets").HasIndex(s => s.AccountId);
            e.HasIndex(s => new { s.TenantId, s.ExpiresAt });
            e.HasOne<ServiceAccountRow>().WithMany().HasForeignKey(s => s.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<AccountKeyRow>(e =>
        {
            e.ToTable("account_keys").HasIndex(k => new { k.AccountId, k.Kid }).IsUnique();
            e.HasIndex(k => new { k.TenantId, k.ExpiresAt });
            e.HasOne<ServiceAccountRow>().WithMany().HasForeignKey(k => k.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<JwksUrlRow>(e =>
        {
            e.ToTable("jwks_urls").HasIndex(u => u.AccountId).IsUnique();
            e.HasOne<ServiceAccountRow>().WithMany().HasForeignKey(u => u.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<TrustedIssuerRow>(e =>
        {
            e.ToTable("trusted_issuers").HasIndex(i => new { i.TenantId, i.Issuer }).IsUnique();
            e.HasIndex(i => new { i.TenantId, i.NameKey }).IsUnique();
        });
        model.Entity<TrustRuleRow>(e =>
        {
            e.ToTable("trust_rules").HasIndex(r => new { r.TenantId, r.NameKey }).IsUnique();
            e.HasIndex(r => r.AccountId);
            e.HasOne<TrustedIssuerRow>().WithMany().HasForeignKey(r => r.TrustedIssuerId).OnDelete(DeleteBehavior.Cascade);
            e.HasOne<ServiceAccountRow>().WithMany().HasForeignKey(r => r.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<ExchangeRuleRow>(e =>
        {
            e.ToTable("exchange_rules").HasIndex(r => new { r.TenantId, r.NameKey }).IsUnique();
            e.HasOne<ServiceAccountRow>().WithMany().HasForeignKey(r => r.ClientAccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<ApiRow>(e =>
        {
            e.ToTable("apis").HasIndex(a => new { a.TenantId, a.Identifier }).IsUnique();
            e.HasMany(a => a.Scopes).WithOne().HasForeignKey(s => s.ApiId).OnDelete(DeleteBehavior.Cascade);
            e.HasOne<GroupRow>().WithMany().HasForeignKey(a => a.GroupId).OnDelete(DeleteBehavior.Restrict);
            e.HasOne<OrganizationRow>().WithMany().HasForeignKey(a => a.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<ApiScopeRow>().ToTable("api_scopes").HasKey(s => new { s.ApiId, s.Name });
        model.Entity<ResourceServerRow>(e =>
        {
            e.ToTable("resource_servers").HasKey(r => new { r.ApiId, r.AccountId });
            e.HasIndex(r => r.AccountId);
            e.HasOne<ApiRow>().WithMany().HasForeignKey(r => r.ApiId).OnDelete(DeleteBehavior.Cascade);
            e.HasOne<ServiceAccountRow>().WithMany().HasForeignKey(r => r.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<GrantRow>(e =>
        {
            e.ToTable("grants").HasIndex(g => new { g.AccountId, g.ApiId }).IsUnique();
            e.HasIndex(g => g.ApiId);
            e.HasOne<ServiceAccountRow>().WithMany().HasForeignKey(g => g.AccountId).OnDelete(DeleteBehavior.Cascade);
            e.HasOne<ApiRow>().WithMany().HasForeignKey(g => g.ApiId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<RoleRow>(e =>
        {
            e.ToTable("roles").HasIndex(r => new { r.TenantId, r.NameKey }).IsUnique();
            e.HasMany(r => r.Scopes).WithOne().HasForeignKey(s => s.RoleId).OnDelete(DeleteBehavior.Cascade);
            e.HasOne<GroupRow>().WithMany().HasForeignKey(r => r.GroupId).OnDelete(DeleteBehavior.Restrict);
            e.HasOne<OrganizationRow>().WithMany().HasForeignKey(r => r.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<RoleScopeRow>(e =>
        {
            e.ToTable("role_scopes").HasKey(s => new { s.RoleId, s.ApiId, s.Scope });
            e.HasOne<ApiRow>().WithMany().HasForeignKey(s => s.ApiId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<RoleAssignmentRow>(e =>
        {
            e.ToTable("role_assignments").HasIndex(r => r.AccountId);
            e.HasIndex(r => r.RoleId);
            e.HasOne<ServiceAccountRow>().WithMany().HasForeignKey(r => r.AccountId).OnDelete(DeleteBehavior.Cascade);
            e.HasOne<RoleRow>().WithMany().HasForeignKey(r => r.RoleId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<TenantKeyRow>(e =>
        {
            e.ToTable("tenant_keys").HasIndex(k => new { k.TenantId, k.Alg, k.Generation }).IsUnique();
        });
        model.Entity<RevocationRow>(e =>
        {
            e.ToTable("revocations").HasIndex(r => new { r.TenantId, r.Id });
            e.HasIndex(r => r.ExpiresAt);
        });
        model.Entity<SetupTokenRow>().ToTable("setup_tokens").Property(s => s.Version).IsConcurrencyToken();
        model.Entity<ChangeRow>(e =>
        {
            e.ToTable("changes").HasKey(c => c.Seq);
            e.Property(c => c.Seq).ValueGeneratedNever();
            e.HasIndex(c => c.At);
        });
        model.Entity<ChangeHeadRow>(e =>
        {
            e.ToTable("change_head");
            e.Property(h => h.Id).ValueGeneratedNever();
        });
        model.Entity<AuditEventRow>(e =>
        {
            e.ToTable("audit_events").HasIndex(a => new { a.TenantId, a.Id });
            e.HasIndex(a => new { a.TenantId, a.AccountId, a.Id });
        });
        model.Entity<TokenUsageRow>(e =>
        {
            e.ToTable("token_usage").HasKey(u => u.Key);
            e.HasIndex(u => new { u.TenantId, u.AccountId, u.Minute });
        });
        model.Entity<IdempotencyRow>(e =>
        {
            e.ToTable("idempotency_records").HasKey(i => i.Key);
            e.HasIndex(i => i.CreatedAt);
        });
        model.Entity<UsedAssertionRow>(e =>
        {
            e.ToTable("used_assertions").HasKey(u => u.Key);
            e.HasIndex(u => u.ExpiresAt);
        });
        model.Entity<ReplayFloorRow>(e =>
        {
            e.ToTable("replay_floor");
            e.Property(f => f.Id).ValueGeneratedNever();
        });

        foreach (var entity in model.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(SnakeCase(property.Name));

                if (property.Name == "Id" && property.ClrType == typeof(Guid))
                {
                    property.ValueGenerated = Microsoft.EntityFrameworkCore.Metadata.ValueGenerated.Never;
                }
            }

            if (typeof(IVersioned).IsAssignableFrom(entity.ClrType))
            {
                entity.FindProperty(nameof(IVersioned.Version))!.IsConcurrencyToken = true;
            }
        }
    }

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder();

        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.Replace("e_tag", "etag").ToString();
    }

    private sealed class UtcConverter() : ValueConverter<DateTimeOffset, DateTime>(
        value => value.UtcDateTime,
        stored => new DateTimeOffset(DateTime.SpecifyKind(stored, DateTimeKind.Utc)));
}

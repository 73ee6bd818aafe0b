using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Countersign.Server.Data.Migrations;

[DbContext(typeof(Db)), Migration("0002_account_keys")]
internal sealed class AccountKeys : Migration
{
    protected override void Up(MigrationBuilder build)
    {
        build.AddColumn<int>("assertion_max_age_seconds", "tenants", defaultValue: 600);
        build.AddColumn<int>("clock_skew_seconds", "tenants", defaultValue: 10);
        build.AddColumn<bool>("allow_secrets_beside_keys", "tenants", defaultValue: false);
        build.AddColumn<string>("auth_method", "service_accounts", defaultValue: "client_secret");
        build.AddColumn<string>("assertion_audience", "service_accounts", defaultValue: "issuer");
        build.AddColumn<string>("assertion_alg", "service_accounts", nullable: true);
        build.AddColumn<bool>("require_jti", "service_accounts", defaultValue: true);

        build.CreateTable(
            "account_keys",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                account_id = t.Column<Guid>(),
                kid = t.Column<string>(),
                alg = t.Column<string>(),
                thumbprint = t.Column<string>(),
                public_jwk = t.Column<string>(),
                name = t.Column<string>(nullable: true),
                origin = t.Column<string>(),
                disabled = t.Column<bool>(),
                created_at = t.Column<DateTime>(),
                expires_at = t.Column<DateTime>(nullable: true),
                last_used_at = t.Column<DateTime>(nullable: true),
                last_used_from = t.Column<string>(nullable: true),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_account_keys", x => x.id);
                t.ForeignKey("FK_account_keys_service_accounts_account_id", x => x.account_id, "service_accounts", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_account_keys_account_id_kid", "account_keys", ["account_id", "kid"], unique: true);
        build.CreateIndex("IX_account_keys_tenant_id_expires_at", "account_keys", ["tenant_id", "expires_at"]);

        build.CreateTable(
            "jwks_urls",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                account_id = t.Column<Guid>(),
                url = t.Column<string>(),
                ca_certificates = t.Column<string>(nullable: true),
                created_at = t.Column<DateTime>(),
                last_used_at = t.Column<DateTime>(nullable: true),
                last_used_from = t.Column<string>(nullable: true),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_jwks_urls", x => x.id);
                t.ForeignKey("FK_jwks_urls_service_accounts_account_id", x => x.account_id, "service_accounts", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_jwks_urls_account_id", "jwks_urls", "account_id", unique: true);

        build.CreateTable(
            "used_assertions",
            t => new { key = t.Column<byte[]>(), expires_at = t.Column<long>() },
            constraints: t => t.PrimaryKey("PK_used_assertions", x => x.key));
        build.CreateIndex("IX_used_assertions_expires_at", "used_assertions", "expires_at");

        build.CreateTable(
            "replay_floor",
            t => new { id = t.Column<int>(), forgotten_until = t.Column<long>() },
            constraints: t => t.PrimaryKey("PK_replay_floor", x => x.id));
        build.Sql("INSERT INTO replay_floor (id, forgotten_until) VALUES (1, 0)");
    }
}

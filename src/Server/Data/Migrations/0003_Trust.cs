using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Countersign.Server.Data.Migrations;

[DbContext(typeof(Db)), Migration("0003_trust")]
internal sealed class Trust : Migration
{
    protected override void Up(MigrationBuilder build)
    {
        build.AddColumn<string>("access_policy", "service_accounts", nullable: true);
        build.AddColumn<string>("access_policy_tests", "service_accounts", nullable: true);
        build.AddColumn<Guid>("made_by_rule", "service_accounts", nullable: true);
        build.AddColumn<string>("template_key", "service_accounts", nullable: true);
        build.CreateIndex("IX_service_accounts_made_by_rule_id", "service_accounts", ["made_by_rule", "id"]);
        build.AddColumn<string>("proposal", "audit_events", nullable: true);
        build.AddColumn<long>("used_at", "used_assertions", nullable: true);

        build.CreateTable(
            "trusted_issuers",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                name = t.Column<string>(),
                name_key = t.Column<string>(),
                kind = t.Column<string>(),
                issuer = t.Column<string>(),
                key_source = t.Column<string>(),
                jwks_url = t.Column<string>(nullable: true),
                jwks_host = t.Column<string>(nullable: true),
                jwks = t.Column<string>(nullable: true),
                certificates = t.Column<string>(nullable: true),
                ca_certificates = t.Column<string>(nullable: true),
                algorithms = t.Column<string[]>(),
                audiences = t.Column<string[]>(),
                allow_extra_audiences = t.Column<bool>(),
                clock_skew_seconds = t.Column<int>(nullable: true),
                max_token_age_seconds = t.Column<int>(),
                replay = t.Column<string>(),
                replay_window_seconds = t.Column<int>(nullable: true),
                require_jti = t.Column<bool>(),
                require_immutable_ids = t.Column<bool>(),
                disabled = t.Column<bool>(),
                created_at = t.Column<DateTime>(),
                updated_at = t.Column<DateTime>(),
                version = t.Column<int>(),
            },
            constraints: t => t.PrimaryKey("PK_trusted_issuers", x => x.id));
        build.CreateIndex("IX_trusted_issuers_tenant_id_issuer", "trusted_issuers", ["tenant_id", "issuer"], unique: true);
        build.CreateIndex("IX_trusted_issuers_tenant_id_name_key", "trusted_issuers", ["tenant_id", "name_key"], unique: true);

        build.CreateTable(
            "trust_rules",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                trusted_issuer_id = t.Column<Guid>(),
                name = t.Column<string>(),
                name_key = t.Column<string>(),
                account_id = t.Column<Guid>(nullable: true),
                template = t.Column<string>(nullable: true),
                conditions = t.Column<string>(),
                cel = t.Column<string>(nullable: true),
                tests = t.Column<string>(),
                scopes = t.Column<string[]>(nullable: true),
                lifetime_seconds = t.Column<int>(nullable: true),
                expires_at = t.Column<DateTime>(nullable: true),
                mode = t.Column<string>(),
                allow = t.Column<string[]>(),
                disabled = t.Column<bool>(),
                created_at = t.Column<DateTime>(),
                updated_at = t.Column<DateTime>(),
                last_used_at = t.Column<DateTime>(nullable: true),
                last_used_from = t.Column<string>(nullable: true),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_trust_rules", x => x.id);
                t.ForeignKey("FK_trust_rules_service_accounts_account_id", x => x.account_id, "service_accounts", "id", onDelete: ReferentialAction.Cascade);
                t.ForeignKey("FK_trust_rules_trusted_issuers_trusted_issuer_id", x => x.trusted_issuer_id, "trusted_issuers", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_trust_rules_account_id", "trust_rules", "account_id");
        build.CreateIndex("IX_trust_rules_trusted_issuer_id", "trust_rules", "trusted_issuer_id");
        build.CreateIndex("IX_trust_rules_tenant_id_name_key", "trust_rules", ["tenant_id", "name_key"], unique: true);

        build.CreateTable(
            "exchange_rules",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                name = t.Column<string>(),
                name_key = t.Column<string>(),
                client_account_id = t.Column<Guid>(),
                any_subject = t.Column<bool>(),
                subjects = t.Column<Guid[]>(),
                targets = t.Column<string>(),
                impersonation = t.Column<bool>(),
                lifetime_seconds = t.Column<int>(nullable: true),
                disabled = t.Column<bool>(),
                created_at = t.Column<DateTime>(),
                updated_at = t.Column<DateTime>(),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_exchange_rules", x => x.id);
                t.ForeignKey("FK_exchange_rules_service_accounts_client_account_id", x => x.client_account_id, "service_accounts", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_exchange_rules_client_account_id", "exchange_rules", "client_account_id");
        build.CreateIndex("IX_exchange_rules_tenant_id_name_key", "exchange_rules", ["tenant_id", "name_key"], unique: true);

        // Tenants from before get the permissions, and the roles of every tenant that hold them.
        foreach (var (scope, roles) in new[] { ("trust.read", "'super-admin', 'auditor'"), ("trust.write", "'super-admin'") })
        {
            build.Sql($"INSERT INTO api_scopes (api_id, name) SELECT id, '{scope}' FROM apis WHERE identifier = 'urn:countersign:admin'");
            build.Sql(
                $"""
                INSERT INTO role_scopes (role_id, api_id, scope)
                SELECT r.id, a.id, '{scope}' FROM roles r JOIN apis a ON a.tenant_id = r.tenant_id
                WHERE a.identifier = 'urn:countersign:admin' AND r.built_in AND r.name_key IN ({roles})
                """);
        }
    }
}

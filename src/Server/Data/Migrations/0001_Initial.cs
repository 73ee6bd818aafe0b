using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Countersign.Server.Data.Migrations;

[DbContext(typeof(Db)), Migration("0001_initial")]
internal sealed class Initial : Migration
{
    protected override void Up(MigrationBuilder build)
    {
        Tenants(build);
        Accounts(build);
        Apis(build);
        Roles(build);
        Keys(build);
        Records(build);
    }

    private static void Tenants(MigrationBuilder build)
    {
        build.CreateTable(
            "tenants",
            t => new
            {
                id = t.Column<Guid>(),
                name = t.Column<string>(),
                name_key = t.Column<string>(),
                issuer = t.Column<string>(),
                disabled = t.Column<bool>(),
                token_format = t.Column<string>(),
                token_lifetime_seconds = t.Column<int>(),
                token_alg = t.Column<string>(),
                max_secret_lifetime_days = t.Column<int>(),
                granting = t.Column<string>(),
                require_if_match = t.Column<bool>(),
                audit_tokens = t.Column<string>(),
                signing_key_days = t.Column<int>(),
                created_at = t.Column<DateTime>(),
                updated_at = t.Column<DateTime>(),
                version = t.Column<int>(),
            },
            constraints: t => t.PrimaryKey("PK_tenants", x => x.id));
        build.CreateIndex("IX_tenants_name_key", "tenants", "name_key", unique: true);

        build.CreateTable(
            "tenant_hosts",
            t => new { host = t.Column<string>(), tenant_id = t.Column<Guid>() },
            constraints: t =>
            {
                t.PrimaryKey("PK_tenant_hosts", x => x.host);
                t.ForeignKey("FK_tenant_hosts_tenants_tenant_id", x => x.tenant_id, "tenants", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_tenant_hosts_tenant_id", "tenant_hosts", "tenant_id");

        build.CreateTable(
            "groups",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                name = t.Column<string>(),
                name_key = t.Column<string>(),
                created_at = t.Column<DateTime>(),
                version = t.Column<int>(),
            },
            constraints: t => t.PrimaryKey("PK_groups", x => x.id));
        build.CreateIndex("IX_groups_tenant_id_name_key", "groups", ["tenant_id", "name_key"], unique: true);

        build.CreateTable(
            "organizations",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                group_id = t.Column<Guid>(),
                name = t.Column<string>(),
                name_key = t.Column<string>(),
                created_at = t.Column<DateTime>(),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_organizations", x => x.id);
                t.ForeignKey("FK_organizations_groups_group_id", x => x.group_id, "groups", "id", onDelete: ReferentialAction.Restrict);
            });
        build.CreateIndex("IX_organizations_tenant_id_group_id_name_key", "organizations", ["tenant_id", "group_id", "name_key"], unique: true);
        build.CreateIndex("IX_organizations_group_id", "organizations", "group_id");
    }

    private static void Accounts(MigrationBuilder build)
    {
        build.CreateTable(
            "service_accounts",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                group_id = t.Column<Guid>(nullable: true),
                organization_id = t.Column<Guid>(nullable: true),
                client_id = t.Column<string>(),
                name = t.Column<string>(),
                name_key = t.Column<string>(),
                description = t.Column<string>(nullable: true),
                disabled = t.Column<bool>(),
                token_format = t.Column<string>(nullable: true),
                token_lifetime_seconds = t.Column<int>(nullable: true),
                token_alg = t.Column<string>(nullable: true),
                created_at = t.Column<DateTime>(),
                updated_at = t.Column<DateTime>(),
                last_used_at = t.Column<DateTime>(nullable: true),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_service_accounts", x => x.id);
                t.ForeignKey("FK_service_accounts_groups_group_id", x => x.group_id, "groups", "id", onDelete: ReferentialAction.Restrict);
                t.ForeignKey(
                    "FK_service_accounts_organizations_organization_id", x => x.organization_id, "organizations", "id", onDelete: ReferentialAction.Restrict);
            });
        build.CreateIndex("IX_service_accounts_tenant_id_client_id", "service_accounts", ["tenant_id", "client_id"], unique: true);
        build.CreateIndex("IX_service_accounts_tenant_id_id", "service_accounts", ["tenant_id", "id"]);
        build.CreateIndex("IX_service_accounts_organization_id_id", "service_accounts", ["organization_id", "id"]);
        build.CreateIndex("IX_service_accounts_group_id_id", "service_accounts", ["group_id", "id"]);

        build.CreateTable(
            "client_secrets",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                account_id = t.Column<Guid>(),
                hash = t.Column<string>(),
                hint = t.Column<string>(nullable: true),
                origin = t.Column<string>(),
                created_at = t.Column<DateTime>(),
                expires_at = t.Column<DateTime>(nullable: true),
                retires_at = t.Column<DateTime>(nullable: true),
                retires_when_quiet_hours = t.Column<int>(nullable: true),
                quiet_since = t.Column<DateTime>(nullable: true),
                last_used_at = t.Column<DateTime>(nullable: true),
                last_used_from = t.Column<string>(nullable: true),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_client_secrets", x => x.id);
                t.ForeignKey(
                    "FK_client_secrets_service_accounts_account_id", x => x.account_id, "service_accounts", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_client_secrets_account_id", "client_secrets", "account_id");
        build.CreateIndex("IX_client_secrets_tenant_id_expires_at", "client_secrets", ["tenant_id", "expires_at"]);
    }

    private static void Apis(MigrationBuilder build)
    {
        build.CreateTable(
            "apis",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                group_id = t.Column<Guid>(nullable: true),
                organization_id = t.Column<Guid>(nullable: true),
                identifier = t.Column<string>(),
                name = t.Column<string>(),
                built_in = t.Column<bool>(),
                token_format = t.Column<string>(nullable: true),
                token_lifetime_seconds = t.Column<int>(nullable: true),
                token_alg = t.Column<string>(nullable: true),
                created_at = t.Column<DateTime>(),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_apis", x => x.id);
                t.ForeignKey("FK_apis_groups_group_id", x => x.group_id, "groups", "id", onDelete: ReferentialAction.Restrict);
                t.ForeignKey("FK_apis_organizations_organization_id", x => x.organization_id, "organizations", "id", onDelete: ReferentialAction.Restrict);
            });
        build.CreateIndex("IX_apis_tenant_id_identifier", "apis", ["tenant_id", "identifier"], unique: true);
        build.CreateIndex("IX_apis_group_id", "apis", "group_id");
        build.CreateIndex("IX_apis_organization_id", "apis", "organization_id");

        build.CreateTable(
            "api_scopes",
            t => new { api_id = t.Column<Guid>(), name = t.Column<string>(), description = t.Column<string>(nullable: true) },
            constraints: t =>
            {
                t.PrimaryKey("PK_api_scopes", x => new { x.api_id, x.name });
                t.ForeignKey("FK_api_scopes_apis_api_id", x => x.api_id, "apis", "id", onDelete: ReferentialAction.Cascade);
            });

        build.CreateTable(
            "resource_servers",
            t => new { api_id = t.Column<Guid>(), account_id = t.Column<Guid>(), tenant_id = t.Column<Guid>() },
            constraints: t =>
            {
                t.PrimaryKey("PK_resource_servers", x => new { x.api_id, x.account_id });
                t.ForeignKey("FK_resource_servers_apis_api_id", x => x.api_id, "apis", "id", onDelete: ReferentialAction.Cascade);
                t.ForeignKey(
                    "FK_resource_servers_service_accounts_account_id", x => x.account_id, "service_accounts", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_resource_servers_account_id", "resource_servers", "account_id");

        build.CreateTable(
            "grants",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                account_id = t.Column<Guid>(),
                api_id = t.Column<Guid>(),
                scopes = t.Column<string[]>(),
                default_scopes = t.Column<string[]>(),
                created_at = t.Column<DateTime>(),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_grants", x => x.id);
                t.ForeignKey("FK_grants_service_accounts_account_id", x => x.account_id, "service_accounts", "id", onDelete: ReferentialAction.Cascade);
                t.ForeignKey("FK_grants_apis_api_id", x => x.api_id, "apis", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_grants_account_id_api_id", "grants", ["account_id", "api_id"], unique: true);
        build.CreateIndex("IX_grants_api_id", "grants", "api_id");
    }

    private static void Roles(MigrationBuilder build)
    {
        build.CreateTable(
            "roles",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                group_id = t.Column<Guid>(nullable: true),
                organization_id = t.Column<Guid>(nullable: true),
                name = t.Column<string>(),
                name_key = t.Column<string>(),
                built_in = t.Column<bool>(),
                created_at = t.Column<DateTime>(),
                version = t.Column<int>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_roles", x => x.id);
                t.ForeignKey("FK_roles_groups_group_id", x => x.group_id, "groups", "id", onDelete: ReferentialAction.Restrict);
                t.ForeignKey("FK_roles_organizations_organization_id", x => x.organization_id, "organizations", "id", onDelete: ReferentialAction.Restrict);
            });
        build.CreateIndex("IX_roles_tenant_id_name_key", "roles", ["tenant_id", "name_key"], unique: true);
        build.CreateIndex("IX_roles_group_id", "roles", "group_id");
        build.CreateIndex("IX_roles_organization_id", "roles", "organization_id");

        build.CreateTable(
            "role_scopes",
            t => new { role_id = t.Column<Guid>(), api_id = t.Column<Guid>(), scope = t.Column<string>() },
            constraints: t =>
            {
                t.PrimaryKey("PK_role_scopes", x => new { x.role_id, x.api_id, x.scope });
                t.ForeignKey("FK_role_scopes_roles_role_id", x => x.role_id, "roles", "id", onDelete: ReferentialAction.Cascade);
                t.ForeignKey("FK_role_scopes_apis_api_id", x => x.api_id, "apis", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_role_scopes_api_id", "role_scopes", "api_id");

        build.CreateTable(
            "role_assignments",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                account_id = t.Column<Guid>(),
                role_id = t.Column<Guid>(),
                reach_group_id = t.Column<Guid>(nullable: true),
                reach_organization_id = t.Column<Guid>(nullable: true),
                created_at = t.Column<DateTime>(),
            },
            constraints: t =>
            {
                t.PrimaryKey("PK_role_assignments", x => x.id);
                t.ForeignKey(
                    "FK_role_assignments_service_accounts_account_id", x => x.account_id, "service_accounts", "id", onDelete: ReferentialAction.Cascade);
                t.ForeignKey("FK_role_assignments_roles_role_id", x => x.role_id, "roles", "id", onDelete: ReferentialAction.Cascade);
            });
        build.CreateIndex("IX_role_assignments_account_id", "role_assignments", "account_id");
        build.CreateIndex("IX_role_assignments_role_id", "role_assignments", "role_id");
    }

    private static void Keys(MigrationBuilder build)
    {
        build.CreateTable(
            "tenant_keys",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                alg = t.Column<string>(),
                kid = t.Column<string>(),
                generation = t.Column<int>(),
                wrapped = t.Column<byte[]>(),
                public_jwk = t.Column<string>(nullable: true),
                created_at = t.Column<DateTime>(),
                activates_at = t.Column<DateTime>(),
                retires_at = t.Column<DateTime>(nullable: true),
                withdrawn_at = t.Column<DateTime>(nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_tenant_keys", x => x.id));
        build.CreateIndex("IX_tenant_keys_tenant_id_alg_generation", "tenant_keys", ["tenant_id", "alg", "generation"], unique: true);

        build.CreateTable(
            "revocations",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                scope = t.Column<string>(),
                target = t.Column<string>(),
                issued_before_ms = t.Column<long>(),
                created_at = t.Column<DateTime>(),
                expires_at = t.Column<DateTime>(),
            },
            constraints: t => t.PrimaryKey("PK_revocations", x => x.id));
        build.CreateIndex("IX_revocations_tenant_id_id", "revocations", ["tenant_id", "id"]);
        build.CreateIndex("IX_revocations_expires_at", "revocations", "expires_at");

        build.CreateTable(
            "setup_tokens",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                hash = t.Column<string>(),
                expires_at = t.Column<DateTime>(),
                used_at = t.Column<DateTime>(nullable: true),
                version = t.Column<int>(),
            },
            constraints: t => t.PrimaryKey("PK_setup_tokens", x => x.id));
    }

    private static void Records(MigrationBuilder build)
    {
        build.CreateTable(
            "changes",
            t => new
            {
                seq = t.Column<long>(),
                tenant_id = t.Column<Guid>(),
                kind = t.Column<string>(),
                entity_id = t.Column<Guid>(),
                at = t.Column<DateTime>(),
            },
            constraints: t => t.PrimaryKey("PK_changes", x => x.seq));
        build.CreateIndex("IX_changes_at", "changes", "at");

        build.CreateTable(
            "change_head",
            t => new { id = t.Column<int>(), seq = t.Column<long>() },
            constraints: t => t.PrimaryKey("PK_change_head", x => x.id));
        build.Sql("INSERT INTO change_head (id, seq) VALUES (1, 0)");

        build.CreateTable(
            "audit_events",
            t => new
            {
                id = t.Column<Guid>(),
                tenant_id = t.Column<Guid>(),
                at = t.Column<DateTime>(),
                kind = t.Column<string>(),
                outcome = t.Column<string>(),
                actor_id = t.Column<Guid>(nullable: true),
                client_id = t.Column<string>(nullable: true),
                account_id = t.Column<Guid>(nullable: true),
                credential_id = t.Column<Guid>(nullable: true),
                group_id = t.Column<Guid>(nullable: true),
                organization_id = t.Column<Guid>(nullable: true),
                source = t.Column<string>(nullable: true),
                method = t.Column<string>(nullable: true),
                error = t.Column<string>(nullable: true),
                error_description = t.Column<string>(nullable: true),
                detail = t.Column<string>(nullable: true),
                checks = t.Column<string>(nullable: true),
                target = t.Column<string>(nullable: true),
                token_hash = t.Column<string>(nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_audit_events", x => x.id));
        build.CreateIndex("IX_audit_events_tenant_id_id", "audit_events", ["tenant_id", "id"]);
        build.CreateIndex("IX_audit_events_tenant_id_account_id_id", "audit_events", ["tenant_id", "account_id", "id"]);

        build.CreateTable(
            "token_usage",
            t => new
            {
                key = t.Column<string>(),
                tenant_id = t.Column<Guid>(),
                account_id = t.Column<Guid>(),
                credential_id = t.Column<Guid>(),
                client_id = t.Column<string>(),
                group_id = t.Column<Guid>(nullable: true),
                organization_id = t.Column<Guid>(nullable: true),
                scope = t.Column<string>(),
                audience = t.Column<string>(),
                source = t.Column<string>(),
                minute = t.Column<DateTime>(),
                count = t.Column<long>(),
            },
            constraints: t => t.PrimaryKey("PK_token_usage", x => x.key));
        build.CreateIndex("IX_token_usage_tenant_id_account_id_minute", "token_usage", ["tenant_id", "account_id", "minute"]);

        build.CreateTable(
            "idempotency_records",
            t => new
            {
                key = t.Column<string>(),
                tenant_id = t.Column<Guid>(),
                request_hash = t.Column<string>(),
                status = t.Column<int>(),
                sealed_body = t.Column<byte[]>(),
                location = t.Column<string>(nullable: true),
                etag = t.Column<string>(nullable: true),
                created_at = t.Column<DateTime>(),
            },
            constraints: t => t.PrimaryKey("PK_idempotency_records", x => x.key));
        build.CreateIndex("IX_idempotency_records_created_at", "idempotency_records", "created_at");
    }
}

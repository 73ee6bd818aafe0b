using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Countersign.Server.Data.Migrations;

[DbContext(typeof(Db)), Migration("0004_dpop")]
internal sealed class Dpop : Migration
{
    protected override void Up(MigrationBuilder build)
    {
        build.AddColumn<bool>("dpop_bound_access_tokens", "service_accounts", defaultValue: false);
        build.AddColumn<bool>("require_dpop_nonce", "tenants", defaultValue: false);
    }
}

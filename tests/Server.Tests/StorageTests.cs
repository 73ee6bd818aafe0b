using Countersign.Server.Data;
using Countersign.Server.Hosting;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests;

public sealed class StorageTests
{
    [Fact]
    public async Task The_migrations_make_the_schema_that_the_model_would_make()
    {
        using var migrated = await TestDatabase.CreateAsync();
        using var made = await TestDatabase.CreateEmptyAsync();
        await using var migratedDb = Open(migrated);
        await using var madeDb = Open(made);
        await madeDb.GetService<IRelationalDatabaseCreator>().EnsureCreatedAsync();

        Assert.Equal(await SchemaAsync(madeDb), await SchemaAsync(migratedDb));
    }

    [Fact]
    [Trait("R", "245")]
    public async Task A_database_of_the_first_schema_is_brought_up_to_date_with_what_it_holds()
    {
        using var old = await TestDatabase.CreateEmptyAsync();
        await using var db = Open(old);
        var first = new Data.Migrations.Initial { ActiveProvider = db.Database.ProviderName! };

        foreach (var command in db.GetService<IMigrationsSqlGenerator>().Generate(first.UpOperations))
        {
            await db.Database.ExecuteSqlRawAsync(command.CommandText);
        }

        var history = db.GetService<IHistoryRepository>();
        await db.Database.ExecuteSqlRawAsync(history.GetCreateScript());
        await db.Database.ExecuteSqlRawAsync(history.GetInsertScript(new HistoryRow("0001_initial", "10")));
        var (tenant, account, at) = (Guid.CreateVersion7(), Guid.CreateVersion7(), new DateTime(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc));
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO tenants (id, name, name_key, issuer, disabled, token_format, token_lifetime_seconds, token_alg, max_secret_lifetime_days, granting,
                require_if_match, audit_tokens, signing_key_days, created_at, updated_at, version)
            VALUES ({tenant}, 'default', 'default', 'https://as.example', {false}, 'jwt', 3600, 'ES256', 365, 'super-admin', {false}, 'rollup', 90, {at}, {at}, 1)
            """);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO service_accounts (id, tenant_id, client_id, name, name_key, disabled, created_at, updated_at, version)
            VALUES ({account}, {tenant}, 'old', 'old', 'old', {false}, {at}, {at}, 1)
            """);

        await db.Database.MigrateAsync();

        var kept = await db.ServiceAccounts.AsNoTracking().SingleAsync();
        Assert.Equal(("client_secret", "issuer", null, true), (kept.AuthMethod, kept.AssertionAudience, kept.AssertionAlg, kept.RequireJti));
        var settings = await db.Tenants.AsNoTracking().SingleAsync();
        Assert.Equal((600, 10, false), (settings.AssertionMaxAgeSeconds, settings.ClockSkewSeconds, settings.AllowSecretsBesideKeys));
    }

    [Fact]
    [Trait("R", "250")]
    public async Task SQLite_syncs_each_commit_to_disk()
    {
        Assert.SkipWhen(TestDatabase.IsPostgres, "a setting of SQLite");
        await using var server = await TestServer.StartAsync();
        await using var db = server.Services.GetRequiredService<Store>().Open();

        Assert.Equal(2, (await db.Database.SqlQueryRaw<int>("SELECT synchronous AS \"Value\" FROM pragma_synchronous").ToListAsync())[0]);
        Assert.Equal("wal", (await db.Database.SqlQueryRaw<string>("SELECT journal_mode AS \"Value\" FROM pragma_journal_mode").ToListAsync())[0]);
    }

    [Fact]
    public async Task A_save_that_misses_feed_and_audit_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await using var db = server.Services.GetRequiredService<Store>().Open();
        db.Groups.Add(new GroupRow { Id = Guid.NewGuid(), TenantId = Guid.NewGuid(), Name = "x", NameKey = "x" });

        await Assert.ThrowsAsync<InvalidOperationException>(() => db.SaveChangesAsync());
    }

    [Fact]
    public async Task The_feed_has_no_gaps_under_parallel_changes()
    {
        await using var server = await TestServer.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => server.AdminAsync(HttpMethod.Post, "/service-accounts", new { name = $"a{i}" })));

        Assert.All(answers, a => Assert.Equal(201, a.Status));
        await using var db = server.Services.GetRequiredService<Store>().Open();
        var seqs = await db.Changes.OrderBy(c => c.Seq).Select(c => c.Seq).ToListAsync();
        Assert.Equal(Enumerable.Range((int)seqs[0], seqs.Count).Select(s => (long)s), seqs);
        Assert.Equal(seqs[^1], (await db.ChangeHead.SingleAsync()).Seq);
    }

    [Fact]
    public async Task A_node_that_missed_what_the_feed_no_longer_holds_reads_everything_anew()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(200, (await server.TokenAsync()).Status);
        var store = server.Services.GetRequiredService<Store>();
        await using var other = await server.StartSecondNodeAsync();
        Assert.Equal(200, (await other.TokenAsync()).Status);

        // The first entry goes before the other node can read it: what is left begins behind a gap.
        await using (var db = store.Open())
        {
            await db.Database.ExecuteSqlRawAsync("UPDATE change_head SET seq = seq + 5");
            await db.Database.ExecuteSqlAsync($"UPDATE service_accounts SET disabled = {true} WHERE id = {server.Demo.ServiceAccount.Id}");
        }

        await server.AdminAsync(HttpMethod.Post, "/service-accounts", new { name = "moves the feed" });

        for (var i = 0; i < 100 && (await other.TokenAsync()).Status == 200; i++)
        {
            await Task.Delay(30);
        }

        Assert.Equal(401, (await other.TokenAsync()).Status);
    }

    [Fact]
    public async Task Two_nodes_start_at_once_on_an_empty_database()
    {
        Assert.SkipUnless(TestDatabase.IsPostgres, "one process uses a SQLite file");
        using var database = await TestDatabase.CreateEmptyAsync();

        var apps = await Task.WhenAll(
            Enumerable.Range(0, 2).Select(_ => Task.Run(() => ServerHost.BuildAsync(TestServer.Settings(database), CancellationToken.None))));

        await using var db = apps[0].Services.GetRequiredService<Store>().Open();
        Assert.Equal(1, await db.Tenants.CountAsync());

        foreach (var app in apps)
        {
            await app.DisposeAsync();
        }
    }

    private static Db Open(TestDatabase database)
    {
        var options = new DbContextOptionsBuilder<Db>();
        DatabaseEngine.Parse(database.Setting).Configure(options);

        return new Db(options.Options);
    }

    private static async Task<List<string>> SchemaAsync(Db db)
    {
        var sql = TestDatabase.IsPostgres
            ? """
              SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS "Value"
              FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\_\_EF%'
              UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\_\_EF%'
              UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conname NOT LIKE '%\_\_EF%' AND connamespace = 'public'::regnamespace
              """
            : """
              SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk AS "Value"
              FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '\_\_EF%' ESCAPE '\'
              UNION ALL SELECT i.sql FROM sqlite_master i WHERE i.type = 'index' AND i.sql IS NOT NULL
              UNION ALL SELECT m.name || ' ' || f."from" || ' ' || f."table" || ' ' || f."to" || ' ' || f.on_delete
              FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
              """;
        var rows = await db.Database.SqlQueryRaw<string>(sql).ToListAsync();

        return [.. rows.Order(StringComparer.Ordinal)];
    }
}

using Countersign.Server.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Countersign.Server.Tests.Framework;

/// <summary>
/// A database of its own for each test, copied from one that the migrations and the first start made. The environment says which kind:
/// <c>COUNTERSIGN_TEST_DATABASE</c> is <c>sqlite</c> (or nothing) or <c>postgres</c>, then with <c>COUNTERSIGN_TEST_POSTGRES</c>.
/// </summary>
internal sealed class TestDatabase : IDisposable
{
    public static readonly byte[] MasterKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private static readonly string? s_postgres =
        Environment.GetEnvironmentVariable("COUNTERSIGN_TEST_DATABASE") == "postgres"
            ? Environment.GetEnvironmentVariable("COUNTERSIGN_TEST_POSTGRES")
                ?? throw new InvalidOperationException("COUNTERSIGN_TEST_POSTGRES holds no connection string; ./test sets it")
            : null;

    private static readonly Lazy<Task<TestDatabase>> s_template = new(MakeTemplateAsync);

    private readonly string _name;

    private TestDatabase(string name) => _name = name;

    public static bool IsPostgres => s_postgres is not null;

    /// <summary>As a setting.</summary>
    public string Setting => IsPostgres ? $"postgres:{s_postgres};Database={_name};Maximum Pool Size=20" : $"sqlite:{_name}";

    public static async Task<TestDatabase> CreateAsync()
    {
        var template = await s_template.Value;
        var database = Named();

        if (IsPostgres)
        {
            await ExecuteAsync($"CREATE DATABASE {database._name} TEMPLATE {template._name}");
        }
        else
        {
            File.Copy(template._name, database._name);
        }

        return database;
    }

    /// <summary>One without a schema.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync()
    {
        var database = Named();

        if (IsPostgres)
        {
            await ExecuteAsync($"CREATE DATABASE {database._name}");
        }

        return database;
    }

    /// <summary>Whether a text stands anywhere in it.</summary>
    public async Task<bool> ContainsAsync(string text)
    {
        if (!IsPostgres)
        {
            var sought = System.Text.Encoding.UTF8.GetBytes(text);

            return new[] { "", "-wal" }.Select(suffix => _name + suffix).Where(File.Exists).Any(file => Read(file).AsSpan().IndexOf(sought) >= 0);
        }

        await using var connection = new NpgsqlConnection(Setting["postgres:".Length..]);
        await connection.OpenAsync();
        var tables = new List<string>();
        await using (var list = new NpgsqlCommand("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", connection))
        await using (var reader = await list.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                tables.Add(reader.GetString(0));
            }
        }

        foreach (var table in tables)
        {
            await using var search = new NpgsqlCommand($"SELECT EXISTS (SELECT 1 FROM \"{table}\" t WHERE position($1 in t::text) > 0)", connection) { Parameters = { new() { Value = text } } };

            if ((bool)(await search.ExecuteScalarAsync())!)
            {
                return true;
            }
        }

        return false;

        static byte[] Read(string file)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);

            return bytes;
        }
    }

    public void Dispose()
    {
        if (IsPostgres)
        {
            ExecuteAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)").GetAwaiter().GetResult();

            return;
        }

        using (var connection = new SqliteConnection($"Data Source={_name}"))
        {
            SqliteConnection.ClearPool(connection);
        }

        foreach (var suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(_name + suffix);
        }
    }

    private static TestDatabase Named()
    {
        var name = $"countersign_{Guid.NewGuid():n}";

        return new TestDatabase(IsPostgres ? name : Path.Combine(Path.GetTempPath(), name + ".db"));
    }

    private static async Task<TestDatabase> MakeTemplateAsync()
    {
        var database = await CreateEmptyAsync();
        var app = await ServerHost.BuildAsync(TestServer.Settings(database), CancellationToken.None);
        await app.DisposeAsync();

        if (IsPostgres)
        {
            NpgsqlConnection.ClearAllPools();
        }
        else
        {
            // All of it in the one file that is copied.
            await using var connection = new SqliteConnection($"Data Source={database._name};Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            await command.ExecuteNonQueryAsync();
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => database.Dispose();

        return database;
    }

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{s_postgres};Database=postgres;Pooling=False");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

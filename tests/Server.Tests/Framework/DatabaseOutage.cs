using Microsoft.Data.Sqlite;
using Npgsql;

namespace Countersign.Server.Tests.Framework;

/// <summary>
/// The time in which a database is away: PostgreSQL takes no connection to it and has ended those that were, the SQLite file is
/// gone from its place. It comes back when this is disposed of.
/// </summary>
internal sealed class DatabaseOutage : IAsyncDisposable
{
    private readonly string _name;
    private readonly NpgsqlConnection? _postgres;

    private DatabaseOutage(string name, NpgsqlConnection? postgres) => (_name, _postgres) = (name, postgres);

    public static async Task<DatabaseOutage> BeginAsync(TestDatabase database)
    {
        var (kind, text) = (database.Setting.Split(':', 2)[0], database.Setting.Split(':', 2)[1]);

        if (kind == "sqlite")
        {
            // What is pooled holds the file open wherever it lies.
            SqliteConnection.ClearAllPools();
            File.Move(text, text + ".away");
            Directory.CreateDirectory(text);
            SqliteConnection.ClearAllPools();

            return new DatabaseOutage(text, null);
        }

        var settings = new NpgsqlConnectionStringBuilder(text);
        var name = settings.Database!;
        settings.Database = "postgres";
        settings.Pooling = false;
        var outage = new DatabaseOutage(name, new NpgsqlConnection(settings.ToString()));
        await outage._postgres!.OpenAsync();
        await outage.ExecuteAsync($"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        await outage.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");

        return outage;
    }

    public async ValueTask DisposeAsync()
    {
        if (_postgres is null)
        {
            Directory.Delete(_name);
            File.Move(_name + ".away", _name);

            return;
        }

        await ExecuteAsync($"ALTER DATABASE {_name} ALLOW_CONNECTIONS true");
        await _postgres.DisposeAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _postgres);
        await command.ExecuteNonQueryAsync();
    }
}

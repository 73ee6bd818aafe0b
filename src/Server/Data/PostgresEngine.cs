using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Countersign.Server.Data;

/// <summary>PostgreSQL, or an engine that speaks its protocol: many writers, many nodes.</summary>
internal sealed class PostgresEngine(string connectionString) : DatabaseEngine, IAsyncDisposable
{
    private const string Channel = "countersign_changes";
    private const long StartLock = 4869027133;

    private static readonly IDisposable s_noTurn = new NoTurn();

    private readonly string _connectionString = WithLimits(connectionString);
    private NpgsqlConnection? _listener;

    /// <summary>Reads <c>postgres://user:password@host:port/database?key=value</c>.</summary>
    public static string FromUri(Uri uri)
    {
        var credentials = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.IsDefaultPort || uri.Port < 0 ? 5432 : uri.Port,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
        };

        if (credentials[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(credentials[0]);
        }

        if (credentials.Length == 2)
        {
            builder.Password = Uri.UnescapeDataString(credentials[1]);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            builder[Uri.UnescapeDataString(parts[0])] = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "";
        }

        return builder.ToString();
    }

    public override void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(_connectionString);

    public override async Task<IAsyncDisposable> BeginStartAsync(Db db, CancellationToken ct)
    {
        // The lock is the session's: the connection stays open until the start is over.
        await db.Database.OpenConnectionAsync(ct);
        await db.Database.ExecuteSqlRawAsync($"SELECT pg_advisory_lock({StartLock})", ct);

        return new Start(db);
    }

    public override ValueTask<IDisposable> WriteTurnAsync(CancellationToken ct) => new(s_noTurn);

    public override Task AnnounceAsync(Db db, CancellationToken ct) =>
        db.Database.ExecuteSqlRawAsync($"SELECT pg_notify('{Channel}', '')", ct);

    public override async Task WaitForAnnouncementAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        try
        {
            if (_listener is null)
            {
                var connection = new NpgsqlConnection(_connectionString);
                _listener = connection;
                await connection.OpenAsync(ct);
                await using var command = new NpgsqlCommand($"LISTEN {Channel}", connection);
                await command.ExecuteNonQueryAsync(ct);
            }

            await _listener.WaitAsync(atMost, ct);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            // Listening only hurries the poll; the poll itself reports that the database is away.
            await DisposeAsync();
            await Task.Delay(atMost, time, ct);
        }
    }

    public override bool IsUniqueViolation(DbUpdateException exception) =>
        exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    public override bool IsReferenceViolation(DbUpdateException exception) =>
        exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.RestrictViolation };

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _listener, null) is { } listener)
        {
            await listener.DisposeAsync();
        }
    }

    private static string WithLimits(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);

        // A database that is away must not hold requests: connect fast or say so (R254).
        builder.Timeout = builder.ContainsKey("Timeout") ? builder.Timeout : 3;
        builder.CommandTimeout = builder.ContainsKey("Command Timeout") ? builder.CommandTimeout : 10;
        builder.MaxPoolSize = builder.ContainsKey("Maximum Pool Size") ? builder.MaxPoolSize : 50;
        builder.ApplicationName ??= "countersign";

        return builder.ToString();
    }

    private sealed class Start(Db db) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await db.Database.ExecuteSqlRawAsync($"SELECT pg_advisory_unlock({StartLock})");
            await db.Database.CloseConnectionAsync();
        }
    }

    private sealed class NoTurn : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

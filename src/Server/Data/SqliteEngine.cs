using System.Data.Common;
using Countersign.Server.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Countersign.Server.Data;

/// <summary>The embedded database: one file, one writer at a time.</summary>
internal sealed class SqliteEngine(string path) : DatabaseEngine
{
    private readonly SemaphoreSlim _writer = new(1, 1);

    public override void Configure(DbContextOptionsBuilder options) => options
        .UseSqlite(new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, DefaultTimeout = 10 }.ToString())
        .AddInterceptors(new Pragmas());

    public override async Task<IAsyncDisposable> BeginStartAsync(Db db, CancellationToken ct)
    {
        // It holds hashes and wrapped keys: nobody else's to read. Its WAL takes the same mode.
        if (!File.Exists(path))
        {
            PrivateFile.Write(path, "", FileMode.CreateNew);
        }

        // The mode is kept in the file; WAL lets readers go on while the writer writes.
        await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", ct);

        // A process that died while it migrated leaves its lock behind, and the next start would wait for it for ever.
        var locks = await db.Database
            .SqlQueryRaw<int>("""SELECT count(*) AS "Value" FROM sqlite_master WHERE name = '__EFMigrationsLock'""").ToListAsync(ct);

        if (locks[0] > 0)
        {
            await db.Database.ExecuteSqlRawAsync("""DELETE FROM "__EFMigrationsLock" """, ct);
        }

        return new Started();
    }

    public override async ValueTask<IDisposable> WriteTurnAsync(CancellationToken ct)
    {
        await _writer.WaitAsync(ct);

        return new Turn(_writer);
    }

    public override Task AnnounceAsync(Db db, CancellationToken ct) => Task.CompletedTask;

    public override Task WaitForAnnouncementAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct) => Task.Delay(atMost, time, ct);

    public override bool IsUniqueViolation(DbUpdateException exception) =>
        exception.InnerException is SqliteException { SqliteExtendedErrorCode: 2067 or 1555 };

    public override bool IsReferenceViolation(DbUpdateException exception) =>
        exception.InnerException is SqliteException { SqliteExtendedErrorCode: 787 or 1811 };

    private sealed class Started : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Turn(SemaphoreSlim writer) : IDisposable
    {
        private SemaphoreSlim? _writer = writer;

        public void Dispose() => Interlocked.Exchange(ref _writer, null)?.Release();
    }

    private sealed class Pragmas : DbConnectionInterceptor
    {
        // An acknowledged commit survives a power cut: the WAL is synced at each one.
        private const string Text = "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = Text;
            command.ExecuteNonQuery();
        }

        public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken ct = default)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = Text;
            await command.ExecuteNonQueryAsync(ct);
        }
    }
}

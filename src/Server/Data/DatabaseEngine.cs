using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Data;

/// <summary>All in which the two databases differ. Nothing outside this folder asks which one is running.</summary>
internal abstract class DatabaseEngine
{
    public abstract void Configure(DbContextOptionsBuilder options);

    /// <summary>
    /// Makes the database ready for the schema and keeps other nodes from starting at the same moment, until what is returned is disposed.
    /// </summary>
    public abstract Task<IAsyncDisposable> BeginStartAsync(Db db, CancellationToken ct);

    /// <summary>Waits for the turn to write. Dispose what is returned when the transaction has ended.</summary>
    public abstract ValueTask<IDisposable> WriteTurnAsync(CancellationToken ct);

    /// <summary>Tells other nodes, from within the transaction, that the change feed has grown.</summary>
    public abstract Task AnnounceAsync(Db db, CancellationToken ct);

    /// <summary>Returns when another node announced a change, or after <paramref name="atMost"/>.</summary>
    public abstract Task WaitForAnnouncementAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct);

    /// <summary>Whether the save failed because a unique index already holds the value.</summary>
    public abstract bool IsUniqueViolation(DbUpdateException exception);

    /// <summary>Whether the save failed because something else still refers to the row, or what it refers to is gone.</summary>
    public abstract bool IsReferenceViolation(DbUpdateException exception);

    /// <summary>
    /// <c>sqlite:PATH</c> or <c>postgres:CONNECTION-STRING</c>; also a <c>postgres://</c> or <c>postgresql://</c> address.
    /// </summary>
    /// <exception cref="FormatException">The text is neither.</exception>
    public static DatabaseEngine Parse(string text)
    {
        if (text.StartsWith("sqlite:", StringComparison.Ordinal) && text.Length > "sqlite:".Length)
        {
            return new SqliteEngine(text["sqlite:".Length..]);
        }

        if (text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal))
        {
            return new PostgresEngine(PostgresEngine.FromUri(new Uri(text)));
        }

        return text.StartsWith("postgres:", StringComparison.Ordinal)
            ? new PostgresEngine(text["postgres:".Length..])
            : throw new FormatException("a database is written sqlite:PATH, postgres:CONNECTION-STRING or postgres://user@host/database");
    }
}

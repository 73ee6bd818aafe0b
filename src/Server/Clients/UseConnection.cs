using System.Buffers.Binary;
using System.Data.Common;
using System.Text;
using Countersign.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Clients;

/// <summary>A use of an assertion that waits to be recorded.</summary>
/// <param name="key">The hash of what makes the assertion the same one.</param>
/// <param name="expiresAt">When it is refused by its age anyway, in Unix seconds.</param>
/// <param name="usedAt">Now, in Unix seconds.</param>
/// <param name="window">For how many seconds after its first use it may be used again.</param>
internal sealed class Use(UInt128 key, long expiresAt, long usedAt, long window)
{
    public UInt128 Key { get; } = key;

    public long ExpiresAt { get; } = expiresAt;

    public long UsedAt { get; } = usedAt;

    public long Window { get; } = window;

    public TaskCompletionSource<bool> Won { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A connection that stays open for the records of used assertions, with its prepared statements; for one thread.</summary>
internal sealed class UseConnection(Db db) : IDisposable
{
    private const int KeyLength = 16;

    // Seconds: a database that hangs is answered with 503 soon (R254); the assertion may then be used all the same.
    private const int Patience = 2;

    private readonly Dictionary<int, DbCommand> _inserts = [];

    /// <summary>Records the uses, of different keys, in one transaction; returns the keys that were not there before.</summary>
    public HashSet<UInt128> Insert(Use[] uses)
    {
        var insert = Prepared(uses.Length);

        for (var i = 0; i < uses.Length; i++)
        {
            BinaryPrimitives.WriteUInt128BigEndian((byte[])insert.Parameters[3 * i].Value!, uses[i].Key);
            insert.Parameters[(3 * i) + 1].Value = uses[i].ExpiresAt;
            insert.Parameters[(3 * i) + 2].Value = uses[i].UsedAt;
        }

        var winners = new HashSet<UInt128>(uses.Length);
        using var reader = insert.ExecuteReader();

        while (reader.Read())
        {
            winners.Add(BinaryPrimitives.ReadUInt128BigEndian(reader.GetFieldValue<byte[]>(0)));
        }

        return winners;
    }

    /// <summary>In Unix seconds; null where none is recorded, because it was too old to be.</summary>
    public long? FirstUse(UInt128 key)
    {
        var bytes = new byte[KeyLength];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, key);
        using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandTimeout = Patience;
        command.CommandText = "SELECT used_at FROM used_assertions WHERE key = @k";
        Add(command, "k", bytes);

        return command.ExecuteScalar() as long?;
    }

    public void Dispose()
    {
        foreach (var insert in _inserts.Values)
        {
            insert.Dispose();
        }

        db.Dispose();
    }

    private DbCommand Prepared(int rows)
    {
        if (_inserts.TryGetValue(rows, out var insert))
        {
            return insert;
        }

        db.Database.OpenConnection();
        insert = db.Database.GetDbConnection().CreateCommand();
        var text = new StringBuilder("INSERT INTO used_assertions (key, expires_at, used_at) SELECT column1, column2, column3 FROM (VALUES ");

        for (var i = 0; i < rows; i++)
        {
            text.Append(i == 0 ? "(" : ", (").Append("@k").Append(i).Append(", @e").Append(i).Append(", @u").Append(i).Append(')');
            Add(insert, $"k{i}", new byte[KeyLength]);
            Add(insert, $"e{i}", 0L);
            Add(insert, $"u{i}", 0L);
        }

        insert.CommandTimeout = Patience;
        insert.CommandText = text
            .Append(") AS v WHERE column2 > (SELECT forgotten_until FROM replay_floor WHERE id = 1) ON CONFLICT (key) DO NOTHING RETURNING key")
            .ToString();
        insert.Prepare();

        return _inserts[rows] = insert;
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}

using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Countersign.Server.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Clients;

/// <summary>
/// Remembers which assertions were used, durably and for all nodes, so that each is good once (R56). Written in groups: all that came while the
/// last group was being committed make the next, and each waits for its commit.
/// </summary>
internal sealed partial class UsedAssertions(Store store, ILogger<UsedAssertions> logger) : BackgroundService
{
    private const int Group = 200;
    private const int KeyLength = 16;

    private readonly Channel<Use> _queue = Channel.CreateBounded<Use>(
        new BoundedChannelOptions(10_000) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long _forgottenUntil;

    /// <summary>
    /// True for exactly one of all who present the assertion, on whatever node. Throws a fault of the database when nobody can say.
    /// </summary>
    public async ValueTask<bool> TryUseAsync(Guid tenantId, SignedAssertion assertion, DateTimeOffset until, CancellationToken ct)
    {
        // A clock that was set back makes an assertion fresh again whose record is gone (R252).
        if (until.ToUnixTimeSeconds() <= Volatile.Read(ref _forgottenUntil))
        {
            return false;
        }

        var use = new Use(KeyOf(tenantId, assertion), until.ToUnixTimeSeconds());
        await _queue.Writer.WriteAsync(use, ct);

        // Who leaves now has used it all the same.
        return await use.Won.Task.WaitAsync(ct);
    }

    /// <summary>Forgets what is too old to be taken, in small steps that hold nobody up.</summary>
    public async Task ForgetAsync(DateTimeOffset before, CancellationToken ct)
    {
        var seconds = before.ToUnixTimeSeconds();
        Volatile.Write(ref _forgottenUntil, Math.Max(seconds, Volatile.Read(ref _forgottenUntil)));
        int gone;

        do
        {
            gone = 0;
            await store.RecordAsync(
                async db => gone = await db.Database.ExecuteSqlAsync(
                    $"DELETE FROM used_assertions WHERE key IN (SELECT key FROM used_assertions WHERE expires_at < {seconds} LIMIT 2000)", ct),
                ct);
        }
        while (gone == 2000);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var group = new List<Use>(Group);

        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < Group && _queue.Reader.TryRead(out var use))
            {
                group.Add(use);
            }

            await WriteAsync(group);
            group.Clear();
        }
    }

    // A signature's bytes are not unique (R81): what counts is the jti, or what was signed. Each part says how long it is, so that no two run together.
    private static byte[] KeyOf(Guid tenantId, SignedAssertion assertion)
    {
        var claims = assertion.Claims;
        var text = claims.Id is { } id
            ? Encoding.UTF8.GetBytes($"jti|{tenantId}|{claims.Issuer!.Length}|{claims.Issuer}|{id}")
            : [.. Encoding.UTF8.GetBytes($"signed|{tenantId}|"), .. assertion.Jws.SigningInput.Span];

        return SHA256.HashData(text)[..KeyLength];
    }

    private async Task WriteAsync(List<Use> group)
    {
        try
        {
            var winners = new HashSet<string>(StringComparer.Ordinal);
            await store.RecordAsync(db => InsertAsync(db, group, winners), CancellationToken.None);

            // Of several with one key in the group, the first takes it out of the set.
            foreach (var use in group)
            {
                use.Won.TrySetResult(winners.Remove(use.Text));
            }
        }
        catch (Exception exception)
        {
            LogFailed(group.Count, exception.GetType().Name);
            group.ForEach(u => u.Won.TrySetException(new DbUpdateException("the use of an assertion could not be recorded")));
        }
    }

    private static async Task InsertAsync(Db db, List<Use> group, HashSet<string> winners)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.Transaction = db.Database.CurrentTransaction!.GetDbTransaction();
        var text = new StringBuilder("INSERT INTO used_assertions (key, expires_at) VALUES ");

        // In one order everywhere, so that two nodes do not wait for each other in a circle.
        var rows = group.DistinctBy(u => u.Text).OrderBy(u => u.Text, StringComparer.Ordinal).ToList();

        for (var i = 0; i < rows.Count; i++)
        {
            text.Append(i == 0 ? "(" : ", (").Append("@k").Append(i).Append(", @e").Append(i).Append(')');
            Add(command, $"k{i}", rows[i].Key);
            Add(command, $"e{i}", rows[i].ExpiresAt);
        }

        command.CommandText = text.Append(" ON CONFLICT (key) DO NOTHING RETURNING key").ToString();
        await using var reader = await command.ExecuteReaderAsync();

        while (await reader.ReadAsync())
        {
            winners.Add(Convert.ToHexString(reader.GetFieldValue<byte[]>(0)));
        }
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }

    [LoggerMessage(LogLevel.Error, "the use of {Count} assertions could not be recorded ({Kind}): they are refused")]
    private partial void LogFailed(int count, string kind);

    private sealed class Use(byte[] key, long expiresAt)
    {
        public byte[] Key { get; } = key;

        public string Text { get; } = Convert.ToHexString(key);

        public long ExpiresAt { get; } = expiresAt;

        public TaskCompletionSource<bool> Won { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

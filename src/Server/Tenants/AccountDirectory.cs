using System.Collections.Concurrent;

namespace Countersign.Server.Tenants;

/// <summary>
/// The account snapshots of one tenant that are in memory: loaded on first use, bounded in number, dropped when the change feed names
/// the account. That a client id is unknown is remembered too, so that guessing does not become database load.
/// </summary>
internal sealed class AccountDirectory(Guid tenantId, AccountLoader loader, int capacity)
{
    private const int MostAbsent = 10_000;
    private const int MostDropped = 10_000;

    private readonly ConcurrentDictionary<string, Entry> _byClientId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, Entry> _byId = new();
    private readonly ConcurrentDictionary<string, bool> _absent = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task<Account?>> _loading = new(StringComparer.Ordinal);
    // When each account was dropped, so that a load that began before does not keep what it read.
    private readonly ConcurrentDictionary<Guid, long> _dropped = new();
    private long _drops;
    private long _droppedForgotten;
    private long _clock;

    public int Count => _byClientId.Count;

    public ValueTask<Account?> FindAsync(string clientId, CancellationToken ct)
    {
        if (_byClientId.TryGetValue(clientId, out var entry))
        {
            return new ValueTask<Account?>(entry.Used(ref _clock));
        }

        return _absent.ContainsKey(clientId) ? new ValueTask<Account?>((Account?)null) : new ValueTask<Account?>(LoadOnceAsync(clientId, ct));
    }

    public ValueTask<Account?> FindAsync(Guid id, CancellationToken ct) =>
        _byId.TryGetValue(id, out var entry) ? new ValueTask<Account?>(entry.Used(ref _clock)) : new ValueTask<Account?>(LoadAsync(id, ct));

    public void Drop(Guid id)
    {
        var drop = Interlocked.Increment(ref _drops);
        _dropped[id] = drop;

        if (_dropped.Count > MostDropped)
        {
            Interlocked.Exchange(ref _droppedForgotten, drop);
            _dropped.Clear();
        }

        // Whoever asks from now on does not join a load that began before.
        _loading.Clear();

        if (_byId.TryRemove(id, out var entry))
        {
            _byClientId.TryRemove(entry.Account.ClientId, out _);
        }
        else
        {
            // An account that is not held may have just been made: what is remembered as absent may be there now.
            _absent.Clear();
        }
    }

    public void DropAll()
    {
        Interlocked.Exchange(ref _droppedForgotten, Interlocked.Increment(ref _drops));
        _byClientId.Clear();
        _byId.Clear();
        _absent.Clear();
    }

    private async Task<Account?> LoadOnceAsync(string clientId, CancellationToken ct)
    {
        // One load serves all who ask at the same moment; a caller that gives up does not end it for the others.
        var load = _loading.GetOrAdd(clientId, static (id, self) => self.LoadAsync(id), this);

        return await load.WaitAsync(ct);
    }

    private async Task<Account?> LoadAsync(string clientId)
    {
        await Task.Yield();

        try
        {
            var drops = Volatile.Read(ref _drops);
            var account = await loader.LoadAsync(tenantId, clientId, CancellationToken.None);

            if (account is not null)
            {
                Keep(account, drops);

                return account;
            }

            if (_absent.Count >= MostAbsent)
            {
                _absent.Clear();
            }

            _absent[clientId] = true;

            if (Volatile.Read(ref _drops) != drops)
            {
                _absent.TryRemove(clientId, out _);
            }

            return null;
        }
        finally
        {
            _loading.TryRemove(clientId, out _);
        }
    }

    private async Task<Account?> LoadAsync(Guid id, CancellationToken ct)
    {
        var drops = Volatile.Read(ref _drops);
        var account = await loader.LoadAsync(tenantId, id, ct);

        if (account is not null)
        {
            Keep(account, drops);
        }

        return account;
    }

    private void Keep(Account account, long dropsBefore)
    {
        MakeRoom();
        Interlocked.Increment(ref _clock);
        var entry = new Entry(account);
        entry.Used(ref _clock);
        _byClientId[account.ClientId] = entry;
        _byId[account.Id] = entry;

        // It was dropped while it was being read: what was read may be its old form.
        if (Volatile.Read(ref _droppedForgotten) > dropsBefore || (_dropped.TryGetValue(account.Id, out var drop) && drop > dropsBefore))
        {
            Remove(entry);
        }
    }

    // The eighth that was used least lately goes, so that room is made seldom.
    private void MakeRoom()
    {
        if (_byClientId.Count < capacity)
        {
            return;
        }

        foreach (var entry in _byClientId.Values.OrderBy(e => e.LastUse).Take(Math.Max(1, capacity / 8)).ToList())
        {
            Remove(entry);
        }
    }

    private void Remove(Entry entry)
    {
        _byClientId.TryRemove(new KeyValuePair<string, Entry>(entry.Account.ClientId, entry));
        _byId.TryRemove(new KeyValuePair<Guid, Entry>(entry.Account.Id, entry));
    }

    private sealed class Entry(Account account)
    {
        private long _lastUse;

        public Account Account { get; } = account;

        public long LastUse => Volatile.Read(ref _lastUse);

        // The clock moves when an account is loaded: use between two loads needs no order.
        public Account Used(ref long clock)
        {
            var now = Volatile.Read(ref clock);

            if (_lastUse != now)
            {
                Volatile.Write(ref _lastUse, now);
            }

            return Account;
        }
    }
}

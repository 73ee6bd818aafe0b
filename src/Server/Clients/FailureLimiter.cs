using System.Collections.Concurrent;
using System.Net;

namespace Countersign.Server.Clients;

/// <summary>
/// Slows guessing: after ten failures within a minute for one client from one address, that address waits, each time twice as long, up to 15
/// minutes (R47). Another address, and the client itself, go on unhindered (R48).
/// </summary>
internal sealed class FailureLimiter(TimeProvider time)
{
    private const int Allowed = 10;
    private const int Capacity = 100_000;

    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<Key, Failures> _failures = new();

    /// <summary>How long the address must wait, or null when it may try.</summary>
    public TimeSpan? Wait(Guid tenant, string clientId, IPAddress? source) =>
        !_failures.IsEmpty && _failures.TryGetValue(new Key(tenant, clientId, source), out var failures) ? failures.Wait(time) : null;

    /// <summary>Counts a failure; returns the wait when it is one too many, so that parallel guesses get no more answers than serial ones.</summary>
    public TimeSpan? Failed(Guid tenant, string clientId, IPAddress? source)
    {
        if (_failures.Count >= Capacity)
        {
            Trim();
        }

        return _failures.GetOrAdd(new Key(tenant, clientId, source), static _ => new Failures()).Add(time);
    }

    private void Trim()
    {
        foreach (var (key, failures) in _failures)
        {
            if (failures.IsOver(time))
            {
                _failures.TryRemove(key, out _);
            }
        }

        // All of it fresh: an attacker with many names. Let the oldest go; memory is bounded before politeness.
        foreach (var (key, _) in _failures.Take(Math.Max(0, _failures.Count - (Capacity * 9 / 10))))
        {
            _failures.TryRemove(key, out _);
        }
    }

    private readonly record struct Key(Guid Tenant, string ClientId, IPAddress? Source);

    private sealed class Failures
    {
        private readonly Lock _lock = new();
        private int _count;
        private int _locks;
        private long _windowStart;
        private long _lockedAt;
        private TimeSpan _lockedFor;

        public TimeSpan? Wait(TimeProvider time)
        {
            lock (_lock)
            {
                return Remaining(time);
            }
        }

        public TimeSpan? Add(TimeProvider time)
        {
            lock (_lock)
            {
                if (Remaining(time) is { } remaining)
                {
                    return remaining;
                }

                if (_count > 0 && time.GetElapsedTime(_windowStart) > s_window)
                {
                    _count = 0;
                }

                if (_count++ == 0)
                {
                    _windowStart = time.GetTimestamp();
                }

                if (_count <= Allowed)
                {
                    return null;
                }

                // A quarter of an hour without a lock forgives the earlier ones.
                _locks = _locks > 0 && time.GetElapsedTime(_lockedAt) > _lockedFor + s_longest ? 1 : _locks + 1;
                _lockedFor = TimeSpan.FromTicks(Math.Min(s_longest.Ticks, s_window.Ticks << Math.Min(_locks - 1, 10)));
                _lockedAt = time.GetTimestamp();
                _count = 0;

                return _lockedFor;
            }
        }

        public bool IsOver(TimeProvider time)
        {
            lock (_lock)
            {
                return Remaining(time) is null
                    && time.GetElapsedTime(_windowStart) > s_window
                    && (_locks == 0 || time.GetElapsedTime(_lockedAt) > _lockedFor + s_longest);
            }
        }

        private TimeSpan? Remaining(TimeProvider time)
        {
            if (_lockedFor == default)
            {
                return null;
            }

            var remaining = _lockedFor - time.GetElapsedTime(_lockedAt);

            return remaining > TimeSpan.Zero ? remaining : null;
        }
    }
}

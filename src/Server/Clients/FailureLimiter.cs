using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

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
        !_failures.IsEmpty && _failures.TryGetValue(Key.Of(tenant, clientId, source), out var failures) ? failures.Wait(time) : null;

    /// <summary>Counts a failure; returns the wait when it came too late, so that parallel guesses get no more answers than serial ones.</summary>
    public TimeSpan? Failed(Guid tenant, string clientId, IPAddress? source)
    {
        if (_failures.Count >= Capacity)
        {
            Trim();
        }

        return _failures.GetOrAdd(Key.Of(tenant, clientId, source), static _ => new Failures()).Add(time);
    }

    private void Trim()
    {
        Remove(f => f.IsOver(time), int.MaxValue);

        // All of it fresh: an attacker with many names. Memory is bounded before politeness, and locks are kept longest.
        Remove(f => f.Wait(time) is null, _failures.Count - (Capacity * 9 / 10));
        Remove(_ => true, _failures.Count - (Capacity * 9 / 10));
    }

    private void Remove(Func<Failures, bool> which, int most)
    {
        foreach (var (key, _) in _failures.Where(f => which(f.Value)).Take(Math.Max(0, most)))
        {
            _failures.TryRemove(key, out _);
        }
    }

    private readonly record struct Key(Guid Tenant, string ClientId, UInt128 Network)
    {
        /// <summary>Who holds one IPv6 address holds the 2^64 of its network.</summary>
        public static Key Of(Guid tenant, string clientId, IPAddress? source)
        {
            Span<byte> bytes = stackalloc byte[16];
            bytes.Clear();

            if (source?.AddressFamily == AddressFamily.InterNetwork)
            {
                // As its mapped form, which a socket for both families shows.
                bytes[10..12].Fill(0xFF);
                source.TryWriteBytes(bytes[12..], out _);
            }
            else if (source?.TryWriteBytes(bytes, out _) == true && !source.IsIPv4MappedToIPv6)
            {
                bytes[8..].Clear();
            }

            return new Key(tenant, clientId, BinaryPrimitives.ReadUInt128BigEndian(bytes));
        }
    }

    private sealed class Failures
    {
        private readonly Lock _lock = new();

        // When the last ones were, as a ring.
        private readonly long[] _times = new long[Allowed];
        private int _count;
        private int _locks;
        private long _lastAt;
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

                _lastAt = time.GetTimestamp();
                _times[_count++ % Allowed] = _lastAt;

                // The tenth within any minute is the last that is answered.
                if (_count >= Allowed && time.GetElapsedTime(_times[_count % Allowed], _lastAt) < s_window)
                {
                    Close(time);
                }

                return null;
            }
        }

        public bool IsOver(TimeProvider time)
        {
            lock (_lock)
            {
                return Remaining(time) is null && time.GetElapsedTime(_lastAt) > s_window && (_locks == 0 || IsForgiven(time));
            }
        }

        private void Close(TimeProvider time)
        {
            _locks = IsForgiven(time) ? 1 : _locks + 1;
            _lockedFor = TimeSpan.FromTicks(Math.Min(s_longest.Ticks, s_window.Ticks << Math.Min(_locks - 1, 10)));
            _lockedAt = _lastAt;
            _count = 0;
        }

        // A quarter of an hour without a lock forgives the earlier ones.
        private bool IsForgiven(TimeProvider time) => time.GetElapsedTime(_lockedAt) > _lockedFor + s_longest;

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

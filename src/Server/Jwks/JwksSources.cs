using System.Collections.Concurrent;
using Countersign.OAuth;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Jwks;

/// <summary>
/// The JWK sets that this node holds, by tenant and row, so that none serves for another of the same URL, kid or issuer (R197). A changed URL
/// starts anew.
/// </summary>
internal sealed class JwksSources(OutboundFetch fetch, TimeProvider time, ILogger<JwksSources> logger)
{
    public const int Capacity = 10_000;

    private readonly ConcurrentDictionary<Key, JwksSource> _sources = new();
    private readonly Lock _adding = new();

    public int Count => _sources.Count;

    /// <summary>The keys that a message may be verified with; fetched first when none fits and it is time.</summary>
    public ValueTask<JwksLookup> FindAsync(Guid tenantId, JwksUrlFacts source, CompactJws jws, CancellationToken ct) =>
        Of(tenantId, source).FindAsync(jws, ct);

    /// <summary>Fetches now, because an administrator asks; the rules are the same (R199).</summary>
    public Task<JwksLookup> RefreshAsync(Guid tenantId, JwksUrlFacts source, CancellationToken ct) => Of(tenantId, source).RefreshAsync(ct);

    /// <summary>What this node holds; null when it has not used the source.</summary>
    public JwksState? StateOf(Guid tenantId, Guid id) => _sources.GetValueOrDefault(new Key(tenantId, id))?.State();

    public void Forget(Guid tenantId, Guid id) => _sources.TryRemove(new Key(tenantId, id), out _);

    /// <summary>Those to refresh now: healthy ones first, then whichever waited longest.</summary>
    public IReadOnlyList<JwksSource> Due() =>
        [.. _sources.Values.Select(s => (Source: s, s.Overdue)).Where(s => s.Overdue is not null).OrderBy(s => s.Source.IsFailing).ThenByDescending(s => s.Overdue).Select(s => s.Source)];

    /// <summary>Lets go of those whose keys are too old to be used.</summary>
    public void Trim()
    {
        foreach (var entry in _sources.Where(s => s.Value.SinceUse > JwksTimes.LongestHeld))
        {
            _sources.TryRemove(entry);
        }
    }

    private JwksSource Of(Guid tenantId, JwksUrlFacts facts)
    {
        var key = new Key(tenantId, facts.Id);

        return _sources.TryGetValue(key, out var held) && held.Facts == facts ? held : Add(key, facts);
    }

    private JwksSource Add(Key key, JwksUrlFacts facts)
    {
        lock (_adding)
        {
            if (_sources.TryGetValue(key, out var held) && held.Facts == facts)
            {
                return held;
            }

            if (held is null && _sources.Count >= Capacity)
            {
                MakeRoom();
            }

            return _sources[key] = new JwksSource(key.TenantId, facts, fetch, time, logger);
        }
    }

    // The eighth that was used least lately goes, so that room is made seldom.
    private void MakeRoom()
    {
        foreach (var (key, _) in _sources.OrderByDescending(s => s.Value.SinceUse).Take(Capacity / 8).ToList())
        {
            _sources.TryRemove(key, out _);
        }
    }

    private readonly record struct Key(Guid TenantId, Guid Id);
}

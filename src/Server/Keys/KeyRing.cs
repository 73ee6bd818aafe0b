using System.Security.Cryptography;
using System.Text;
using Countersign.OAuth;

namespace Countersign.Server.Keys;

internal enum KeyState
{
    Pending,
    Active,
    Retired,
    Removed,
    Withdrawn,
}

/// <summary>A tenant's key, opened. Exactly one of the two halves is there.</summary>
internal sealed record TenantKey(
    Guid Id, string Alg, DateTimeOffset ActivatesAt, DateTimeOffset? RetiresAt, DateTimeOffset? WithdrawnAt, DateTimeOffset EndsAt)
{
    public SigningKey? Signing { get; init; }

    public SealingKey? Sealing { get; init; }

    /// <summary>When the last token that it made has died; from then on nothing needs it.</summary>
    public DateTimeOffset? RemovedAt => RetiresAt + KeyTimes.LongestTokenLife;

    public KeyState StateAt(DateTimeOffset now) =>
        WithdrawnAt is not null ? KeyState.Withdrawn
        : now < ActivatesAt ? KeyState.Pending
        : RemovedAt <= now ? KeyState.Removed
        : RetiresAt <= now || EndsAt <= now ? KeyState.Retired
        : KeyState.Active;
}

internal static class KeyTimes
{
    /// <summary>The longest a token may live (R130), and the one leeway (R94).</summary>
    public static readonly TimeSpan LongestTokenLife = TimeSpan.FromHours(24) + TimeSpan.FromSeconds(10);

    /// <summary>How long verifiers may keep the JWKS (R167).</summary>
    public static readonly TimeSpan JwksMaxAge = TimeSpan.FromMinutes(5);

    /// <summary>How long a new key is published before it first signs; at least max-age and five minutes (R168).</summary>
    public static readonly TimeSpan PublishedAhead = TimeSpan.FromMinutes(30);

    /// <summary>How long a key without a successor goes on signing after its time; then it stops (R172).</summary>
    public static readonly TimeSpan Overdue = TimeSpan.FromDays(30);
}

/// <summary>The keys of a tenant. Which one is active follows from the time, the same on every node.</summary>
internal sealed class KeyRing
{
    /// <summary>The algorithm name of sealing keys, as in RFC 7518 §5.1.</summary>
    public const string Sealing = "A256GCM";

    private readonly TenantKey[] _keys;
    private readonly Dictionary<string, TenantKey> _byKid;
    private readonly Dictionary<Guid, TenantKey> _byId;
    private volatile PublishedSet? _published;

    public KeyRing(IEnumerable<TenantKey> keys)
    {
        _keys = [.. keys.OrderByDescending(k => k.ActivatesAt).ThenByDescending(k => k.Id)];
        _byKid = _keys.Where(k => k.Signing is not null).ToDictionary(k => k.Signing!.Kid, StringComparer.Ordinal);
        _byId = _keys.ToDictionary(k => k.Id);
    }

    public IReadOnlyList<TenantKey> All => _keys;

    /// <summary>The newest key of the algorithm that may work now.</summary>
    public TenantKey? Active(string alg, DateTimeOffset now)
    {
        foreach (var key in _keys)
        {
            if (key.Alg == alg && key.StateAt(now) == KeyState.Active)
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>A key whose tokens are still taken.</summary>
    public TenantKey? ForVerifying(string kid, DateTimeOffset now) => Alive(_byKid.GetValueOrDefault(kid), now);

    public TenantKey? ForOpening(Guid id, DateTimeOffset now) => Alive(_byId.GetValueOrDefault(id), now);

    public TenantKey? ById(Guid id) => _byId.GetValueOrDefault(id);

    public IEnumerable<string> SigningAlgorithms(DateTimeOffset now) =>
        _keys.Where(k => k.Signing is not null && k.StateAt(now) == KeyState.Active).Select(k => k.Alg).Distinct().Order(StringComparer.Ordinal);

    /// <summary>The JWK set and its entity tag; made anew only when a key enters or leaves it.</summary>
    public PublishedSet Published(DateTimeOffset now)
    {
        if (_published is { } held && now >= held.From && now < held.Until)
        {
            return held;
        }

        var shown = _keys.Where(k => k.Signing is not null && Alive(k, now) is not null).ToList();
        var json = new StringBuilder("""{"keys":[""");
        json.AppendJoin(',', shown.Select(k => Encoding.UTF8.GetString(k.Signing!.PublicJwk)));
        json.Append("]}");
        var body = Encoding.UTF8.GetBytes(json.ToString());
        var until = shown.Select(k => k.RemovedAt).Where(t => t > now).Min() ?? DateTimeOffset.MaxValue;
        var set = new PublishedSet(body, $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 12))}\"", now, until);
        _published = set;

        return set;
    }

    private static TenantKey? Alive(TenantKey? key, DateTimeOffset now) =>
        key?.StateAt(now) is KeyState.Active or KeyState.Retired or KeyState.Pending ? key : null;
}

internal sealed record PublishedSet(byte[] Body, string ETag, DateTimeOffset From, DateTimeOffset Until);

using Countersign.OAuth;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Jwks;

/// <summary>
/// One JWK set of one trust entry: the last good keys, and at most one fetch in flight (R193). Whether a fetch may begin is decided by elapsed
/// time alone, never by what a token or a set says (R194).
/// </summary>
internal sealed partial class JwksSource(Guid tenantId, JwksUrlFacts facts, OutboundFetch fetch, TimeProvider time, ILogger<JwksSources> logger)
{
    private readonly Lock _lock = new();
    private readonly JwksLookup _nothing = new(null, null);

    private volatile Held? _held;
    private volatile bool _unconfirmed;
    private long _lastUse = time.GetTimestamp();

    // Under the lock.
    private Task? _flight;
    private long? _began;
    private DateTimeOffset _beganAt;
    private TimeSpan _next;
    private int _failures;
    private FetchFailure? _failure;

    public JwksUrlFacts Facts => facts;

    public TimeSpan SinceUse => time.GetElapsedTime(Volatile.Read(ref _lastUse));

    /// <summary>Whether its host failed last; then it is refreshed in places of its own.</summary>
    public bool IsFailing => Volatile.Read(ref _failures) > 0;

    /// <summary>For how long a refresh in the background, which only a source in use gets, has been due; null when it is not.</summary>
    public TimeSpan? Overdue
    {
        get
        {
            lock (_lock)
            {
                return _flight is null && SinceUse < JwksTimes.Idle ? Late() : null;
            }
        }
    }

    /// <summary>The keys for a message. With keys that fit at hand nothing waits.</summary>
    public ValueTask<JwksLookup> FindAsync(CompactJws jws, CancellationToken ct)
    {
        if (SinceUse >= JwksTimes.Idle)
        {
            lock (_lock)
            {
                // It was not refreshed meanwhile: a key may have been withdrawn, so the host is asked first (R195).
                _unconfirmed |= Late() is not null;
            }
        }

        Volatile.Write(ref _lastUse, time.GetTimestamp());
        var lookup = Current();

        return lookup.Keys is { } keys && !_unconfirmed && VerificationKeySet.Select(jws, keys, out _) is not null
            ? new ValueTask<JwksLookup>(lookup)
            : new ValueTask<JwksLookup>(AskAsync(lookup.Keys is null || _unconfirmed, ct));
    }

    /// <summary>Fetches now, or waits for the fetch that is under way.</summary>
    public async Task<JwksLookup> RefreshAsync(CancellationToken ct)
    {
        Task flight;

        lock (_lock)
        {
            flight = _flight ??= BeginAsync();
        }

        await flight.WaitAsync(ct);

        return Current();
    }

    /// <summary>Fetches when it is still time for it.</summary>
    public Task RefreshDueAsync(CancellationToken ct)
    {
        lock (_lock)
        {
            return _flight is null && Late() is not null ? (_flight = BeginAsync()).WaitAsync(ct) : Task.CompletedTask;
        }
    }

    public JwksState State()
    {
        lock (_lock)
        {
            var held = Usable();
            DateTimeOffset? next = _flight is null && _began is not null && SinceUse < JwksTimes.Idle ? _beganAt + _next : null;

            return new JwksState(held?.FetchedAt, held?.Lookup.Keys ?? [], _failure?.Problem, next);
        }
    }

    private async Task<JwksLookup> AskAsync(bool hasNothing, CancellationToken ct)
    {
        Task? flight;
        var isMine = false;

        lock (_lock)
        {
            if (_flight is null && (_began is not { } began || time.GetElapsedTime(began) >= JwksTimes.BetweenFetches))
            {
                _flight = BeginAsync();
                isMine = true;
            }

            flight = _flight;
        }

        if (flight is not null)
        {
            var patience = isMine && hasNothing ? OutboundFetch.Limit + JwksTimes.Patience : JwksTimes.Patience;
            await flight.WaitAsync(patience, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();
        }

        // While the host is still being asked whether they stand, old keys prove nothing.
        return _unconfirmed ? new JwksLookup(null, "the host is being asked again after an hour without use") : Current();
    }

    private Task BeginAsync()
    {
        (_began, _beganAt) = (time.GetTimestamp(), time.GetUtcNow());

        // Not the caller's: whoever gives up does not end it for the others.
        return Task.Run(FlyAsync, CancellationToken.None);
    }

    private async Task FlyAsync()
    {
        var began = time.GetTimestamp();
        var at = time.GetUtcNow();
        VerificationKeySet? keys = null;
        Fetched fetched;

        try
        {
            fetched = facts.DiscoveryIssuer is { } issuer
                ? await IssuerDiscovery.FetchKeysAsync(issuer, facts, fetch, time)
                : await fetch.GetAsync(facts.Url, facts.CaCertificates, CancellationToken.None);

            if (fetched.Body is { } body && (keys = VerificationKeySet.Read(body, out var fault, facts.RsaAlgorithm, facts.Use)) is null)
            {
                fetched = Fetched.Failed(FetchFailure.NotKeySet(fault));
            }
        }
        catch (Exception exception)
        {
            // Whatever it was, the next fetch must be able to begin.
            fetched = Fetched.Failed(FetchFailure.Unexpected(exception.GetType().Name));
        }

        lock (_lock)
        {
            Report(fetched.Failure);
            _failure = fetched.Failure;
            _failures = keys is null ? _failures + 1 : 0;
            _next = keys is null ? JwksTimes.AfterFailure(_failures) : JwksTimes.AfterSuccess(fetched.MaxAge);
            _held = keys is not null ? new Held(new JwksLookup(keys.Keys, null), began, at)
                : _held is { } last ? last with { Lookup = last.Lookup with { Problem = _failure!.Problem } }
                : null;
            _unconfirmed = false;
            _flight = null;
        }
    }

    private TimeSpan? Late() => _began is { } began && time.GetElapsedTime(began) - _next is var late && late >= TimeSpan.Zero ? late : null;

    private JwksLookup Current() => Usable()?.Lookup ?? (Volatile.Read(ref _failure) is { } failure ? new JwksLookup(null, failure.Problem) : _nothing);

    private Held? Usable() => _held is { } held && time.GetElapsedTime(held.Began) < JwksTimes.LongestHeld ? held : null;

    // Once when it begins to fail, or fails otherwise, and once when it works again.
    private void Report(FetchFailure? failure)
    {
        if (failure is null && _failure is not null)
        {
            LogWorksAgain(tenantId, facts.Id, Host());
        }
        else if (failure is not null && failure.Kind != _failure?.Kind)
        {
            LogFailed(tenantId, facts.Id, Host(), failure.Kind);
        }
    }

    private string Host() => Uri.TryCreate(facts.DiscoveryIssuer ?? facts.Url, UriKind.Absolute, out var url) ? url.IdnHost : "(no host)";

    [LoggerMessage(LogLevel.Warning, "tenant {Tenant}: the JWK set {Source} of {Host} could not be fetched ({Kind}); the last good one is used for 24 h at most")]
    private partial void LogFailed(Guid tenant, Guid source, string host, string kind);

    [LoggerMessage(LogLevel.Information, "tenant {Tenant}: the JWK set {Source} of {Host} is fetched again")]
    private partial void LogWorksAgain(Guid tenant, Guid source, string host);

    private sealed record Held(JwksLookup Lookup, long Began, DateTimeOffset FetchedAt);
}

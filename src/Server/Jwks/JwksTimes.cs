using System.Security.Cryptography;

namespace Countersign.Server.Jwks;

/// <summary>When a source is fetched again (R193 to R195).</summary>
internal static class JwksTimes
{
    /// <summary>The least time between a fetch and one that a request asks for.</summary>
    public static readonly TimeSpan BetweenFetches = TimeSpan.FromSeconds(30);

    /// <summary>How long a request waits for a fetch that another began, or that only its kid asks for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How long the last good set serves while its host fails (R190).</summary>
    public static readonly TimeSpan LongestHeld = TimeSpan.FromHours(24);

    /// <summary>A source that was not used for so long is no longer refreshed.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    private static readonly TimeSpan s_refresh = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_shortest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_longestRetry = TimeSpan.FromMinutes(5);

    /// <summary>The next refresh after a good fetch: in 8 to 12 minutes, or when the host's own max-age ends.</summary>
    public static TimeSpan AfterSuccess(TimeSpan? maxAge) => maxAge is { } stated
        ? Between(Clamp(stated * 0.9), Clamp(stated))
        : Between(s_refresh * 0.8, s_refresh * 1.2);

    /// <summary>The next refresh after the n-th failure in a row: 30 s, doubled each time, at most 5 minutes.</summary>
    public static TimeSpan AfterFailure(int failures)
    {
        var wait = TimeSpan.FromTicks(Math.Min(s_longestRetry.Ticks, BetweenFetches.Ticks << Math.Clamp(failures - 1, 0, 10)));

        return Between(Max(BetweenFetches, wait * 0.9), wait);
    }

    private static TimeSpan Clamp(TimeSpan age) => age < s_shortest ? s_shortest : age > s_longest ? s_longest : age;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    // Spread, so that sources that were first used together are not fetched together for ever.
    private static TimeSpan Between(TimeSpan least, TimeSpan most) =>
        least + TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32((int)(most - least).TotalMilliseconds + 1));
}

using Countersign.OAuth;
using Countersign.Server.Tenants;

namespace Countersign.Server.Clients;

/// <summary>Finds which of an account's secrets was presented.</summary>
internal static class SecretMatch
{
    /// <summary>Among those in the fast form. One is compared in every case, so that an unknown client takes as long as a known one.</summary>
    public static SecretFacts? Fast(Account? account, Secret presented, DateTimeOffset now)
    {
        if (account is null || account.Secrets.Length == 0)
        {
            SecretHash.MatchesNothing(presented);

            return null;
        }

        return Among(account, presented, slow: false, now);
    }

    /// <summary>Among those whose comparison takes milliseconds, on purpose.</summary>
    public static SecretFacts? Slow(Account account, Secret presented, DateTimeOffset now) => Among(account, presented, slow: true, now);

    public static bool HasSlow(Account account) => Array.Exists(account.Secrets, s => s.Hash.IsSlow);

    private static SecretFacts? Among(Account account, Secret presented, bool slow, DateTimeOffset now)
    {
        SecretFacts? match = null;

        foreach (var held in account.Secrets)
        {
            // The same text may have been imported twice: the one that is still good counts.
            if (held.Hash.IsSlow == slow && held.Hash.Matches(presented) && (match is null || IsGood(held, now)))
            {
                match = held;
            }
        }

        return match;
    }

    private static bool IsGood(SecretFacts secret, DateTimeOffset now) => !(secret.ExpiresAt <= now) && !(secret.RetiresAt <= now);
}

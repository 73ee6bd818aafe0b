using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Jwks;

namespace Countersign.Server.TrustedIssuers;

/// <summary>What this node holds of an issuer's keys, and what is wrong with them.</summary>
internal sealed record IssuerState(TrustedKeyView[] Keys, DateTimeOffset? FetchedAt, DateTimeOffset? NextRefresh, string? Problem)
{
    public static IssuerState Of(AdminCaller caller, TrustedIssuerRow row, JwksSources sources)
    {
        // What the snapshot has compiled need not be read again.
        var issuer = caller.Snapshot.Trust.Issuer(row.Id) is { } known && known.Version == row.Version ? known : TrustedIssuer.Compile(row, out _);

        return Of(issuer, row, sources.StateOf(caller.TenantId, row.Id), caller.Now);
    }

    public static IssuerState Of(TrustedIssuer? issuer, TrustedIssuerRow row, JwksState? fetched, DateTimeOffset now)
    {
        if (issuer is null)
        {
            return new IssuerState([], null, null, TrustedIssuer.Compile(row, out var fault) is null ? fault : null);
        }

        if (issuer.Source is not null)
        {
            return new IssuerState(Views(fetched?.Keys ?? []), fetched?.FetchedAt, fetched?.NextRefresh, fetched?.Problem);
        }

        var ended = issuer.Certificates.Count > 0 && issuer.Certificates.All(c => c.NotBefore > now || c.NotAfter <= now);

        return new IssuerState(
            [.. Views(issuer.Keys), .. issuer.Certificates.Select(c => new TrustedKeyView(c.Key.Kid, c.Key.Algorithm.Name, c.Key.Thumbprint, c.NotAfter))],
            null,
            null,
            ended ? "none of the certificates is valid now" : null);
    }

    /// <summary>What keeps all of its tokens from being taken, for whoever has just saved it.</summary>
    public IEnumerable<string> Warnings(TrustedIssuerRow row)
    {
        if (Problem is not null || (Keys.Length == 0 && KeySources.IsFetched(row.KeySource)))
        {
            yield return Keys.Length == 0
                ? $"there are no keys, so none of its tokens is taken: {Problem ?? "the JWK set has no key that can check signatures"}"
                : $"its keys: {Problem}";
        }
        else if (!Array.Exists(Keys, k => Array.IndexOf(row.Algorithms, k.Alg) >= 0))
        {
            yield return $"none of its keys is for one of the algorithms {string.Join(", ", row.Algorithms)}";
        }
    }

    private static TrustedKeyView[] Views(IReadOnlyList<VerificationKey> keys) => [.. keys.Select(k => new TrustedKeyView(k.Kid, k.Algorithm.Name, k.Thumbprint, null))];
}

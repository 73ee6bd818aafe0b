using Countersign.OAuth;
using Countersign.Server.Jwks;

namespace Countersign.Server.TrustedIssuers;

/// <summary>The key that a foreign token is to be verified with, or why there is none.</summary>
/// <param name="Key">The key.</param>
/// <param name="Failed">Why there is none.</param>
/// <param name="IsUnavailable">Whether that may be otherwise in a moment: the host of the keys does not answer.</param>
internal readonly record struct ForeignKey(VerificationKey? Key, FailedCheck? Failed = null, bool IsUnavailable = false);

/// <summary>The keys of trusted issuers, each issuer's for its own tokens alone (R102, R204).</summary>
internal sealed class ForeignKeys(JwksSources jwks)
{
    public async ValueTask<ForeignKey> FindAsync(Guid tenantId, TrustedIssuer issuer, CompactJws jws, DateTimeOffset now, CancellationToken ct)
    {
        if (Array.IndexOf(issuer.Algorithms, jws.Algorithm) < 0)
        {
            return new ForeignKey(null, new FailedCheck(
                "issuer-algorithm", "the trusted issuer is not set to this algorithm", jws.Algorithm.Name, string.Join(", ", issuer.Algorithms.Select(a => a.Name)), "add the algorithm to the trusted issuer, if its owner announced it"));
        }

        if (issuer.Certificates.Count > 0)
        {
            return new ForeignKey(CertificateKey.Select(jws, issuer.Certificates, now, out var wrong), wrong);
        }

        if (issuer.Source is not { } source)
        {
            return Of(issuer.Keys, jws, null);
        }

        var (keys, problem) = await jwks.FindAsync(tenantId, source, jws, ct);

        return keys is null
            ? new ForeignKey(
                null,
                new FailedCheck("keys-available", $"the issuer's keys cannot be fetched: {problem}", issuer.Issuer, "a JWK set", "see that the address answers (countersign issuer refresh)"),
                IsUnavailable: true)
            : Of(keys, jws, problem);
    }

    private static ForeignKey Of(IReadOnlyList<VerificationKey> keys, CompactJws jws, string? problem)
    {
        var key = VerificationKeySet.Select(jws, keys, out var failed);

        if (failed is not null)
        {
            failed = failed with
            {
                Hint = problem is null
                    ? "the token is not of this issuer, or the issuer has new keys: see them with countersign issuer show"
                    : $"the last fetch of the issuer's keys failed: {problem}",
            };
        }

        return new ForeignKey(key, failed);
    }
}

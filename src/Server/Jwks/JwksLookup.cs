using Countersign.OAuth;

namespace Countersign.Server.Jwks;

/// <summary>Where a JWK set comes from, as it is configured (R192). <see cref="Id"/> is that of its row, and of the credential.</summary>
/// <param name="DiscoveryIssuer">The issuer whose metadata name the URL, in place of <paramref name="Url"/>.</param>
/// <param name="JwksHost">The one host, beside the issuer's own, that its metadata may name.</param>
/// <param name="Use">What the keys must be for.</param>
internal sealed record JwksUrlFacts(
    Guid Id, string Url, string? CaCertificates, SigningAlgorithm? RsaAlgorithm, string? DiscoveryIssuer = null, string? JwksHost = null, string Use = "sig");

/// <summary>The keys that are held, and why the last fetch failed, for the operator. Keys are null when nothing usable is held.</summary>
internal sealed record JwksLookup(IReadOnlyList<VerificationKey>? Keys, string? Problem);

/// <summary>What this node holds of a source.</summary>
internal sealed record JwksState(DateTimeOffset? FetchedAt, IReadOnlyList<VerificationKey> Keys, string? Problem, DateTimeOffset? NextRefresh);

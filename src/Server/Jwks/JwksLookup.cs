using Countersign.OAuth;

namespace Countersign.Server.Jwks;

/// <summary>A JWK set's URL as it is configured (R192). <see cref="Id"/> is that of its row, and of the credential.</summary>
internal sealed record JwksUrlFacts(Guid Id, string Url, string? CaCertificates, SigningAlgorithm? RsaAlgorithm);

/// <summary>The keys that are held, and why the last fetch failed, for the operator. Keys are null when nothing usable is held.</summary>
internal sealed record JwksLookup(IReadOnlyList<VerificationKey>? Keys, string? Problem);

/// <summary>What this node holds of a source.</summary>
internal sealed record JwksState(DateTimeOffset? FetchedAt, IReadOnlyList<VerificationKey> Keys, string? Problem, DateTimeOffset? NextRefresh);

using System.Text;
using Countersign.OAuth;
using Countersign.Server.Data;
using Countersign.Server.Jwks;

namespace Countersign.Server.TrustedIssuers;

/// <summary>A foreign issuer as a decision needs it: its keys or where they are, and what its tokens must say.</summary>
internal sealed class TrustedIssuer
{
    /// <summary>Tokens that have no jti are taken for an hour at most (R69).</summary>
    public static readonly TimeSpan LongestAgeWithoutId = TimeSpan.FromMinutes(60);

    private TrustedIssuer(TrustedIssuerRow row) => (Id, Version, Name, Kind, Issuer, Disabled) = (row.Id, row.Version, row.Name, row.Kind, row.Issuer, row.Disabled);

    public Guid Id { get; }

    public int Version { get; }

    public string Name { get; }

    public string Kind { get; }

    /// <summary>The exact <c>iss</c>; for SPIFFE the trust domain, <c>spiffe://…</c>.</summary>
    public string Issuer { get; }

    public bool IsSpiffe => Kind == IssuerKind.Spiffe;

    public bool Disabled { get; }

    /// <summary>Where its keys are, when they are not kept here.</summary>
    public JwksUrlFacts? Source { get; private init; }

    /// <summary>The keys of a pasted set.</summary>
    public IReadOnlyList<VerificationKey> Keys { get; private init; } = [];

    public IReadOnlyList<CertificateKey> Certificates { get; private init; } = [];

    public required SigningAlgorithm[] Algorithms { get; init; }

    public required string[] Audiences { get; init; }

    public bool AllowsExtraAudiences { get; private init; }

    /// <summary>Null: the tenant's.</summary>
    public TimeSpan? ClockSkew { get; private init; }

    public TimeSpan MaxTokenAge { get; private init; }

    /// <summary>One of <see cref="Replays"/>.</summary>
    public required string Replay { get; init; }

    public TimeSpan ReplayWindow { get; private init; }

    public bool RequiresId { get; private init; }

    /// <summary>Whether rules must name ids that stay, not names that can change hands (R205).</summary>
    public bool RequiresImmutableIds { get; private init; }

    /// <summary>The issuer of a row; null, and what is wrong with it, when it is none that could ever be verified.</summary>
    public static TrustedIssuer? Compile(TrustedIssuerRow row, out string fault)
    {
        fault = "";
        var algorithms = Array.ConvertAll(row.Algorithms, name => SigningAlgorithm.ByName(name));
        var use = row.Kind == IssuerKind.Spiffe ? "jwt-svid" : "sig";
        VerificationKeySet? set = null;
        IReadOnlyList<CertificateKey>? certificates = null;

        if (Array.IndexOf(algorithms, null) is >= 0 and var at)
        {
            fault = $"algorithms: {row.Algorithms[at]} is none of {string.Join(", ", SigningAlgorithm.All.Select(a => a.Name))}";

            return null;
        }

        // Keys that name no algorithm are of the one that the issuer may use, when there is one alone.
        var rsa = Array.FindAll(algorithms, a => a!.KeyType == "RSA") is [var only] ? only : null;

        if (row.Jwks is { } jwks && (set = VerificationKeySet.Read(Encoding.UTF8.GetBytes(jwks), out var wrong, rsa, use)) is null)
        {
            fault = $"jwks: {wrong}";

            return null;
        }

        if (set is { Keys.Count: 0 })
        {
            fault = $"jwks: none of its keys can check signatures (RSA of 2048 to 8192 bits, P-256, P-384, P-521; use {use})";

            return null;
        }

        if (row.Certificates is { } pem && (certificates = CertificateKey.Read(pem, out var bad, rsa)) is null)
        {
            fault = $"certificates: {bad}";

            return null;
        }

        return new TrustedIssuer(row)
        {
            Source = row.KeySource switch
            {
                "discovery" => new JwksUrlFacts(row.Id, row.Issuer, row.CaCertificates, rsa, DiscoveryIssuer: row.Issuer, JwksHost: row.JwksHost, Use: use),
                "jwks_url" => new JwksUrlFacts(row.Id, row.JwksUrl!, row.CaCertificates, rsa, Use: use),
                _ => null,
            },
            Keys = set?.Keys ?? [],
            Certificates = certificates ?? [],
            Algorithms = algorithms!,
            Audiences = row.Audiences,
            AllowsExtraAudiences = row.AllowExtraAudiences,
            ClockSkew = row.ClockSkewSeconds is { } skew ? TimeSpan.FromSeconds(skew) : null,
            MaxTokenAge = TimeSpan.FromSeconds(row.MaxTokenAgeSeconds),
            Replay = row.Replay,
            ReplayWindow = TimeSpan.FromSeconds(row.ReplayWindowSeconds ?? 0),
            RequiresId = row.RequireJti,
            RequiresImmutableIds = row.RequireImmutableIds,
        };
    }
}

using System.Net;
using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Jwks;
using Countersign.Server.Tenants;

namespace Countersign.Server.TrustedIssuers;

/// <summary>A change of an issuer's row, and whether what comes of it can be trusted. The whole row is judged, whatever the change names (R217).</summary>
internal static class IssuerSettings
{
    public const int LongestSkew = 60;
    public const int ShortestAge = 60;
    public const int LongestAge = 24 * 60 * 60;
    public const int LongestWindow = 60 * 60;
    public const int MostAudiences = 20;

    private const int LongestAudience = 1024;
    private const int LongestCertificates = 64 * 1024;

    // Networks of all addresses.
    private static readonly IPNetwork[] s_anywhere = [IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0")];

    /// <summary>Changes the row; or says what is wrong with it then.</summary>
    public static Refusal? Apply(TrustedIssuerRow row, TrustedIssuerPatch body, AdminCaller caller, OutboundRules rules)
    {
        row.Name = body.Name.Is(out var name) ? name ?? "" : row.Name;

        if (Names.Fault(row.Name) is { } nameFault)
        {
            return Refusal.Invalid("name", nameFault);
        }

        row.NameKey = Names.Key(row.Name);
        row.Kind = body.Kind.Is(out var kindName) ? kindName ?? IssuerKind.Generic : row.Kind;

        if (IssuerKind.ByName(row.Kind) is not { } kind)
        {
            return Refusal.Invalid("kind", $"must be one of {string.Join(", ", IssuerKind.All.Select(k => k.Name))}");
        }

        if (IssuerSource.Apply(row, body) is { } sourceFault)
        {
            return sourceFault;
        }

        row.Issuer = body.Issuer.Is(out var issuer) ? issuer ?? kind.Issuer ?? "" : row.Issuer;
        Set(row, body, kind);

        return IssuerFault(row, caller, rules) ?? SourceFault(row, rules) ?? AudienceFault(row) ?? AlgorithmFault(row) ?? TimeFault(row);
    }

    private static void Set(TrustedIssuerRow row, TrustedIssuerPatch body, IssuerKind kind)
    {
        row.Audiences = body.Audiences.Is(out var audiences) ? audiences ?? [] : row.Audiences;
        row.Algorithms = body.Algorithms.Is(out var algorithms) ? algorithms ?? [.. SigningAlgorithm.All.Select(a => a.Name)] : row.Algorithms;
        row.AllowExtraAudiences = body.AllowExtraAudiences.Is(out var extra) ? extra : row.AllowExtraAudiences;
        row.ClockSkewSeconds = body.ClockSkewSeconds.Is(out var skew) ? skew : row.ClockSkewSeconds;
        row.MaxTokenAgeSeconds = body.MaxTokenAgeSeconds.Is(out var age) ? age ?? 3600 : row.MaxTokenAgeSeconds;
        row.Replay = body.Replay.Is(out var replay) ? replay ?? kind.Replay : row.Replay;
        row.ReplayWindowSeconds = body.ReplayWindowSeconds.Is(out var window) ? window : row.ReplayWindowSeconds;
        row.RequireJti = body.RequireJti.Is(out var jti) ? jti ?? kind.RequireJti : row.RequireJti;
        row.RequireImmutableIds = body.RequireImmutableIds.Is(out var immutable) ? immutable : row.RequireImmutableIds;
        row.Disabled = body.Disabled.Is(out var disabled) ? disabled : row.Disabled;
    }

    private static Refusal? IssuerFault(TrustedIssuerRow row, AdminCaller caller, OutboundRules rules)
    {
        if (row.Kind == IssuerKind.Spiffe)
        {
            return SpiffeId.IsTrustDomain(row.Issuer) ? null
                : Refusal.Invalid("issuer", "must be the trust domain, spiffe://trust-domain, of lower-case letters, digits, dots, hyphens and underscores");
        }

        // It is compared, not fetched, unless by discovery: where it would lead to does not matter here.
        var anywhere = rules with { Ports = [PortRange.All], Networks = s_anywhere };

        return row.Issuer.Length == 0 ? Refusal.Invalid("issuer", "must be given: the exact iss of its tokens")
            : (JwksUrl.Fault(row.Issuer, anywhere) ?? IssuerDiscovery.IssuerFault(row.Issuer)) is { } fault ? Refusal.Invalid("issuer", $"must be an https URL: {fault}")
            : IsOwn(row.Issuer, caller.Snapshot.Issuer) ? Refusal.Invalid("issuer", "is this tenant's own: its tokens are known without trust in another")
            : null;
    }

    private static bool IsOwn(string issuer, string own) => issuer.TrimEnd('/').Equals(own.TrimEnd('/'), StringComparison.OrdinalIgnoreCase);

    private static Refusal? SourceFault(TrustedIssuerRow row, OutboundRules rules)
    {
        var isFetched = KeySources.IsFetched(row.KeySource);

        return row.Kind == IssuerKind.Spiffe && row.KeySource == KeySources.Discovery
                ? Refusal.Invalid("discovery", "is not for a trust domain: give the URL of its bundle in jwks_url, or the bundle in jwks")
            : row.Kind == IssuerKind.Spiffe && row.KeySource == KeySources.Certificates
                ? Refusal.Invalid("certificates", "are not for a trust domain: its keys must say that they are for JWT-SVIDs, so give jwks_url or jwks")
            : row.KeySource == KeySources.Discovery && JwksUrl.Fault(row.Issuer, rules) is { } issuerFault ? Refusal.Invalid("issuer", issuerFault)
            : row.JwksUrl is { } url && JwksUrl.Fault(url, rules) is { } urlFault ? Refusal.Invalid("jwks_url", urlFault)
            : row.Jwks is { Length: > OutboundFetch.MaxBody } ? Refusal.Invalid("jwks", $"must not be larger than {OutboundFetch.MaxBody / 1024} KiB")
            : row.Certificates is { } pem && CertificateFault(pem) is { } pemFault ? Refusal.Invalid("certificates", pemFault)
            : row.JwksHost is not null && row.KeySource != KeySources.Discovery ? Refusal.Invalid("jwks_host", "belongs to discovery")
            : row.JwksHost is { } host && (host.Length > 253 || Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
                ? Refusal.Invalid("jwks_host", "must be a host name, without scheme and port")
            : row.CaCertificates is not null && !isFetched ? Refusal.Invalid("ca_certificates", "belongs to discovery or jwks_url")
            : row.CaCertificates is { } authorities && CaBundle.Fault(authorities) is { } bundleFault ? Refusal.Invalid("ca_certificates", bundleFault)
            : null;
    }

    private static string? CertificateFault(string pem) =>
        pem.Length > LongestCertificates ? $"must not be longer than {LongestCertificates} characters together"
        : pem.Contains("PRIVATE KEY", StringComparison.Ordinal) ? "hold a private key; only certificates belong here"
        : null;

    private static Refusal? AudienceFault(TrustedIssuerRow row) =>
        row.Audiences.Length is 0 or > MostAudiences ? Refusal.Invalid("audiences", $"must hold 1 to {MostAudiences} values: who its tokens are for, exactly as in aud")
        : row.Audiences.Distinct(StringComparer.Ordinal).Count() != row.Audiences.Length ? Refusal.Invalid("audiences", "holds a value twice")
        : Array.Exists(row.Audiences, a => string.IsNullOrWhiteSpace(a) || a.Length > LongestAudience || a.Any(char.IsControl))
            ? Refusal.Invalid("audiences", $"must hold values of 1 to {LongestAudience} characters, without control characters")
        : null;

    private static Refusal? AlgorithmFault(TrustedIssuerRow row) =>
        row.Algorithms.Length == 0 || row.Algorithms.Distinct(StringComparer.Ordinal).Count() != row.Algorithms.Length || Array.Exists(row.Algorithms, a => SigningAlgorithm.ByName(a) is null)
            ? Refusal.Invalid("algorithms", $"must hold one or more of {string.Join(", ", SigningAlgorithm.All)}, each once")
            : null;

    private static Refusal? TimeFault(TrustedIssuerRow row)
    {
        var longestWithoutId = (int)TrustedIssuer.LongestAgeWithoutId.TotalSeconds;

        return row.ClockSkewSeconds is < 0 or > LongestSkew ? Refusal.Invalid("clock_skew_seconds", $"must be from 0 to {LongestSkew}")
            : row.MaxTokenAgeSeconds is < ShortestAge or > LongestAge ? Refusal.Invalid("max_token_age_seconds", $"must be from {ShortestAge} to {LongestAge}")
            : Array.IndexOf(Replays.All, row.Replay) < 0 ? Refusal.Invalid("replay", $"must be one of {string.Join(", ", Replays.All)}")
            : row.Replay == Replays.Window && row.ReplayWindowSeconds is not (>= 1 and <= LongestWindow)
                ? Refusal.Invalid("replay_window_seconds", $"must be from 1 to {LongestWindow} with replay {Replays.Window}")
            : row.Replay != Replays.Window && row.ReplayWindowSeconds is not null ? Refusal.Invalid("replay_window_seconds", $"belongs to replay {Replays.Window}")
            : !row.RequireJti && row.MaxTokenAgeSeconds > longestWithoutId
                ? Refusal.Invalid("max_token_age_seconds", $"must be at most {longestWithoutId} where require_jti is false: what has no id cannot be told from its repetition")
            : null;
    }
}

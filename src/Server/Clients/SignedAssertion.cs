using System.Text;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Clients;

/// <summary>An assertion taken apart: well-formed, and nothing of it believed but whose key to look for (R88).</summary>
internal sealed class SignedAssertion
{
    private SignedAssertion(string clientId, CompactJws jws, JwtClaims claims) => (ClientId, Jws, Claims) = (clientId, jws, claims);

    /// <summary>The client whose key is to be looked for. A foreign issuer's token names none before its rules are asked: then the one that the request names, or the issuer.</summary>
    public string ClientId { get; }

    public CompactJws Jws { get; }

    public JwtClaims Claims { get; }

    /// <summary>The trusted issuer that it says it is of; null: the client has signed it itself.</summary>
    public TrustedIssuer? Issuer { get; private init; }

    /// <summary>The client id that stands beside a foreign token, which must be the one that its rules lead to (R35).</summary>
    public string? Named { get; private init; }

    /// <param name="text">The assertion as it was sent.</param>
    /// <param name="named">The client id that the request names: where the assertion names none, a refusal then tells of the right account.</param>
    /// <param name="exchange">What is known of the request.</param>
    /// <param name="failed">The check that failed, when null is returned.</param>
    public static SignedAssertion? Read(ReadOnlyMemory<byte> text, string? named, Exchange exchange, out FailedCheck? failed)
    {
        if (Parse(text, out failed) is not var (jws, claims))
        {
            return null;
        }

        if (exchange.Snapshot.Trust.Of(claims) is { } issuer)
        {
            return OfForeign(jws, claims, issuer, named);
        }

        var clientId = claims.Subject ?? claims.Issuer ?? named;

        if (clientId is null || !ClientIdText.IsValid(Encoding.UTF8.GetBytes(clientId)))
        {
            failed = new FailedCheck(
                "assertion-subject", clientId is null ? "iss and sub are absent" : "sub is not 1 to 255 printable ASCII characters", Expected: "the client id", Hint: "have the client put its client id into iss and sub");

            return null;
        }

        return new SignedAssertion(clientId, jws, claims);
    }

    /// <summary>A JWT-SVID, whose issuer is the trust domain of its subject (R67).</summary>
    /// <inheritdoc cref="Read"/>
    public static SignedAssertion? ReadSpiffe(ReadOnlyMemory<byte> text, string? named, Exchange exchange, out FailedCheck? failed)
    {
        if (Parse(text, out failed) is not var (jws, claims))
        {
            return null;
        }

        if (exchange.Snapshot.Trust.OfSpiffe(claims) is { } issuer)
        {
            return OfForeign(jws, claims, issuer, named);
        }

        failed = SpiffeId.TrustDomain(claims.Subject) is { } domain
            ? new FailedCheck("issuer-known", "no trusted issuer is for this trust domain", domain, Hint: "create a trusted issuer of kind spiffe for it")
            : new FailedCheck("assertion-subject", "sub is not a SPIFFE ID", Expected: "spiffe://trust-domain/path", Hint: "send a JWT-SVID, or the client assertion type jwt-bearer");

        return null;
    }

    /// <summary>A token of a foreign issuer, where nothing else is taken: the subject token of an exchange.</summary>
    /// <inheritdoc cref="Read"/>
    public static SignedAssertion? ReadForeign(ReadOnlyMemory<byte> text, Exchange exchange, out FailedCheck? failed)
    {
        if (Parse(text, out failed) is not var (jws, claims))
        {
            return null;
        }

        if (exchange.Snapshot.Trust.Of(claims) is { } issuer)
        {
            return OfForeign(jws, claims, issuer, null);
        }

        failed = new FailedCheck("issuer-known", "the token's issuer is not trusted", claims.Issuer, Hint: "create a trusted issuer for it (countersign issuer create)");

        return null;
    }

    private static (CompactJws Jws, JwtClaims Claims)? Parse(ReadOnlyMemory<byte> text, out FailedCheck? failed) =>
        CompactJws.Parse(text, out failed) is { } jws && JwtClaims.Read(jws, out failed) is { } claims ? (jws, claims) : null;

    private static SignedAssertion OfForeign(CompactJws jws, JwtClaims claims, TrustedIssuer issuer, string? named) =>
        new(named ?? issuer.Issuer, jws, claims) { Issuer = issuer, Named = named };
}

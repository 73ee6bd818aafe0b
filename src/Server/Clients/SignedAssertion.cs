using System.Text;
using Countersign.OAuth;

namespace Countersign.Server.Clients;

/// <summary>An assertion taken apart: well-formed, and nothing of it believed but whose key to look for (R88).</summary>
internal sealed class SignedAssertion
{
    private SignedAssertion(string clientId, CompactJws jws, JwtClaims claims) => (ClientId, Jws, Claims) = (clientId, jws, claims);

    /// <summary>The client whose key is to be looked for.</summary>
    public string ClientId { get; }

    public CompactJws Jws { get; }

    public JwtClaims Claims { get; }

    /// <param name="text">The assertion as it was sent.</param>
    /// <param name="otherwise">The client id that the request names, for an assertion that names none: the refusal then tells of the right account.</param>
    /// <param name="failed">The check that failed, when null is returned.</param>
    public static SignedAssertion? Read(ReadOnlyMemory<byte> text, string? otherwise, out FailedCheck? failed)
    {
        if (CompactJws.Parse(text, out failed) is not { } jws || JwtClaims.Read(jws, out failed) is not { } claims)
        {
            return null;
        }

        var clientId = claims.Subject ?? claims.Issuer ?? otherwise;

        if (clientId is null || !ClientIdText.IsValid(Encoding.UTF8.GetBytes(clientId)))
        {
            failed = new FailedCheck(
                "assertion-subject", clientId is null ? "iss and sub are absent" : "sub is not 1 to 255 printable ASCII characters", Expected: "the client id", Hint: "have the client put its client id into iss and sub");

            return null;
        }

        return new SignedAssertion(clientId, jws, claims);
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Countersign.OAuth;

namespace Countersign.Cli.Keys;

/// <summary>The JWT by which a client says who it is (RFC 7523 §2.2), or that is its grant (§2.1).</summary>
internal static class ClientAssertion
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    public static JsonObject Claims(string? clientId, string? audience, DateTimeOffset now, TimeSpan lifetime) => new JsonObject()
        .With("iss", clientId)
        .With("sub", clientId)
        .With("aud", audience)
        .With("iat", now.ToUnixTimeSeconds())
        .With("exp", (now + lifetime).ToUnixTimeSeconds())
        .With("jti", StrictBase64Url.Encode(RandomNumberGenerator.GetBytes(16)));

    public static string Sign(SigningKey key, JsonObject claims, string type = "JWT", bool withKid = true) =>
        Encoding.ASCII.GetString(CompactJws.Sign(key, type, Encoding.UTF8.GetBytes(claims.ToJsonString()), withKid));

    public static string Sign(SigningKey key, string clientId, string audience, DateTimeOffset now) =>
        Sign(key, Claims(clientId, audience, now, Lifetime));
}

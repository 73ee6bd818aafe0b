using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>The members of a public JWK that are the key itself, in the order of RFC 7638 §3.2.</summary>
internal sealed class PublicJwkMembers
{
    private readonly (string Name, string Value)[] _members;

    private PublicJwkMembers(params (string Name, string Value)[] members) => _members = members;

    /// <summary>Throws when the key is not one for this algorithm.</summary>
    public static PublicJwkMembers Of(AsymmetricAlgorithm key, SigningAlgorithm algorithm) =>
        key is ECDsa ec ? OfEc(ec.ExportParameters(false), algorithm) : OfRsa(((RSA)key).ExportParameters(false));

    /// <summary>RFC 7638, SHA-256, in base64url.</summary>
    public string Thumbprint() => StrictBase64Url.Encode(SHA256.HashData(Written([])));

    /// <summary>The JWK in UTF-8.</summary>
    public byte[] ForSigning(SigningAlgorithm algorithm, string kid) => Written([("use", "sig"), ("alg", algorithm.Name), ("kid", kid)]);

    private byte[] Written(ReadOnlySpan<(string Name, string Value)> more)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();

        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[.. _members, .. more])
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.Flush();

        return buffer.WrittenSpan.ToArray();
    }

    private static PublicJwkMembers OfEc(ECParameters key, SigningAlgorithm algorithm) => key.Curve.Oid.Value == algorithm.CurveOid
        ? new(("crv", algorithm.Curve!), ("kty", "EC"), ("x", StrictBase64Url.Encode(key.Q.X)), ("y", StrictBase64Url.Encode(key.Q.Y)))
        : throw new CryptographicException($"the key is not on the curve of {algorithm.Name}");

    // RFC 7518 §3.3 asks for 2048 bits or more; small exponents and absurd sizes are refused with the short ones.
    private static PublicJwkMembers OfRsa(RSAParameters key) => key.Modulus is { Length: >= 256 and <= 1024 } && key.Exponent is [1, 0, 1]
        ? new(("e", StrictBase64Url.Encode(key.Exponent)), ("kty", "RSA"), ("n", StrictBase64Url.Encode(key.Modulus)))
        : throw new CryptographicException("an RSA key has 2048 to 8192 bits and the exponent 65537");
}

using System.Buffers.Text;
using System.Security.Cryptography;

namespace Countersign.Compatibility.Tests;

/// <summary>A pair that a client has made for itself: the private half as PEM (PKCS #8), the public one as a JWK and as PEM.</summary>
internal sealed record ClientKey(string Alg, string Kid, string Pem, string PublicPem, object Jwk)
{
    public static ClientKey New(string alg)
    {
        var kid = Guid.NewGuid().ToString();

        return alg[0] == 'E' ? NewEc(alg, kid) : NewRsa(alg, kid);
    }

    /// <summary>What the scripts under `clients` read.</summary>
    public (string, string?)[] Environment => [("METHOD", "private_key_jwt"), ("KEY", Pem), ("KEY_ID", Kid), ("ALG", Alg)];

    private static ClientKey NewRsa(string alg, string kid)
    {
        using var rsa = RSA.Create(2048);
        var key = rsa.ExportParameters(includePrivateParameters: false);
        var jwk = new { kty = "RSA", alg, kid, use = "sig", n = Text(key.Modulus!), e = Text(key.Exponent!) };

        return new ClientKey(alg, kid, rsa.ExportPkcs8PrivateKeyPem(), rsa.ExportSubjectPublicKeyInfoPem(), jwk);
    }

    private static ClientKey NewEc(string alg, string kid)
    {
        var (curve, crv) = alg == "ES256" ? (ECCurve.NamedCurves.nistP256, "P-256") : (ECCurve.NamedCurves.nistP384, "P-384");
        using var ec = ECDsa.Create(curve);
        var key = ec.ExportParameters(includePrivateParameters: false);
        var jwk = new { kty = "EC", alg, kid, use = "sig", crv, x = Text(key.Q.X!), y = Text(key.Q.Y!) };

        return new ClientKey(alg, kid, ec.ExportPkcs8PrivateKeyPem(), ec.ExportSubjectPublicKeyInfoPem(), jwk);
    }

    private static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);
}

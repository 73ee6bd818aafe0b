using System.Security.Cryptography;
using System.Text.Json;

namespace Countersign.OAuth.Tests;

/// <summary>Verifies from a published JWK alone, without any code of ours.</summary>
internal static class Independent
{
    public static bool Verify(byte[] jwk, byte[] data, byte[] signature)
    {
        var key = JsonDocument.Parse(jwk).RootElement;
        var alg = key.GetProperty("alg").GetString()!;
        var hash = new HashAlgorithmName("SHA" + alg[2..]);

        if (key.GetProperty("kty").GetString() == "RSA")
        {
            using var rsa = RSA.Create(new RSAParameters { Modulus = Bytes("n"), Exponent = Bytes("e") });

            return rsa.VerifyData(data, signature, hash, alg[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
        }

        using var ec = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.CreateFromFriendlyName("nistP" + key.GetProperty("crv").GetString()![2..]),
            Q = new ECPoint { X = Bytes("x"), Y = Bytes("y") },
        });

        return ec.VerifyData(data, signature, hash);

        byte[] Bytes(string member) => System.Buffers.Text.Base64Url.DecodeFromChars(key.GetProperty(member).GetString());
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Countersign.Server.Tests.Framework;

/// <summary>A JWT taken apart and verified from the published key set alone, without any code of ours.</summary>
internal sealed record IndependentJwt(JsonElement Header, JsonElement Claims, byte[] Signed, byte[] Signature)
{
    public static IndependentJwt Read(string token)
    {
        var parts = token.Split('.');
        Assert.Equal(3, parts.Length);

        return new IndependentJwt(
            JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0])).RootElement,
            JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement,
            Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
            Base64Url.DecodeFromChars(parts[2]));
    }

    public string Claim(string name) => Claims.GetProperty(name).ToString();

    /// <summary>Whether one key of the set, that of the same <c>kid</c> and <c>alg</c>, made the signature.</summary>
    public bool IsSignedByOneOf(JsonElement keySet)
    {
        var (kid, alg) = (Header.GetProperty("kid").GetString(), Header.GetProperty("alg").GetString()!);
        var key = keySet.GetProperty("keys").EnumerateArray().Single(k => k.GetProperty("kid").GetString() == kid);
        Assert.Equal((alg, "sig"), (key.GetProperty("alg").GetString(), key.GetProperty("use").GetString()));
        var hash = new HashAlgorithmName("SHA" + alg[2..]);

        if (alg[0] == 'E')
        {
            using var ec = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.CreateFromFriendlyName("nistP" + key.GetProperty("crv").GetString()![2..]),
                Q = new ECPoint { X = Bytes("x"), Y = Bytes("y") },
            });

            return ec.VerifyData(Signed, Signature, hash);
        }

        using var rsa = RSA.Create(new RSAParameters { Modulus = Bytes("n"), Exponent = Bytes("e") });

        return rsa.VerifyData(Signed, Signature, hash, alg[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);

        byte[] Bytes(string member) => Base64Url.DecodeFromChars(key.GetProperty(member).GetString());
    }
}

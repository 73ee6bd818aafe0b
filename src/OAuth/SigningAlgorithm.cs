using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>All that is known of a signature algorithm (RFC 7518 §3.1): the one table by <c>alg</c>.</summary>
public sealed class SigningAlgorithm
{
    private SigningAlgorithm(string name, HashAlgorithmName hash, RSASignaturePadding padding) =>
        (Name, Family, Hash, Padding) = (name, KeyFamily.Rsa, hash, padding);

    private SigningAlgorithm(string name, HashAlgorithmName hash, string curve, string curveOid, int signatureLength) =>
        (Name, Family, Hash, Curve, CurveOid, SignatureLength) = (name, KeyFamily.Ec, hash, curve, curveOid, signatureLength);

    /// <summary>Every algorithm that we sign with and take. HMAC and <c>none</c> are not among them (R76).</summary>
    public static IReadOnlyList<SigningAlgorithm> All { get; } =
    [
        // RFC 7518 §3.4: r and s, each as long as the order of the curve.
        new("ES256", HashAlgorithmName.SHA256, "P-256", "1.2.840.10045.3.1.7", 64),
        new("ES384", HashAlgorithmName.SHA384, "P-384", "1.3.132.0.34", 96),
        new("ES512", HashAlgorithmName.SHA512, "P-521", "1.3.132.0.35", 132),
        new("RS256", HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        new("RS384", HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        new("RS512", HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),

        // The salt is as long as the hash (RFC 7518 §3.5), which is all that the platform makes and takes.
        new("PS256", HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        new("PS384", HashAlgorithmName.SHA384, RSASignaturePadding.Pss),
        new("PS512", HashAlgorithmName.SHA512, RSASignaturePadding.Pss),
    ];

    /// <summary>The <c>alg</c>.</summary>
    public string Name { get; }

    /// <summary>The <c>kty</c> of its keys: RSA or EC.</summary>
    public string KeyType => Family.KeyType;

    /// <summary>The <c>crv</c> of its keys; null for RSA.</summary>
    public string? Curve { get; }

    public HashAlgorithmName Hash { get; }

    /// <summary>What its keys can do.</summary>
    internal KeyFamily Family { get; }

    /// <summary>The bytes of an EC signature; zero where it depends on the key.</summary>
    internal int SignatureLength { get; }

    /// <summary>The curve as certificates and PKCS #8 name it (RFC 5480 §2.1.1.1).</summary>
    internal string? CurveOid { get; }

    internal RSASignaturePadding? Padding { get; }

    /// <summary>The algorithm of that name, letter case included; null when there is none.</summary>
    public static SigningAlgorithm? ByName(ReadOnlySpan<char> name)
    {
        foreach (var algorithm in All)
        {
            if (name.SequenceEqual(algorithm.Name))
            {
                return algorithm;
            }
        }

        return null;
    }

    /// <summary>The one algorithm of keys on the curve of that JWK name; null when we know no such curve.</summary>
    internal static SigningAlgorithm? ByCurve(string? curve) => All.FirstOrDefault(a => a.Curve is not null && a.Curve == curve);

    /// <summary>The one algorithm of keys on the curve of that object identifier; null when we know no such curve.</summary>
    internal static SigningAlgorithm? ByCurveOid(string? oid) => All.FirstOrDefault(a => a.CurveOid is not null && a.CurveOid == oid);

    public override string ToString() => Name;
}

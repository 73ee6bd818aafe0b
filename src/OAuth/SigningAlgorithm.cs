using System.Security.Cryptography;

namespace Countersign.OAuth;

/// <summary>All that is known of a signature algorithm (RFC 7518 §3.1): the one table by <c>alg</c>.</summary>
public sealed class SigningAlgorithm
{
    /// <summary>The bits of an RSA key that we make.</summary>
    public const int RsaBits = 2048;

    private SigningAlgorithm(string name, HashAlgorithmName hash, RSASignaturePadding padding) =>
        (Name, KeyType, Hash, Padding, SignatureLength) = (name, "RSA", hash, padding, RsaBits / 8);

    private SigningAlgorithm(string name, HashAlgorithmName hash, string curve, string curveOid, int signatureLength) =>
        (Name, KeyType, Hash, Curve, CurveOid, SignatureLength) = (name, "EC", hash, curve, curveOid, signatureLength);

    /// <summary>Every algorithm we sign with.</summary>
    public static IReadOnlyList<SigningAlgorithm> All { get; } =
    [
        // RFC 7518 §3.4: r and s, each as long as the order of the curve.
        new("ES256", HashAlgorithmName.SHA256, "P-256", "1.2.840.10045.3.1.7", 64),
        new("ES384", HashAlgorithmName.SHA384, "P-384", "1.3.132.0.34", 96),
        new("ES512", HashAlgorithmName.SHA512, "P-521", "1.3.132.0.35", 132),
        new("RS256", HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        new("RS384", HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        new("RS512", HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        new("PS256", HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        new("PS384", HashAlgorithmName.SHA384, RSASignaturePadding.Pss),
        new("PS512", HashAlgorithmName.SHA512, RSASignaturePadding.Pss),
    ];

    /// <summary>The <c>alg</c>.</summary>
    public string Name { get; }

    /// <summary>The <c>kty</c> of its keys: RSA or EC.</summary>
    public string KeyType { get; }

    /// <summary>The <c>crv</c> of its keys; null for RSA.</summary>
    public string? Curve { get; }

    public HashAlgorithmName Hash { get; }

    /// <summary>The bytes of a signature; for RSA, that of a key that we make.</summary>
    public int SignatureLength { get; }

    /// <summary>The curve as certificates and PKCS #8 name it (RFC 5480 §2.1.1.1).</summary>
    internal string? CurveOid { get; }

    internal RSASignaturePadding? Padding { get; }

    /// <summary>The algorithm of that name, letter case included; null when there is none.</summary>
    public static SigningAlgorithm? ByName(string name)
    {
        foreach (var algorithm in All)
        {
            if (algorithm.Name == name)
            {
                return algorithm;
            }
        }

        return null;
    }

    public override string ToString() => Name;
}

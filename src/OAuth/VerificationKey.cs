using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.OAuth;

/// <summary>A public key of somebody else, for one algorithm (R76). May be used by several threads at once.</summary>
[DebuggerDisplay("{Kid} {Algorithm}")]
public sealed class VerificationKey
{
    /// <summary>The longest <c>kid</c>, in characters (R84).</summary>
    public const int MaxKidLength = 255;

    private readonly KeyInstances _instances;

    // The handle is for looking at the key: those that are not used hold none.
    private VerificationKey(SigningAlgorithm algorithm, string? kid, AsymmetricAlgorithm first)
    {
        Algorithm = algorithm;
        Kid = kid;
        var members = algorithm.Family.PublicMembers(first, algorithm);
        var spki = first.ExportSubjectPublicKeyInfo();
        _instances = new KeyInstances(algorithm, algorithm.Family.SignatureLength(first, algorithm), () => algorithm.Family.OpenPublic(spki));
        Thumbprint = PublicJwkText.Thumbprint(members);
        PublicJwk = PublicJwkText.ForSigning(members, algorithm, kid);
    }

    /// <summary>The name that its owner gave it; null when it has none.</summary>
    public string? Kid { get; }

    /// <summary>The one algorithm of signatures that it checks.</summary>
    public SigningAlgorithm Algorithm { get; }

    /// <summary>RFC 7638, SHA-256, in base64url.</summary>
    public string Thumbprint { get; }

    /// <summary>The key as a JSON object in UTF-8: kty, use, alg, kid, and n, e or crv, x, y.</summary>
    public byte[] PublicJwk { get; }

    /// <summary>Reads a public JWK (RFC 7517 §4).</summary>
    /// <param name="json">The JWK in UTF-8.</param>
    /// <param name="fault">A sentence that says what to change, when null is returned.</param>
    /// <param name="rsaAlgorithm">The algorithm of an RSA key that names none; RS256 when null.</param>
    public static VerificationKey? FromJwk(ReadOnlySpan<byte> json, out string fault, SigningAlgorithm? rsaAlgorithm = null) =>
        JwkReader.Read(json, out fault) is { } jwk ? FromJwk(jwk, out fault, rsaAlgorithm) : null;

    /// <summary>Reads one PEM block (RFC 7468): a public key (SPKI or PKCS #1) or an X.509 certificate, of which the key alone counts.</summary>
    /// <param name="pem">The text.</param>
    /// <param name="kid">The name of the key, which PEM has none of.</param>
    /// <param name="algorithm">The algorithm of an RSA key; RS256 when null. For an EC key it must be that of the curve.</param>
    /// <param name="fault">A sentence that says what to change, when null is returned.</param>
    public static VerificationKey? FromPem(string pem, string? kid, SigningAlgorithm? algorithm, out string fault)
    {
        if (kid is not null && KidFault(kid) is { } wrong)
        {
            fault = wrong;

            return null;
        }

        if (!PemEncoding.TryFind(pem, out var found))
        {
            fault = "it is not PEM: a block begins with -----BEGIN PUBLIC KEY-----, BEGIN RSA PUBLIC KEY or BEGIN CERTIFICATE";

            return null;
        }

        var label = pem[found.Label];

        if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
        {
            fault = "this is a private key, which nobody else should see: give its public half (countersign key convert --to public-pem)";

            return null;
        }

        if (PemEncoding.TryFind(pem.AsSpan(found.Location.End.Value), out _))
        {
            fault = "it holds more than one block: give the one key or certificate";

            return null;
        }

        var der = new byte[found.DecodedDataLength];

        return Convert.TryFromBase64Chars(pem.AsSpan(found.Base64Data), der, out _) ? FromDer(label, der, kid, algorithm, out fault) : Unreadable(out fault);
    }

    /// <summary>Whether the signature, in the form of RFC 7518, is this key's.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => _instances.Verify(data, signature);

    /// <summary>The key as PEM (SPKI).</summary>
    public string ToPem() => _instances.With(key => ((AsymmetricAlgorithm)key).ExportSubjectPublicKeyInfoPem()) + "\n";

    public override string ToString() => Kid ?? Thumbprint;

    internal static VerificationKey? FromJwk(JwkReader jwk, out string fault, SigningAlgorithm? rsaAlgorithm, string use = "sig")
    {
        if (jwk.HasPrivate)
        {
            fault = "the JWK holds a private or symmetric key: give the public one, and replace this key if others could read it";

            return null;
        }

        if (jwk.IsForSomethingElse(use))
        {
            fault = $"the key is for something else: use must be {use}, key_ops must have verify";

            return null;
        }

        var kid = jwk.Text("kid");

        if (kid is not null && KidFault(kid) is { } wrong)
        {
            fault = wrong;

            return null;
        }

        return jwk.Algorithm(rsaAlgorithm, out fault) is not { } algorithm || algorithm.Family.OpenPublic(algorithm, jwk, out fault) is not { } first
            ? null
            : Opened(algorithm, kid, first, out fault);
    }

    internal static string? KidFault(string kid) => kid.Length is 0 or > MaxKidLength ? $"kid must have 1 to {MaxKidLength} characters" : null;

    private static VerificationKey? FromDer(string label, byte[] der, string? kid, SigningAlgorithm? algorithm, out string fault)
    {
        try
        {
            switch (label)
            {
                case "PUBLIC KEY":
                    var key = PublicKey.CreateFromSubjectPublicKeyInfo(der, out var read);

                    return read == der.Length ? Of(key, kid, algorithm, out fault) : Unreadable(out fault);
                case "RSA PUBLIC KEY":
                    var rsa = RSA.Create();
                    rsa.ImportRSAPublicKey(der, out read);

                    return read == der.Length ? Of(rsa, kid, algorithm, out fault) : Unreadable(out fault);
                case "CERTIFICATE":
                    using (var certificate = X509CertificateLoader.LoadCertificate(der))
                    {
                        return Of(certificate.PublicKey, kid, algorithm, out fault);
                    }

                default:
                    fault = $"a PEM block of this kind is no public key: PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE is";

                    return null;
            }
        }
        catch (Exception e) when (e is CryptographicException or NotSupportedException)
        {
            // A curve that the platform does not know is told by the second.
            return Unreadable(out fault);
        }
    }

    private static VerificationKey? Of(PublicKey key, string? kid, SigningAlgorithm? algorithm, out string fault)
    {
        if (key.GetRSAPublicKey() is { } rsa)
        {
            return Of(rsa, kid, algorithm, out fault);
        }

        if (key.GetECDsaPublicKey() is not { } ec)
        {
            fault = "the key must be an RSA key or an EC key";

            return null;
        }

        var curve = ec.ExportParameters(false).Curve;

        if ((curve.IsNamed ? SigningAlgorithm.ByCurveOid(curve.Oid.Value) : null) is not { } ofCurve || (algorithm is not null && algorithm != ofCurve))
        {
            fault = "the curve must be P-256 (ES256), P-384 (ES384) or P-521 (ES512), and alg that of the curve";

            return null;
        }

        return Opened(ofCurve, kid, ec, out fault);
    }

    private static VerificationKey? Of(RSA rsa, string? kid, SigningAlgorithm? algorithm, out string fault)
    {
        algorithm ??= SigningAlgorithm.ByName("RS256")!;

        if (algorithm.Family == KeyFamily.Rsa)
        {
            return Opened(algorithm, kid, rsa, out fault);
        }

        fault = $"alg must be one of {string.Join(", ", SigningAlgorithm.All.Where(a => a.Family == KeyFamily.Rsa))} for an RSA key";

        return null;
    }

    private static VerificationKey? Opened(SigningAlgorithm algorithm, string? kid, IDisposable first, out string fault)
    {
        using (first)
        {
            try
            {
                fault = "";

                return new VerificationKey(algorithm, kid, (AsymmetricAlgorithm)first);
            }
            catch (CryptographicException e)
            {
                fault = e.Message;

                return null;
            }
        }
    }

    private static VerificationKey? Unreadable(out string fault)
    {
        fault = "the block does not hold a key that can be read";

        return null;
    }
}

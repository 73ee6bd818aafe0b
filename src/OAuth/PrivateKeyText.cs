using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>Private keys as people keep them: a key file, a private JWK, or PEM.</summary>
public static class PrivateKeyText
{
    /// <summary>Reads a private key in whatever of the three forms it is.</summary>
    /// <param name="text">The text. It is in no message.</param>
    /// <param name="file">The key file around it, when it is one.</param>
    /// <param name="fault">A sentence that says what to change, when null is returned.</param>
    /// <param name="kid">The name of the key; when null, the one that the text gives, else the thumbprint.</param>
    /// <param name="algorithm">The algorithm of an RSA key; when null, the one that the text gives, else RS256.</param>
    public static SigningKey? Read(string text, out KeyFile? file, out string fault, string? kid = null, SigningAlgorithm? algorithm = null)
    {
        file = null;

        try
        {
            if (!text.AsSpan().TrimStart().StartsWith("{"))
            {
                return FromPem(text, kid, algorithm, out fault);
            }

            if (KeyFile.Read(text) is { } found)
            {
                file = found;

                return FromPem(found.Key, kid ?? found.KeyId, algorithm, out fault);
            }

            return FromJwk(Encoding.UTF8.GetBytes(text), kid, algorithm, out fault);
        }
        catch (Exception e) when (e is CryptographicException or JsonException or ArgumentException or FormatException or NotSupportedException)
        {
            // The platform's own messages may show parts of the input.
            fault = "the private key cannot be read, or its size is not taken: RSA 2048 to 8192 bits, P-256, P-384 or P-521";

            return null;
        }
    }

    /// <summary>PKCS #8 (<c>BEGIN PRIVATE KEY</c>).</summary>
    public static string Pem(SigningKey key)
    {
        var pkcs8 = key.ExportPkcs8();

        try
        {
            return PemEncoding.WriteString("PRIVATE KEY", pkcs8) + "\n";
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    /// <summary>PKCS #1 (<c>BEGIN RSA PRIVATE KEY</c>) or SEC 1 (<c>BEGIN EC PRIVATE KEY</c>), which older libraries ask for.</summary>
    public static string TraditionalPem(SigningKey key) =>
        key.With(k => k is RSA rsa ? rsa.ExportRSAPrivateKeyPem() : ((ECDsa)k).ExportECPrivateKeyPem()) + "\n";

    /// <summary>The public half as PEM (SPKI).</summary>
    public static string PublicPem(SigningKey key) => key.With(k => ((AsymmetricAlgorithm)k).ExportSubjectPublicKeyInfoPem()) + "\n";

    /// <summary>The private JWK, with use, alg and kid.</summary>
    public static string Jwk(SigningKey key)
    {
        var family = key.Algorithm.Family;
        var members = key.With(k => (JwkMember[])[.. family.PublicMembers(k, key.Algorithm), .. family.PrivateMembers(k)]);

        return Encoding.UTF8.GetString(PublicJwkText.ForSigning(members, key.Algorithm, key.Kid));
    }

    private static SigningKey? FromPem(string pem, string? kid, SigningAlgorithm? algorithm, out string fault)
    {
        fault = "";

        // openssl ecparam writes this block before the key itself.
        if (PemEncoding.TryFind(pem, out var found) && pem[found.Label] == "EC PARAMETERS")
        {
            pem = pem[found.Location.End..];
        }

        if (!PemEncoding.TryFind(pem, out found))
        {
            fault = "it is neither a key file, nor a JWK, nor PEM (-----BEGIN PRIVATE KEY-----)";

            return null;
        }

        var label = pem[found.Label];

        if (label is not ("PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY"))
        {
            fault = label == "ENCRYPTED PRIVATE KEY"
                ? "the key is encrypted: write it without a passphrase first (openssl pkey -in key.pem -out plain.pem)"
                : "it is PEM, but no private key: PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY is";

            return null;
        }

        var der = Convert.FromBase64String(pem[found.Base64Data]);

        try
        {
            using var opened = label switch
            {
                "PRIVATE KEY" => OpenPkcs8(der),
                "RSA PRIVATE KEY" => KeyFamily.Rsa.OpenTraditional(der),
                _ => KeyFamily.Ec.OpenTraditional(der),
            };

            return Opened(opened, kid, algorithm, out fault);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static IDisposable OpenPkcs8(byte[] der)
    {
        try
        {
            return KeyFamily.Rsa.OpenPrivate(der);
        }
        catch (CryptographicException)
        {
            return KeyFamily.Ec.OpenPrivate(der);
        }
    }

    private static SigningKey? Opened(IDisposable opened, string? kid, SigningAlgorithm? algorithm, out string fault)
    {
        var byKey = opened is ECDsa ec
            ? SigningAlgorithm.ByCurveOid(ec.ExportParameters(false).Curve is { IsNamed: true } curve ? curve.Oid.Value : null)
            : algorithm ?? SigningAlgorithm.ByName("RS256");
        fault = "";

        if (byKey is null || (algorithm is not null && algorithm != byKey) || byKey.Family.KeyType != (opened is RSA ? "RSA" : "EC"))
        {
            fault = "the algorithm must be that of the key: ES256 for P-256, ES384 for P-384, ES512 for P-521, RS or PS for RSA";

            return null;
        }

        var pkcs8 = byKey.Family.ExportPkcs8(opened);

        try
        {
            return SigningKey.Import(byKey, kid, pkcs8);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    private static SigningKey? FromJwk(byte[] json, string? kid, SigningAlgorithm? algorithm, out string fault)
    {
        if (JwkReader.Read(json, out fault) is not { } jwk)
        {
            return null;
        }

        if (jwk.Text("kty") is not null && !jwk.HasPrivate)
        {
            fault = "the JWK is a public key: the private one is needed here";

            return null;
        }

        if (jwk.Algorithm(algorithm, out fault) is not { } byKey)
        {
            return null;
        }

        using var opened = byKey.Family.OpenPrivate(byKey, jwk);

        return Opened(opened, kid ?? jwk.Text("kid"), algorithm ?? byKey, out fault);
    }
}

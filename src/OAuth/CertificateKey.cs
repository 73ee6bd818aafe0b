using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.OAuth;

/// <summary>
/// The key of an X.509 certificate that somebody was shown to sign with, and when it is good. The certificate is trusted as it is: no chain is
/// built, and nothing else in it counts.
/// </summary>
[DebuggerDisplay("{Key}")]
public sealed class CertificateKey
{
    private CertificateKey(VerificationKey key, X509Certificate2 certificate)
    {
        Key = key;
        NotBefore = new DateTimeOffset(certificate.NotBefore).ToUniversalTime();
        NotAfter = new DateTimeOffset(certificate.NotAfter).ToUniversalTime();

        // RFC 7515 §4.1.7, §4.1.8.
        Names =
        [
            key.Thumbprint,
            StrictBase64Url.Encode(certificate.GetCertHash(HashAlgorithmName.SHA256)),
            StrictBase64Url.Encode(certificate.GetCertHash()),
        ];
    }

    public VerificationKey Key { get; }

    public DateTimeOffset NotBefore { get; }

    /// <summary>The last moment at which it is good.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>What the <c>kid</c> of a token may be: the thumbprint of the key (RFC 7638), or of the certificate (x5t#S256, x5t).</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads certificates, PEM blocks one after the other; null, and what to change, when one is none or its key is not taken (R80).</summary>
    /// <param name="pem">The text.</param>
    /// <param name="fault">A sentence that says what to change, when null is returned.</param>
    /// <param name="rsaAlgorithm">The algorithm of RSA keys, which a certificate does not name; RS256 when null.</param>
    public static IReadOnlyList<CertificateKey>? Read(string pem, out string fault, SigningAlgorithm? rsaAlgorithm = null)
    {
        var keys = new List<CertificateKey>();

        foreach (var block in Blocks(pem))
        {
            if (keys.Count == VerificationKeySet.MostKeys)
            {
                fault = $"there are more than {VerificationKeySet.MostKeys} certificates";

                return null;
            }

            if (ReadOne(block, rsaAlgorithm, out fault) is not { } key)
            {
                fault = $"certificate {keys.Count + 1}: {fault}";

                return null;
            }

            if (keys.Exists(other => other.Names[1] == key.Names[1]))
            {
                fault = $"certificate {keys.Count + 1} stands twice";

                return null;
            }

            keys.Add(key);
        }

        fault = "";

        return keys;
    }

    /// <summary>The key that the header names, or the only one that fits its algorithm, of a certificate that is good now (R85).</summary>
    public static VerificationKey? Select(CompactJws jws, IReadOnlyList<CertificateKey> keys, DateTimeOffset now, out FailedCheck? failed)
    {
        var named = keys.Where(k => jws.Kid is null ? k.Key.Algorithm == jws.Algorithm : k.Names.Contains(jws.Kid)).ToList();
        var good = named.Where(k => k.NotBefore <= now && now <= k.NotAfter).ToList();

        // A certificate may be renewed for the same key.
        failed = named.Count == 0 ? Unknown(jws, keys)
            : good.Count == 0 ? NotNow(named, now)
            : good.Exists(k => k.Key.Thumbprint != good[0].Key.Thumbprint) ? new FailedCheck(
                "key-known", "the header has no kid, and several certificates fit its algorithm", Expected: Known(keys), Hint: "have the issuer set kid to the certificate's thumbprint")
            : good[0].Key.Algorithm != jws.Algorithm ? new FailedCheck(
                "key-algorithm", "the certificate's key is for another algorithm", jws.Algorithm.Name, good[0].Key.Algorithm.Name, "have the issuer sign with this algorithm, or change the algorithms that are taken")
            : null;

        return failed is null ? good[0].Key : null;
    }

    public override string ToString() => Key.ToString();

    // Cut where a block begins, so that none is passed over for being damaged.
    private static IEnumerable<string> Blocks(string pem)
    {
        const string Begin = "-----BEGIN ";
        var at = pem.IndexOf(Begin, StringComparison.Ordinal);

        do
        {
            var next = at < 0 ? -1 : pem.IndexOf(Begin, at + 1, StringComparison.Ordinal);
            yield return pem[Math.Max(at, 0)..(next < 0 ? pem.Length : next)];
            at = next;
        }
        while (at >= 0);
    }

    private static CertificateKey? ReadOne(string pem, SigningAlgorithm? rsaAlgorithm, out string fault)
    {
        // The curve of an EC key leaves one algorithm, an RSA key takes the one that is given.
        var key = VerificationKey.FromPem(pem, null, null, out fault);
        key = key?.Algorithm.Family == KeyFamily.Rsa ? VerificationKey.FromPem(pem, null, rsaAlgorithm, out fault) : key;

        if (key is null)
        {
            return null;
        }

        var found = PemEncoding.Find(pem);

        if (pem[found.Label] != "CERTIFICATE")
        {
            fault = "this is a key without a certificate: give the block that begins with -----BEGIN CERTIFICATE-----, or the key in a JWK set";

            return null;
        }

        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(pem[found.Base64Data]));

        return new CertificateKey(key, certificate);
    }

    private static FailedCheck Unknown(CompactJws jws, IReadOnlyList<CertificateKey> keys) => jws.Kid is null
        ? new FailedCheck("key-known", "no certificate is for this algorithm", jws.Algorithm.Name, Known(keys), "add the issuer's certificate, or have it sign with the algorithm of its key")
        : new FailedCheck("key-known", "the kid is no thumbprint of a known certificate", jws.Kid, Known(keys), "add the certificate with this thumbprint, or have the issuer leave out kid");

    private static FailedCheck NotNow(List<CertificateKey> named, DateTimeOffset now)
    {
        var latest = named.MaxBy(k => k.NotAfter)!;

        return latest.NotAfter < now
            ? new FailedCheck("key-not-expired", "the certificate has expired", Time(latest.NotAfter), $"later than {Time(now)}", "add the issuer's new certificate")
            : new FailedCheck("key-not-expired", "the certificate is not yet good", Time(named.Min(k => k.NotBefore)), $"at most {Time(now)}", "wait, or have the issuer sign with the certificate of before");
    }

    private static string Known(IReadOnlyList<CertificateKey> keys) => string.Join(", ", keys.Take(20).Select(k => $"{k.Key.Thumbprint} ({k.Key.Algorithm})"));

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Certificates as an issuer would hand them out to be verified by.</summary>
internal static class Certificates
{
    public static X509Certificate2 Make(DateTimeOffset from, int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        return new CertificateRequest("CN=issuer", key, HashAlgorithmName.SHA256).CreateSelfSigned(from.AddMinutes(-1), from.AddDays(days));
    }

    public static ECDsa PrivateKey(X509Certificate2 certificate) => certificate.GetECDsaPrivateKey()!;
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Server.Jwks;

/// <summary>Certificates of a private authority, in PEM, that alone vouch for the host of one JWK set.</summary>
internal static class CaBundle
{
    private const int MaxLength = 64 * 1024;
    private const int MostCertificates = 50;

    /// <summary>What is wrong with a bundle, in words for whoever saves it; null when it can be used.</summary>
    public static string? Fault(string pem)
    {
        var read = Read(pem, out var fault);

        foreach (var certificate in read ?? [])
        {
            certificate.Dispose();
        }

        return fault;
    }

    /// <summary>The certificates; null, and what is wrong, when it is no bundle.</summary>
    public static X509Certificate2Collection? Read(string pem, out string? fault)
    {
        var read = new X509Certificate2Collection();

        try
        {
            fault = pem.Length > MaxLength ? $"it is longer than {MaxLength} characters"
                : pem.Contains("PRIVATE KEY", StringComparison.Ordinal) ? "it holds a private key; only certificates belong here"
                : null;

            if (fault is null)
            {
                read.ImportFromPem(pem);
                fault = read.Count is > 0 and <= MostCertificates ? null : $"it must hold 1 to {MostCertificates} certificates in PEM (-----BEGIN CERTIFICATE-----)";
            }
        }
        catch (CryptographicException)
        {
            fault = "a certificate in it cannot be read; each must be one PEM block (-----BEGIN CERTIFICATE-----)";
        }

        return fault is null ? read : null;
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Server.Tests.Jwks;

/// <summary>A certificate authority that a test makes, and that no system trusts.</summary>
internal sealed class TestAuthority
{
    private static readonly DateTimeOffset s_from = DateTimeOffset.UtcNow.AddDays(-30);
    private static readonly DateTimeOffset s_to = DateTimeOffset.UtcNow.AddDays(30);

    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _certificate = Request(name, key, isAuthority: true).CreateSelfSigned(s_from, s_to);
    }

    private TestAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>The authority's certificate, as an administrator would paste it.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    public TestAuthority Intermediate()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        return new TestAuthority(Request("intermediate", key, isAuthority: true).Create(_certificate, s_from, s_to.AddHours(-1), [7]).CopyWithPrivateKey(key));
    }

    /// <summary>A host's certificate.</summary>
    /// <param name="name">Its DNS name; 127.0.0.1 is always a name too.</param>
    /// <param name="expired">Whether its time is over.</param>
    /// <param name="issuerUrl">Where it says that its issuer's certificate can be downloaded.</param>
    public X509Certificate2 Issue(string name, bool expired = false, string? issuerUrl = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(name, key, isAuthority: false);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());

        if (issuerUrl is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([issuerUrl], [issuerUrl]));
        }

        using var issued = request.Create(_certificate, s_from.AddHours(1), expired ? DateTimeOffset.UtcNow.AddDays(-1) : s_to.AddHours(-2), RandomNumberGenerator.GetBytes(8));
        using var withKey = issued.CopyWithPrivateKey(key);

        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));

        return request;
    }
}

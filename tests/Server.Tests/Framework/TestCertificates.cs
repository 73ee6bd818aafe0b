using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Server.Tests.Framework;

/// <summary>Certificates made for one test, in the two PEM files that a server is given.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("countersign");

    public string CertificatePath => Path.Combine(_folder.FullName, "tls.crt");

    public string KeyPath => Path.Combine(_folder.FullName, "tls.key");

    /// <summary>A certificate that signs itself.</summary>
    public void Write(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Request(name, key, isAuthority: false).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(9));
        Write(key, certificate);
    }

    /// <summary>A certificate under an intermediate one, which stands behind it in the file.</summary>
    public void WriteChain(string name)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(9));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Request("root", rootKey, isAuthority: true).CreateSelfSigned(from, to);
        using var middle = Request("intermediate", middleKey, isAuthority: true).Create(root, from, to, [1]);
        using var signing = middle.CopyWithPrivateKey(middleKey);
        using var leaf = Request(name, key, isAuthority: false).Create(signing, from, to, [2]);
        Write(key, leaf, middle);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));

        return request;
    }

    private void Write(ECDsa key, params X509Certificate2[] chain)
    {
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificatePath, string.Join('\n', chain.Select(c => c.ExportCertificatePem())));

        // Two writes within one tick of the file system would look like none.
        File.SetLastWriteTimeUtc(CertificatePath, DateTime.UtcNow.AddSeconds(Random.Shared.Next(1, 100_000)));
    }
}

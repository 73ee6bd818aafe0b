using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Server.Hosting;

/// <summary>What a TLS listener offers: versions, cipher suites, and the certificate with those that stand behind it in the file.</summary>
internal sealed class TlsListener(ServerCertificate certificate, string chainPath)
{
    // RFC 9325 §4.2 (BCP 195) for 1.2: forward secrecy and AEAD, nothing else.
    private static readonly TlsCipherSuite[] s_suites =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];

    private volatile Made? _made;

    /// <summary>Made once for each certificate; connections share it, and with it the sessions that they resume.</summary>
    public SslServerAuthenticationOptions Options()
    {
        var leaf = certificate.Current();

        if (_made is { } made && ReferenceEquals(made.Leaf, leaf))
        {
            return made.Options;
        }

        var chain = new X509Certificate2Collection();

        try
        {
            chain.ImportFromPemFile(chainPath);
        }
        catch (Exception exception) when (_made is not null && exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Replaced in this very moment: what was made before serves until the file is whole.
            return _made.Options;
        }

        var options = new SslServerAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),

            // There the system alone decides on suites.
            CipherSuitesPolicy = OperatingSystem.IsWindows() ? null : new CipherSuitesPolicy(s_suites),
        };
        _made = new Made(leaf, options);

        return options;
    }

    private sealed record Made(X509Certificate2 Leaf, SslServerAuthenticationOptions Options);
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Hosting;

/// <summary>The TLS certificate from files, read again when they change, so that a renewed certificate needs no restart.</summary>
internal sealed partial class ServerCertificate(string certificatePath, string keyPath, TimeProvider time, ILogger<ServerCertificate> logger)
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private X509Certificate2? _certificate;
    private (DateTime Certificate, DateTime Key) _written;
    private long _looked;

    /// <exception cref="CryptographicException">The files hold no certificate with its key, and none was read before.</exception>
    public X509Certificate2 Current()
    {
        lock (_lock)
        {
            if (_certificate is not null && time.GetElapsedTime(_looked) < s_look)
            {
                return _certificate;
            }

            _looked = time.GetTimestamp();
            var written = (File.GetLastWriteTimeUtc(certificatePath), File.GetLastWriteTimeUtc(keyPath));

            if (_certificate is not null && written == _written)
            {
                return _certificate;
            }

            try
            {
                _certificate = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
                _written = written;
                LogRead(_certificate.Subject, _certificate.NotAfter.ToUniversalTime());
            }
            catch (Exception exception) when (_certificate is not null && exception is CryptographicException or IOException or UnauthorizedAccessException)
            {
                // Half-written files are met again at the next look; the old certificate serves until then.
                LogUnreadable(exception.GetType().Name);
            }

            return _certificate!;
        }
    }

    [LoggerMessage(LogLevel.Information, "TLS certificate {Subject}, good until {NotAfter:O}")]
    private partial void LogRead(string subject, DateTime notAfter);

    [LoggerMessage(LogLevel.Error, "the changed TLS certificate cannot be read ({Kind}); the one before is served")]
    private partial void LogUnreadable(string kind);
}

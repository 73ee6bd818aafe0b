using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class HttpTlsTests : IAsyncLifetime
{
    private readonly TestCertificates _certificates = new();
    private TestServer _server = null!;

    private Uri Address => _server.Http.BaseAddress!;

    public async ValueTask InitializeAsync()
    {
        _certificates.Write("first");
        _server = await TestServer.StartAsync(s => s with
        {
            Listen = [new Uri("https://127.0.0.1:0")],
            TlsCertificate = _certificates.CertificatePath,
            TlsKey = _certificates.KeyPath,
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificates.Dispose();
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    [Trait("R", "1")]
    [Trait("R", "17")]
    public async Task Tokens_are_issued_over_HTTP_1_1_and_HTTP_2_and_answers_demand_TLS_from_then_on(string version)
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.Subject == "CN=first" } };
        using var http = new HttpClient(handler) { BaseAddress = Address };
        var form = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"));
        form.Headers.Authorization = TestServer.Basic(_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);
        HttpRequestMessage[] requests =
        [
            form, new(HttpMethod.Get, "/oauth2/jwks"), new(HttpMethod.Get, "/nothing"), new(HttpMethod.Get, "/oauth2/token"),
            new(HttpMethod.Get, "/admin/v1/whoami"), new(HttpMethod.Get, "/health/live"),
        ];

        foreach (var request in requests)
        {
            (request.Version, request.VersionPolicy) = (Version.Parse(version), HttpVersionPolicy.RequestVersionExact);
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

            Assert.Equal(version, response.Version.ToString());
            Assert.Equal("max-age=31536000", response.Headers.GetValues("Strict-Transport-Security").Single());
            Assert.Equal(request == form, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) is var body && body.Contains("access_token", StringComparison.Ordinal));
        }
    }

    [Fact]
    [Trait("R", "1")]
    public async Task TLS_1_3_is_preferred_and_1_2_taken()
    {
        Assert.Equal(SslProtocols.Tls13, (await ShakeAsync(SslProtocols.None)).Protocol);
        Assert.Equal(SslProtocols.Tls12, (await ShakeAsync(SslProtocols.Tls12)).Protocol);
    }

    [Theory]
    [InlineData(0x0300)]
    [InlineData(0x0301)]
    [InlineData(0x0302)]
    [Trait("R", "1")]
    public async Task Older_versions_of_TLS_end_in_an_alert(int version)
    {
        // Written by hand: no library on this side would still send it.
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(Address.Host, Address.Port, TestContext.Current.CancellationToken);
        await tcp.GetStream().WriteAsync(ClientHello((ushort)version), TestContext.Current.CancellationToken);
        var alert = new byte[7];
        await tcp.GetStream().ReadExactlyAsync(alert, new CancellationTokenSource(TimeSpan.FromSeconds(5)).Token);

        // RFC 8446 §6.2: fatal, protocol_version; or handshake_failure where the version is not even known.
        Assert.Equal((0x15, 2, version == 0x0300 ? 40 : 70), (alert[0], alert[5], alert[6]));
    }

    [Theory]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, true)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, false)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, false)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, false)]
    [Trait("R", "1")]
    public async Task TLS_1_2_offers_forward_secret_AEAD_suites_alone(TlsCipherSuite suite, bool taken)
    {
        if (taken)
        {
            Assert.Equal(suite, (await ShakeAsync(SslProtocols.Tls12, suite)).Suite);

            return;
        }

        await Assert.ThrowsAnyAsync<Exception>(() => ShakeAsync(SslProtocols.Tls12, suite));
    }

    [Fact]
    public async Task A_renewed_certificate_is_served_without_a_restart()
    {
        Assert.Equal("CN=first", (await ShakeAsync()).Subject);

        _certificates.Write("second");
        _server.Clock.Elapse(TimeSpan.FromSeconds(3));
        Assert.Equal("CN=second", (await ShakeAsync()).Subject);

        // Caught half-written, the one before goes on.
        await File.WriteAllTextAsync(_certificates.CertificatePath, "-----BEGIN CERT", TestContext.Current.CancellationToken);
        _server.Clock.Elapse(TimeSpan.FromSeconds(3));
        Assert.Equal("CN=second", (await ShakeAsync()).Subject);

        _certificates.Write("third");
        _server.Clock.Elapse(TimeSpan.FromSeconds(3));
        Assert.Equal("CN=third", (await ShakeAsync()).Subject);
    }

    [Fact]
    public async Task The_intermediate_certificates_of_the_file_are_sent()
    {
        _certificates.WriteChain("leaf");
        _server.Clock.Elapse(TimeSpan.FromSeconds(3));

        var hello = await ShakeAsync();

        Assert.Equal("CN=leaf", hello.Subject);
        Assert.Contains("CN=intermediate", hello.Sent);
    }

    [Fact]
    [Trait("R", "2")]
    public async Task Plain_HTTP_on_the_TLS_port_gets_no_answer()
    {
        var answer = await RawHttp.SendAsync(_server, "GET /oauth2/jwks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

        Assert.Equal((0, true), (answer.Count, answer.Closed));
    }

    private async Task<Hello> ShakeAsync(SslProtocols protocols = SslProtocols.None, TlsCipherSuite? suite = null)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(Address.Host, Address.Port);
        string[] sent = [];
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "as.example",
            EnabledSslProtocols = protocols,
            CipherSuitesPolicy = suite is { } only && !OperatingSystem.IsWindows() ? new CipherSuitesPolicy([only]) : null,
            RemoteCertificateValidationCallback = (_, _, chain, _) =>
            {
                sent = [.. chain!.ChainPolicy.ExtraStore.Select(c => c.Subject)];

                return true;
            },
        });
        using var certificate = new X509Certificate2(tls.RemoteCertificate!);

        return new Hello(tls.SslProtocol, tls.NegotiatedCipherSuite, certificate.Subject, sent);
    }

    // RFC 5246 §7.4.1.2, with two suites that every old client knows.
    private static byte[] ClientHello(ushort version)
    {
        byte[] hello = [0, 0, .. new byte[32], 0, 0, 4, 0xC0, 0x09, 0x00, 0x2F, 1, 0];
        BinaryPrimitives.WriteUInt16BigEndian(hello, version);

        return [0x16, 3, 1, 0, (byte)(hello.Length + 4), 1, 0, 0, (byte)hello.Length, .. hello];
    }

    private sealed record Hello(SslProtocols Protocol, TlsCipherSuite Suite, string Subject, string[] Sent);
}

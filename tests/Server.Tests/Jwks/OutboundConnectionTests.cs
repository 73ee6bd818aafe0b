using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Jwks;

public sealed class OutboundConnectionTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("10.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [Trait("R", "185")]
    public async Task A_name_that_leads_inside_is_not_connected_to(string address)
    {
        await using var host = await KeyHost.StartAsync();

        var fetched = await Fetch(host.Rules with { Networks = [] }, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]))
            .GetAsync(host.Url, KeyHost.Authority.Pem, CancellationToken.None);

        Assert.StartsWith("resolves to an address that is ", fetched.Failure!.Kind, StringComparison.Ordinal);
        Assert.Empty(host.Connections);
    }

    [Fact]
    [Trait("R", "186")]
    public async Task A_name_that_answers_otherwise_the_second_time_never_leads_inside()
    {
        // The same port on two addresses: one that is allowed, and one inside.
        await using var allowed = await KeyHost.StartAsync(address: "127.0.0.2");
        await using var inside = await KeyHost.StartAsync(address: "127.0.0.1", port: allowed.Port);
        var rules = allowed.Rules with { Networks = [IPNetwork.Parse("127.0.0.2/32")] };
        var asked = 0;
        var fetch = Fetch(rules, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(asked++ == 0 ? "127.0.0.2" : "127.0.0.1")]));

        var first = await fetch.GetAsync(allowed.Url, KeyHost.Authority.Pem, CancellationToken.None);

        Assert.Null(first.Failure);
        Assert.Equal((1, 1, 0), (asked, allowed.Requests, inside.Connections.Count));

        var second = await fetch.GetAsync(allowed.Url, KeyHost.Authority.Pem, CancellationToken.None);

        Assert.NotNull(second.Failure);
        Assert.Equal((2, 1, 0), (asked, allowed.Requests, inside.Connections.Count));
    }

    [Theory]
    [InlineData("127.0.0.2", "127.0.0.1")]
    [InlineData("127.0.0.1", "127.0.0.2")]
    [InlineData("127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "::ffff:127.0.0.1")]
    [Trait("R", "185")]
    [Trait("R", "186")]
    public async Task One_address_inside_among_those_of_a_name_refuses_the_name(params string[] addresses)
    {
        await using var allowed = await KeyHost.StartAsync(address: "127.0.0.2");
        await using var inside = await KeyHost.StartAsync(address: "127.0.0.1", port: allowed.Port);
        var fetch = Fetch(allowed.Rules with { Networks = [IPNetwork.Parse("127.0.0.2/32")] }, (_, _) => Task.FromResult<IPAddress[]>([.. addresses.Select(IPAddress.Parse)]));

        var fetched = await fetch.GetAsync(allowed.Url, KeyHost.Authority.Pem, CancellationToken.None);

        Assert.StartsWith("resolves to an address that is ", fetched.Failure!.Kind, StringComparison.Ordinal);
        Assert.Equal((0, 0), (allowed.Connections.Count, inside.Connections.Count));
    }

    [Fact]
    [Trait("R", "186")]
    public async Task Each_fetch_checks_and_connects_anew()
    {
        await using var host = await KeyHost.StartAsync();
        var asked = 0;
        var fetch = Fetch(host.Rules, (_, _) =>
        {
            asked++;

            return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        });

        for (var i = 0; i < 3; i++)
        {
            Assert.Null((await fetch.GetAsync(host.Url, KeyHost.Authority.Pem, CancellationToken.None)).Failure);
        }

        Assert.Equal((3, 3, 3), (asked, host.Connections.Count, host.Requests));
    }

    [Fact]
    [Trait("R", "185")]
    public async Task The_next_address_of_a_name_is_tried_when_one_does_not_answer()
    {
        await using var host = await KeyHost.StartAsync();
        var fetch = Fetch(
            host.Rules with { Networks = [IPNetwork.Parse("127.0.0.0/8")] },
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.9"), IPAddress.Parse("::ffff:127.0.0.1")]));

        Assert.Null((await fetch.GetAsync(host.Url, KeyHost.Authority.Pem, CancellationToken.None)).Failure);
    }

    public static TheoryData<string> BadCertificates => ["another authority", "another name", "expired", "signs itself", "no authority given", "intermediate not sent"];

    [Theory]
    [MemberData(nameof(BadCertificates))]
    [Trait("R", "188")]
    public async Task TLS_is_verified(string how)
    {
        // Whoever downloads what a certificate names connects to whatever its owner likes.
        using var download = new TcpListener(IPAddress.Loopback, 0);
        download.Start();
        var issuerUrl = $"http://127.0.0.1:{((IPEndPoint)download.LocalEndpoint).Port}/issuer.crt";
        var certificate = how switch
        {
            "another authority" => new TestAuthority("another").Issue(KeyHost.Name),
            "another name" => KeyHost.Authority.Issue("other.example"),
            "expired" => KeyHost.Authority.Issue(KeyHost.Name, expired: true),
            "signs itself" => SelfSigned(),
            "intermediate not sent" => KeyHost.Authority.Intermediate().Issue(KeyHost.Name, issuerUrl: issuerUrl),
            _ => KeyHost.Authority.Issue(KeyHost.Name, issuerUrl: issuerUrl),
        };
        await using var host = await KeyHost.StartAsync(certificate);

        var fetched = await Fetch(host.Rules).GetAsync(host.Url, how == "no authority given" ? null : KeyHost.Authority.Pem, CancellationToken.None);

        Assert.Equal(FetchFailure.NotTrusted, fetched.Failure);
        Assert.Equal(0, host.Requests);
        Assert.False(download.Pending());
    }

    [Fact]
    [Trait("R", "188")]
    public async Task The_given_authorities_alone_vouch_for_the_host()
    {
        await using var host = await KeyHost.StartAsync();
        var other = new TestAuthority("other");

        Assert.Null((await Fetch(host.Rules).GetAsync(host.Url, KeyHost.Authority.Pem, CancellationToken.None)).Failure);
        Assert.Null((await Fetch(host.Rules).GetAsync(host.Url, $"{other.Pem}\n{KeyHost.Authority.Pem}", CancellationToken.None)).Failure);
        Assert.Equal(FetchFailure.NotTrusted, (await Fetch(host.Rules).GetAsync(host.Url, other.Pem, CancellationToken.None)).Failure);
    }

    [Fact]
    public async Task An_intermediate_authority_may_be_given_with_the_root()
    {
        var intermediate = KeyHost.Authority.Intermediate();
        await using var host = await KeyHost.StartAsync(intermediate.Issue(KeyHost.Name));

        var both = await Fetch(host.Rules).GetAsync(host.Url, $"{KeyHost.Authority.Pem}\n{intermediate.Pem}", CancellationToken.None);

        Assert.Null(both.Failure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    [Trait("R", "188")]
    public async Task A_bundle_that_holds_no_certificates_is_refused_and_never_means_any(string pem)
    {
        await using var host = await KeyHost.StartAsync();

        Assert.NotNull(CaBundle.Fault(pem));
        Assert.Equal("CA certificates refused", (await Fetch(host.Rules).GetAsync(host.Url, pem, CancellationToken.None)).Failure?.Kind);
        Assert.Null(CaBundle.Fault(KeyHost.Authority.Pem));
        Assert.NotNull(CaBundle.Fault(KeyHost.Authority.Pem + new string(' ', 70_000)));
        Assert.Empty(host.Connections);
    }

    private static OutboundFetch Fetch(OutboundRules rules, ResolveHost? resolve = null) => new(rules, resolve ?? KeyHost.ResolveAsync, new TestClock());

    private static X509Certificate2 SelfSigned()
    {
        using var files = new TestCertificates();
        files.Write(KeyHost.Name);
        using var made = X509Certificate2.CreateFromPemFile(files.CertificatePath, files.KeyPath);

        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}

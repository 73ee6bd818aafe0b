using System.Net;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Jwks;

public sealed class JwksUrlTests
{
    public static TheoryData<string> Forms =>
    [
        "", "keys.example", "keys.example/jwks", "//keys.example/jwks", "/jwks", "https:", "https://", "https:///jwks", "https:keys.example/jwks",
        "http://keys.example/jwks", "HTTP://keys.example:443/jwks", "file:/etc/passwd", "file://keys.example/jwks", "ftp://keys.example/jwks",
        "data:application/json,{}", "data://keys.example/jwks", "gopher://keys.example:443/", "ldap://keys.example", "javascript:alert(1)", "ws://keys.example", "unix:///run/x",
        "https://user@keys.example/jwks", "https://user:password@keys.example/jwks", "https://@keys.example/jwks", "https://:@keys.example/jwks",
        "https://keys.example@127.0.0.1/jwks", "https://keys.example/jwks#", "https://keys.example/jwks#part",
        "https://keys.example:8443/jwks", "https://keys.example:80/jwks", "https://keys.example:0/jwks", "https://keys.example:65536/jwks", "https://keys.example:22",
        "https://keys.example\\@127.0.0.1/", "https://keys.example/a b", " https://keys.example/jwks", "https://keys.example/jwks\n", "https://keys.exa\tmple/jwks",
        "https://keys.example%2f@127.0.0.1/", "https://keys%2eexample/jwks", "https://kéys.example/jwks", "https://keys.example。/jwks",
        $"https://keys.example/{new string('a', 2000)}",
    ];

    public static TheoryData<string> Spellings =>
    [
        "https://127.0.0.1/", "https://127.0.0.1./", "https://127.0.0.1.../", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
        "https://0x7f.0x0.0x0.0x1/", "https://0x7f.1/", "https://0177.0.0.1/", "https://0177.0.0.01/", "https://017700000001/", "https://127.0.0.1:443/",
        "https://2130706433./", "https://0x7F000001./", "https://0177.1./", "https://%31%32%37.0.0.1/", "https://127%2e0.0.1/", "https://①②⑦.0.0.1/", "https://127。0。0。1/",
        "https://0/", "https://0.0.0.0/", "https://[::]/", "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/", "https://[64:ff9b::127.0.0.1]/", "https://[2002:7f00:1::]/", "https://[fe80::1%25eth0]/", "https://[fe80::1]/",
        "https://169.254.169.254/latest/meta-data/", "https://2852039166/", "https://0xA9FEA9FE/", "https://0251.0376.0251.0376/", "https://169.254.43518/",
        "https://[::ffff:a9fe:a9fe]/", "https://[fd00:ec2::254]/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/", "https://100.64.0.1/",
        "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://keys.localhost/", "https://keys.localhost./",
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    [Trait("R", "184")]
    public Task Anything_but_https_to_a_host_on_the_configured_port_is_refused_on_save_and_on_fetch(string url) => AssertRefusedAsync(url, new OutboundRules());

    [Theory]
    [MemberData(nameof(Spellings))]
    [Trait("R", "185")]
    public Task However_an_address_inside_is_spelled_it_is_refused_on_save_and_on_fetch(string url) => AssertRefusedAsync(url, new OutboundRules());

    [Theory]
    [MemberData(nameof(Spellings))]
    [Trait("R", "185")]
    public Task Other_schemes_and_ports_change_nothing_about_addresses(string url) =>
        AssertRefusedAsync(url.Replace("https:", "http:", StringComparison.Ordinal), new OutboundRules { Http = true, Ports = [PortRange.All] });

    [Theory]
    [InlineData("https://keys.example/jwks.json", "https://keys.example/jwks.json")]
    [InlineData("https://keys.example", "https://keys.example/")]
    [InlineData("HTTPS://Keys.Example:443/a/b?c=d&e=%20", "https://keys.example/a/b?c=d&e=%20")]
    [InlineData("https://keys.example./jwks", "https://keys.example/jwks")]
    [InlineData("https://xn--kys-bma.example/jwks", "https://xn--kys-bma.example/jwks")]
    [InlineData("https://8.8.8.8./jwks", "https://8.8.8.8/jwks")]
    [InlineData("https://134744072/jwks", "https://8.8.8.8/jwks")]
    [InlineData("https://[2606:4700::1]/jwks", "https://[2606:4700::1]/jwks")]
    [InlineData("https://keys.example/@user", "https://keys.example/@user")]
    [Trait("R", "184")]
    [Trait("R", "185")]
    public void A_URL_that_may_be_fetched_is_read_as_what_will_be_connected_to(string url, string read)
    {
        Assert.Null(JwksUrl.Fault(url, new OutboundRules()));
        Assert.Equal(read, JwksUrl.Read(url, new OutboundRules(), out _)!.AbsoluteUri);
    }

    [Fact]
    [Trait("R", "184")]
    [Trait("R", "185")]
    public void An_operator_can_allow_ports_networks_and_plain_http()
    {
        var rules = new OutboundRules { Ports = [PortRange.Https, new PortRange(8000, 8999)], Networks = [IPNetwork.Parse("10.1.0.0/16")] };

        Assert.Null(JwksUrl.Fault("https://keys.example:8443/", rules));
        Assert.Null(JwksUrl.Fault("https://10.1.2.3:8999/", rules));
        Assert.NotNull(JwksUrl.Fault("https://10.2.2.3/", rules));
        Assert.NotNull(JwksUrl.Fault("https://keys.example:9000/", rules));
        Assert.NotNull(JwksUrl.Fault("https://localhost/", rules));
        Assert.NotNull(JwksUrl.Fault("http://keys.example:8080/", rules));
        Assert.Null(JwksUrl.Fault("http://keys.example:8080/", rules with { Http = true }));
        Assert.NotNull(JwksUrl.Fault("http://keys.example/", rules with { Http = true }));
        Assert.Null(JwksUrl.Fault("http://localhost:3000/jwks", OutboundRules.OnThisMachine));
        Assert.NotNull(JwksUrl.Fault("http://169.254.169.254/", OutboundRules.OnThisMachine));
    }

    private static async Task AssertRefusedAsync(string url, OutboundRules rules)
    {
        var asked = 0;
        var fetch = new OutboundFetch(
            rules,
            (_, _) =>
            {
                asked++;

                return Task.FromResult<IPAddress[]>([]);
            },
            new TestClock());

        Assert.NotNull(JwksUrl.Fault(url, rules));
        Assert.Equal("URL refused", (await fetch.GetAsync(url, null, CancellationToken.None)).Failure?.Kind);
        Assert.Equal(0, asked);
    }
}

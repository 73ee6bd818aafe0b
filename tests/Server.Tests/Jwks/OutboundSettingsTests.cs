using System.Net;
using Countersign.Server.Hosting;
using Countersign.Server.Jwks;

namespace Countersign.Server.Tests.Jwks;

public sealed class OutboundSettingsTests
{
    [Fact]
    [Trait("R", "184")]
    [Trait("R", "188")]
    public void Without_settings_https_on_443_to_public_addresses_without_a_proxy()
    {
        var outbound = Read(out var faults)!.Outbound;

        Assert.Empty(faults);
        Assert.Equal((false, null, 0, "443"), (outbound.Http, outbound.Proxy, outbound.Networks.Length, string.Join(',', outbound.Ports.AsEnumerable())));
    }

    [Fact]
    [Trait("R", "184")]
    [Trait("R", "185")]
    public void An_operator_may_allow_more()
    {
        var outbound = Read(
            out _,
            ("outbound_networks", "10.1.0.0/16, 192.168.1.7,fd00::/8"),
            ("outbound_ports", "443,8000-8999"),
            ("outbound_http", "true"),
            ("outbound_proxy", "http://proxy.internal:3128"))!.Outbound;

        Assert.Equal([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("192.168.1.7/32"), IPNetwork.Parse("fd00::/8")], outbound.Networks);
        Assert.Equal([PortRange.Https, new PortRange(8000, 8999)], outbound.Ports);
        Assert.True(outbound.Http);
        Assert.Equal(new Uri("http://proxy.internal:3128"), outbound.Proxy);
    }

    [Fact]
    [Trait("R", "184")]
    public void All_that_is_wrong_is_said_at_once()
    {
        Assert.Null(Read(
            out var faults,
            ("outbound_networks", "10.0.0.0/33,inside"),
            ("outbound_ports", "443,0,70000,9-1,https,-,+1, 1-"),
            ("outbound_http", "yes"),
            ("outbound_proxy", "https://proxy")));

        Assert.Equal(2, faults.Count(f => f.StartsWith("outbound_networks (--outbound-networks): ", StringComparison.Ordinal)));
        Assert.Equal(7, faults.Count(f => f.StartsWith("outbound_ports (--outbound-ports): ", StringComparison.Ordinal)));
        Assert.Single(faults, f => f.StartsWith("outbound_http (--outbound-http): ", StringComparison.Ordinal));
        Assert.Single(faults, f => f.StartsWith("outbound_proxy (--outbound-proxy): ", StringComparison.Ordinal));
        Assert.Equal(11, faults.Count);
    }

    [Theory]
    [InlineData("http://user:password@proxy:3128")]
    [InlineData("http://proxy:3128/path")]
    [InlineData("socks5://proxy:1080")]
    [InlineData("proxy:3128")]
    [InlineData("proxy")]
    [Trait("R", "188")]
    public void A_proxy_is_a_host_and_a_port(string proxy)
    {
        Assert.Null(Read(out var faults, ("outbound_proxy", proxy)));
        Assert.Single(faults);
    }

    private static ServerSettings? Read(out IReadOnlyList<string> faults, params (string Key, string Value)[] more)
    {
        var reader = new SettingsReader();
        var folder = Directory.CreateTempSubdirectory("countersign");

        foreach (var (key, value) in ((string, string)[])[
            ("database", "sqlite:x.db"), ("public_url", "https://as.example"), ("listen", "http://127.0.0.1:1"), ("trusted_proxies", "127.0.0.1"),
            ("master_key_file", Path.Combine(folder.FullName, "master.key")), .. more])
        {
            reader.AddFlag(key, value);
        }

        try
        {
            return reader.Read();
        }
        finally
        {
            faults = reader.Faults;
            folder.Delete(recursive: true);
        }
    }
}

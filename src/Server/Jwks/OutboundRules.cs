using System.Net;

namespace Countersign.Server.Jwks;

/// <summary>Where the server may fetch from. Without a setting: https, port 443, public addresses (R184, R185).</summary>
internal sealed record OutboundRules
{
    /// <summary>Networks that may be connected to beside the public addresses.</summary>
    public IPNetwork[] Networks { get; init; } = [];

    public PortRange[] Ports { get; init; } = [PortRange.Https];

    /// <summary>Whether plain http is taken too.</summary>
    public bool Http { get; init; }

    /// <summary>The proxy through which all is fetched. Nothing is taken from the environment (R188).</summary>
    public Uri? Proxy { get; init; }

    /// <summary>What <c>dev</c> takes: whatever runs on this machine.</summary>
    public static OutboundRules OnThisMachine { get; } = new()
    {
        Networks = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")],
        Ports = [PortRange.All],
        Http = true,
    };

    /// <exception cref="FormatException">It is not http://host:port.</exception>
    public static Uri ParseProxy(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var proxy)
        && (proxy.Scheme, proxy.PathAndQuery, proxy.Fragment, proxy.UserInfo) == (Uri.UriSchemeHttp, "/", "", "")
            ? proxy
            : throw new FormatException("must be http://host:port, without path, query, fragment or user");

    public bool Allows(IPAddress address)
    {
        address = AddressRules.Plain(address);

        return AddressRules.Special(address) is null
            || (Networks.Any(n => n.Contains(address)) && (AddressRules.Behind(address) is not { } behind || Allows(behind)));
    }

    public bool AllowsPort(int port) => Ports.Any(p => p.Contains(port));
}

using System.Net;

namespace Countersign.Server.Jwks;

/// <summary>The URL of a JWK set, judged by the same rules when it is saved and when it is fetched (R184).</summary>
internal static class JwksUrl
{
    private const int MaxLength = 2000;

    /// <summary>What is wrong with a URL, in words for whoever saves it; null when it may be fetched.</summary>
    public static string? Fault(string url, OutboundRules rules) => Read(url, rules, out var fault) is null ? fault : null;

    /// <summary>The URL, its host in the one spelling that is connected to; null, and what is wrong, when it may not be fetched.</summary>
    public static Uri? Read(string url, OutboundRules rules, out string? fault)
    {
        var found = Parse(url, out fault);

        if (found is null)
        {
            return null;
        }

        fault = found.Scheme != Uri.UriSchemeHttps && !(rules.Http && found.Scheme == Uri.UriSchemeHttp)
                ? rules.Http ? "the scheme must be https or http" : "the scheme must be https"
            : !rules.AllowsPort(found.Port) ? $"port {found.Port} is not allowed; allowed: {string.Join(", ", rules.Ports.AsEnumerable())} (setting outbound_ports)"
            : !AllowsHost(found, rules) ? "the host is not a public one (setting outbound_networks)"
            : null;

        return fault is null ? found : null;
    }

    private static Uri? Parse(string url, out string? fault)
    {
        // What URL readers disagree about is refused: blanks and controls, other letters, the wrong slash.
        fault = url.Length > MaxLength ? $"it is longer than {MaxLength} characters"
            : url.AsSpan().ContainsAnyExceptInRange('!', '~') ? "it must be of printable ASCII; write an international host name in its xn-- form"
            : url.Contains('\\', StringComparison.Ordinal) ? "it must have no backslash"
            : url.Contains('#', StringComparison.Ordinal) ? "it must have no fragment"
            : null;

        if (fault is not null)
        {
            return null;
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || !url.Contains("://", StringComparison.Ordinal) || parsed.HostNameType == UriHostNameType.Unknown)
        {
            fault = "it is not an absolute URL with a host: https://host/path";

            return null;
        }

        if (Authority(url) is var authority && (parsed.UserInfo.Length > 0 || authority.Contains('@') || authority.Contains('%')))
        {
            fault = "it must have neither user nor password, and no escapes in its host";

            return null;
        }

        // A trailing dot names the same host, and would hide that 127.0.0.1. is an address.
        var host = parsed.IdnHost.TrimEnd('.');

        if (host.Length == 0 || host == parsed.IdnHost)
        {
            fault = host.Length == 0 ? "it has no host" : null;

            return host.Length == 0 ? null : parsed;
        }

        var spelled = new UriBuilder(parsed) { Host = host };
        fault = "it has no usable host";

        return Uri.TryCreate(spelled.ToString(), UriKind.Absolute, out var plain) && plain.HostNameType != UriHostNameType.Unknown ? plain : null;
    }

    // Names are judged when they are resolved; an address, and this machine's own name, at once.
    private static bool AllowsHost(Uri url, OutboundRules rules) =>
        IPAddress.TryParse(url.IdnHost, out var address) ? rules.Allows(address)
        : !IsLocal(url.IdnHost) || rules.Allows(IPAddress.Loopback);

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Authority(string url)
    {
        var rest = url.AsSpan(url.IndexOf("://", StringComparison.Ordinal) + 3);
        var end = rest.IndexOfAny('/', '?');

        return end < 0 ? rest : rest[..end];
    }
}

using System.Net;
using Countersign.Server.Jwks;

namespace Countersign.Server.Hosting;

/// <summary>How a server runs. Read by <see cref="SettingsReader"/> from file, environment and flags; also made by <c>dev</c> and by tests.</summary>
internal sealed record ServerSettings
{
    /// <summary><c>sqlite:PATH</c>, <c>postgres:CONNECTION-STRING</c> or <c>postgres://user@host/database</c>.</summary>
    public required string Database { get; init; }

    /// <summary>The issuer of the default tenant: an https URL without path; http on loopback, or behind a named proxy.</summary>
    public required Uri PublicUrl { get; init; }

    /// <summary>Addresses to listen on.</summary>
    public required Uri[] Listen { get; init; }

    /// <summary>More host names of the default tenant, beside that of the public URL.</summary>
    public string[] Hosts { get; init; } = [];

    /// <summary>The certificate chain in PEM, read again when the file changes.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>The certificate's private key in PEM.</summary>
    public string? TlsKey { get; init; }

    /// <summary>Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody else's are.</summary>
    public IPNetwork[] TrustedProxies { get; init; } = [];

    /// <summary>The master key: 32 bytes. It encrypts signing and sealing keys at rest.</summary>
    public required byte[] MasterKey { get; init; }

    /// <summary>Master keys of before, which can still open what they encrypted; at start all is encrypted anew under the current one.</summary>
    public byte[][] PreviousMasterKeys { get; init; } = [];

    /// <summary>How many accounts each tenant keeps in memory.</summary>
    public int AccountsInMemory { get; init; } = 20_000;

    /// <summary>Where JWK sets may be fetched from.</summary>
    public OutboundRules Outbound { get; init; } = new();

    /// <summary>Where a one-time setup token is written at the first start; without it, it is printed.</summary>
    public string? SetupTokenFile { get; init; }

    /// <summary>The least severe log level that is written.</summary>
    public string LogLevel { get; init; } = "information";
}

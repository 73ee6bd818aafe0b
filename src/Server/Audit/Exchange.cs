using System.Net;
using Countersign.OAuth;
using Countersign.Server.Conditions;
using Countersign.Server.Tenants;

namespace Countersign.Server.Audit;

/// <summary>
/// What is known of one request to an OAuth endpoint, filled as facts appear: who asked, which checks it passed. It becomes an audit event when
/// the request is refused, and a count when it succeeds.
/// </summary>
internal sealed class Exchange(string kind, Tenant tenant, IPAddress? source, DateTimeOffset now)
{
    private readonly (string Check, string? Got)[] _passed = new (string, string?)[32];
    private int _count;

    public string Kind { get; } = kind;

    public Tenant Tenant { get; } = tenant;

    /// <summary>The tenant's state at the start; one request sees one state.</summary>
    public TenantSnapshot Snapshot { get; } = tenant.Snapshot;

    public IPAddress? Source { get; } = source;

    public DateTimeOffset Now { get; } = now;

    /// <summary>The client id as claimed, before anything is proven.</summary>
    public string? ClientId { get; set; }

    public Account? Account { get; set; }

    public Guid? CredentialId { get; set; }

    /// <summary>The authentication method that the request used.</summary>
    public string? Method { get; set; }

    public TokenId? TokenId { get; set; }

    /// <summary>The scopes that the request asks for, once they are read.</summary>
    public string[] AskedScopes { get; set; } = [];

    /// <summary>The resources that it asks for (RFC 8707), once they are read.</summary>
    public string[] AskedResources { get; set; } = [];

    /// <summary>What the request asks for, as conditions see it; made for each that looks, as most requests meet none.</summary>
    public AskedFor Asked => new(AskedScopes, AskedResources, Source?.ToString(), Now);

    /// <summary>The rule that would have let a refused token of a trusted issuer pass, for the audit event.</summary>
    public string? Proposal { get; set; }

    /// <summary>What was done or asked for, for the audit event.</summary>
    public string? Target { get; set; }

    public ReadOnlySpan<(string Check, string? Got)> Checks => _passed.AsSpan(0, _count);

    public void Passed(string check, string? got = null)
    {
        if (_count < _passed.Length)
        {
            _passed[_count++] = (check, got);
        }
    }
}

using System.Net;
using System.Text;
using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Tenants;
using Countersign.Server.Token;
using Countersign.Server.Token.Grants;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Explanations;

/// <summary>The question of a dry run, read and found sound.</summary>
internal sealed class DryRunRequest
{
    public const int LongestToken = 32 * 1024;

    private const string Subject = "subject_token";

    private DryRunRequest(Exchange exchange, string[] scopes, string[] resources) => (Exchange, Scopes, Resources) = (exchange, scopes, resources);

    /// <summary>The exchange that it would be, of which nothing is recorded.</summary>
    public Exchange Exchange { get; }

    public string[] Scopes { get; }

    public string[] Resources { get; }

    public byte[]? Token { get; private init; }

    public ForeignUse Use { get; private init; }

    public Account? Account { get; private init; }

    public bool IsExchange => Use == ForeignUse.SubjectToken;

    public static async Task<Outcome<DryRunRequest>> ReadAsync(AdminCaller caller, DryRunBody body, IPAddress? source, CancellationToken ct)
    {
        if (body is { Jwt: null, Account: null })
        {
            return Refusal.Invalid("jwt", "or account is needed: a token, or who would ask");
        }

        if (body.Jwt is { Length: 0 or > LongestToken } || body.Jwt?.Any(c => c is <= ' ' or > '~') == true)
        {
            return Refusal.Invalid("jwt", $"must be 1 to {LongestToken} printable ASCII characters, without white space");
        }

        if (body.As is not (null or "client_assertion" or "jwt_bearer" or Subject))
        {
            return Refusal.Invalid("as", $"must be client_assertion, jwt_bearer or {Subject}");
        }

        if (body.Address is { } address && !IPAddress.TryParse(address, out source))
        {
            return Refusal.Invalid("address", "must be an IP address");
        }

        if (!ScopeText.Parse(Encoding.UTF8.GetBytes(body.Scope ?? "")).Is(out var scopes, out var error))
        {
            return Refusal.Invalid("scope", $"is not one that could be asked for: {error.Description}");
        }

        if (!ResourceIndicator.Parse(body.Resource ?? []).Is(out var resources, out error))
        {
            return Refusal.Invalid("resource", $"is not one that could be asked for: {error.Description}");
        }

        Account? account = null;

        if (body.Account is { } which && (account = await FindAsync(caller.Tenant, which, ct)) is null)
        {
            return Refusal.NotFound("service account") with { Errors = new Dictionary<string, string[]> { ["account"] = ["is not there"] } };
        }

        var exchange = new Exchange("dry-run", caller.Tenant, source, body.Time ?? caller.Now);
        (exchange.AskedScopes, exchange.AskedResources) = (scopes, resources);

        return new DryRunRequest(exchange, scopes, resources)
        {
            Token = body.Jwt is null ? null : Encoding.ASCII.GetBytes(body.Jwt),
            Use = body.As switch { "jwt_bearer" => ForeignUse.Grant, Subject => ForeignUse.SubjectToken, _ => ForeignUse.ClientAssertion },
            Account = account,
        };
    }

    /// <summary>The same as a token request, whose parties are known by other means.</summary>
    public TokenRequest AsTokenRequest() => new()
    {
        GrantType = Use switch { ForeignUse.Grant => JwtBearerGrant.Name, ForeignUse.SubjectToken => TokenExchangeGrant.Name, _ => ClientCredentialsGrant.Name },
        Credential = null,
        Assertion = null,
        Exchange = null,
        Scopes = Scopes,
        Resources = Resources,
    };

    /// <summary>How a refusal of the token would read.</summary>
    public OAuthError Refuse(FailedCheck failed) => Use switch
    {
        ForeignUse.Grant => OAuthError.InvalidGrant(failed),
        ForeignUse.SubjectToken => ExchangeRequest.Refuse("subject", failed),
        _ => OAuthError.InvalidClient(failed),
    };

    private static async Task<Account?> FindAsync(Tenant tenant, string which, CancellationToken ct) =>
        Guid.TryParse(which, out var id) && await tenant.Accounts.FindAsync(id, ct) is { } account ? account
        : ServiceAccounts.ClientIds.Fault(which) is null ? await tenant.Accounts.FindAsync(which, ct)
        : null;
}

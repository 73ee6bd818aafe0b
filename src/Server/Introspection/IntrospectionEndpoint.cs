using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Dpop;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Server.Introspection;

/// <summary>
/// <c>POST /oauth2/introspect</c> (RFC 7662). A caller sees a token only if it acts as one of the APIs that the token is for, or holds the
/// permission to introspect; to all others the token reads as unknown.
/// </summary>
internal sealed class IntrospectionEndpoint(ClientAuthentication clients, FailureLimiter limiter, DpopGuard dpop, ExchangeLog log)
{
    private const string Permission = "tokens.introspect";

    public static void Map(IEndpointRouteBuilder routes, IntrospectionEndpoint endpoint) =>
        routes.MapPost("/oauth2/introspect", endpoint.HandleAsync).ExcludeFromDescription();

    private async Task HandleAsync(HttpContext http)
    {
        var form = await OAuthForm.ReadAsync(http.Request, http.RequestAborted);

        // Once the form is here: who held back its last byte is judged by what holds now (R39).
        var exchange = log.Begin("introspection", http);

        if (await AnswerAsync(http, form, exchange, http.RequestAborted) is { } refusal)
        {
            OAuthAnswer.Refuse(http, refusal, log.Refused(exchange, refusal));
        }
    }

    private async ValueTask<OAuthError?> AnswerAsync(HttpContext http, Result<FormParameters> read, Exchange exchange, CancellationToken ct)
    {
        if (!read.Is(out var form, out var error))
        {
            return error;
        }

        exchange.Passed("request-form");

        if (!(await CallerAsync(http, form, exchange, ct)).Is(out var caller, out error))
        {
            return error;
        }

        if (!form.Has("token"u8))
        {
            return OAuthError.InvalidRequest("token is absent", new FailedCheck("token-present", "the request holds no token"));
        }

        var (live, _) = await TokenInspection.InspectAsync(exchange.Tenant, exchange.Snapshot, form.Value("token"u8).ToArray(), exchange.Now, ct);
        var shown = live is not null && MaySee(caller, live.Token, exchange) ? live : null;

        if (IntrospectionJwt.IsWanted(http.Request))
        {
            return IntrospectionJwt.Write(http, exchange, caller, shown);
        }

        if (shown is null)
        {
            OAuthAnswer.Write(http, StatusCodes.Status200OK, IntrospectionBody.Inactive);

            return null;
        }

        IntrospectionBody.Write(exchange.Snapshot.Issuer, shown.Token, json => OAuthAnswer.Write(http, StatusCodes.Status200OK, json));

        return null;
    }

    private async ValueTask<Result<Account>> CallerAsync(HttpContext http, FormParameters form, Exchange exchange, CancellationToken ct)
    {
        if (BearerToken.Read(http.Request) is { } bearer)
        {
            return await BearerAsync(http.Request, bearer, form, exchange, ct);
        }

        if (!ClientCredential.Read(http.Request.Headers.Authorization, form, exchange).Is(out var credential, out var error)
            || !(await clients.AuthenticateAsync(credential, exchange, ct)).Is(out var client, out error))
        {
            return error;
        }

        return client.Account;
    }

    private async ValueTask<Result<Account>> BearerAsync(HttpRequest request, PresentedToken presented, FormParameters form, Exchange exchange, CancellationToken ct)
    {
        exchange.Method = "bearer";

        if (form.Has("client_secret"u8) || form.Has("client_assertion"u8))
        {
            return OAuthError.InvalidRequest(
                "use one client authentication method in a request",
                new FailedCheck("one-method", "a bearer token and a client credential in one request", Hint: "send one of the two"));
        }

        var (live, reason) = await TokenInspection.InspectAsync(exchange.Tenant, exchange.Snapshot, presented.Text, exchange.Now, ct);
        exchange.Account = live?.Account;
        exchange.ClientId = live?.Account.ClientId;

        if (live is not null && await dpop.UseFaultAsync(request, presented, live.Token, exchange.Snapshot, exchange.Now) is { } fault)
        {
            return fault.Nonce is { } nonce ? OAuthError.UseDpopNonce(nonce, fault.Failed) : OAuthError.InvalidClient(fault.Failed);
        }

        // Only a token made for asking may ask: any other would let an API use what it was sent.
        if (live is not null && BearerToken.HasScope(live.Token, Permission) && live.Token.Audience.AsSpan().Contains(AdminApi.Identifier))
        {
            return live.Account;
        }

        var failed = new FailedCheck("caller-token", reason ?? "the bearer token does not carry the scope to introspect", Expected: Permission);

        return limiter.Failed(exchange.Tenant.Id, BearerToken.FailuresName, exchange.Source) is { } wait
            ? OAuthError.TooManyFailures(wait, failed)
            : OAuthError.InvalidClient(failed);
    }

    private static bool MaySee(Account caller, AccessToken token, Exchange exchange)
    {
        foreach (var audience in token.Audience)
        {
            if (exchange.Snapshot.ApisByIdentifier.TryGetValue(audience, out var api) && caller.Serves(api.Id))
            {
                return true;
            }
        }

        return caller.EntitlementsIn(exchange.Snapshot).ReachOf(Permission).WholeTenant;
    }
}

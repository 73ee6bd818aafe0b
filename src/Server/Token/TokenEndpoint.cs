using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Dpop;
using Countersign.Server.Token.Grants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Server.Token;

/// <summary><c>POST /oauth2/token</c>: parse, prove, decide, issue.</summary>
internal sealed class TokenEndpoint(ClientAuthentication clients, JwtBearerGrant assertions, TokenExchangeGrant exchanges, DpopGuard dpop, ExchangeLog log)
{
    public static void Map(IEndpointRouteBuilder routes, TokenEndpoint endpoint) =>
        routes.MapPost("/oauth2/token", endpoint.HandleAsync).ExcludeFromDescription();

    private async Task HandleAsync(HttpContext http)
    {
        var form = await OAuthForm.ReadAsync(http.Request, http.RequestAborted, "resource", "audience");

        // Once the form is here: who held back its last byte is judged by what holds now (R39).
        var exchange = log.Begin("token", http);
        var refusal = await IssueAsync(http, form, exchange, http.RequestAborted);

        // The one way out, so nothing is issued or refused unrecorded.
        if (refusal is not null)
        {
            OAuthAnswer.Refuse(http, refusal, log.Refused(exchange, refusal));
        }
    }

    private async ValueTask<OAuthError?> IssueAsync(HttpContext http, Result<FormParameters> read, Exchange exchange, CancellationToken ct)
    {
        if (!read.Is(out var form, out var error) || !TokenRequest.Read(form, http.Request.Headers.Authorization, exchange).Is(out var request, out error))
        {
            return error;
        }

        exchange.Passed("request-form");

        if (!dpop.Look(http.Request, exchange).Is(out var shown, out error) || !(await DecideAsync(request, exchange, ct)).Is(out var decided, out error))
        {
            return error;
        }

        var client = decided.Client;

        if (!(await dpop.BindAsync(http, shown, client, decided.Grant, exchange)).Is(out var grant, out error))
        {
            return error;
        }

        // The exchange is on record before the token leaves.
        if (exchange.Snapshot.FullTokenAudit || grant.Exchanged is { IsImpersonation: true })
        {
            return await IssueAuditedAsync(http, client, grant, exchange, ct);
        }

        if (TokenIssuer.Issue(client, grant, exchange, json => OAuthAnswer.Write(http, StatusCodes.Status200OK, json)) is { } failed)
        {
            return failed;
        }

        log.Issued(exchange, client, grant);

        return null;
    }

    private async ValueTask<Result<Decided>> DecideAsync(TokenRequest request, Exchange exchange, CancellationToken ct)
    {
        if (request.Exchange is not null)
        {
            return (await exchanges.ProveAsync(request, exchange, ct)).Is(out var parties, out var refused)
                && TokenExchangeGrant.Decide(parties, request, exchange).Is(out var exchanged, out refused)
                ? new Decided(parties.Client, exchanged)
                : refused;
        }

        var proof = request.Assertion is null
            ? clients.AuthenticateAsync(request.Credential!, exchange, ct)
            : assertions.ProveAsync(request, exchange, ct);

        if (!(await proof).Is(out var client, out var error))
        {
            return error;
        }

        var decision = request.GrantType switch
        {
            ClientCredentialsGrant.Name => ClientCredentialsGrant.Decide(client, request, exchange),
            JwtBearerGrant.Name => JwtBearerGrant.Decide(client, request, exchange),
            _ => OAuthError.UnsupportedGrantType(new FailedCheck(
                "grant-type", "the grant type is not one of this server", Expected: $"{ClientCredentialsGrant.Name}, {JwtBearerGrant.Name} or {TokenExchangeGrant.Name}")),
        };

        return decision.Is(out var grant, out error) ? new Decided(client, grant) : error;
    }

    private async ValueTask<OAuthError?> IssueAuditedAsync(HttpContext http, ProvenClient client, TokenGrant grant, Exchange exchange, CancellationToken ct)
    {
        byte[]? answer = null;

        if (TokenIssuer.Issue(client, grant, exchange, json => answer = json.ToArray()) is { } failed)
        {
            return failed;
        }

        await log.IssuedInFullAsync(exchange, client, grant, ct);
        OAuthAnswer.Write(http, StatusCodes.Status200OK, answer);

        return null;
    }

    private sealed record Decided(ProvenClient Client, TokenGrant Grant);
}

using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Introspection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Server.Revocation;

/// <summary><c>POST /oauth2/revoke</c> (RFC 7009): a client ends a token of its own. 200 means that it is durable.</summary>
internal sealed class RevocationEndpoint(ClientAuthentication clients, Revocations revocations, ExchangeLog log)
{
    public static void Map(IEndpointRouteBuilder routes, RevocationEndpoint endpoint) =>
        routes.MapPost("/oauth2/revoke", endpoint.HandleAsync).ExcludeFromDescription();

    private async Task HandleAsync(HttpContext http)
    {
        var form = await OAuthForm.ReadAsync(http.Request, http.RequestAborted);

        // Once the form is here: who held back its last byte is judged by what holds now (R39).
        var exchange = log.Begin("revocation", http);

        if (await RevokeAsync(http, form, exchange, http.RequestAborted) is { } refusal)
        {
            OAuthAnswer.Refuse(http, refusal, log.Refused(exchange, refusal));
        }
        else
        {
            OAuthAnswer.Write(http, StatusCodes.Status200OK, default);
        }
    }

    private async ValueTask<OAuthError?> RevokeAsync(HttpContext http, Result<FormParameters> read, Exchange exchange, CancellationToken ct)
    {
        if (!read.Is(out var form, out var error)
            || !ClientCredential.Read(http.Request.Headers.Authorization, form, exchange).Is(out var credential, out error)
            || !(await clients.AuthenticateAsync(credential, exchange, ct)).Is(out var client, out error))
        {
            return error;
        }

        if (!form.Has("token"u8))
        {
            return OAuthError.InvalidRequest("token is absent", new FailedCheck("token-present", "the request holds no token"));
        }

        var text = form.Value("token"u8).ToArray();

        if (GeneratedSecret.HasForm(text, GeneratedSecret.ClientSecret))
        {
            return OAuthError.UnsupportedTokenType(new FailedCheck("token-type", "a client secret is no token", Hint: "delete the secret by the admin API"));
        }

        // Unknown, altered, expired or already revoked: nothing is left to do, and that is success (RFC 7009 §2.2).
        if ((await TokenInspection.InspectAsync(exchange.Tenant, exchange.Snapshot, text, exchange.Now, ct)).Live is not { } live)
        {
            return null;
        }

        // It is whom the token was issued to; of an exchanged one that is who exchanged, and its subject may end it as well.
        if (live.Account.Id != client.Account.Id && (live.Token.Via is not [.., var last] || last.AccountId != client.Account.Id))
        {
            return OAuthError.UnauthorizedClient(new FailedCheck("token-owner", "the token belongs to another client", live.Account.ClientId, client.Account.ClientId));
        }

        await revocations.EndTokenAsync(exchange.Tenant.Id, live.Token, client.Account, exchange.Source?.ToString(), ct);

        return null;
    }
}

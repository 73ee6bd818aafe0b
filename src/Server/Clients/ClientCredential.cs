using Countersign.OAuth;
using Microsoft.Extensions.Primitives;

namespace Countersign.Server.Clients;

/// <summary>How a request says who it is. Reading it proves nothing.</summary>
internal sealed class ClientCredential
{
    private ClientCredential(string clientId, Secret secret, string method) => (ClientId, Secret, Method) = (clientId, secret, method);

    /// <summary>The client id as claimed.</summary>
    public string ClientId { get; }

    public Secret Secret { get; }

    /// <summary>The authentication method, by its registered name (RFC 7591 §2).</summary>
    public string Method { get; }

    /// <summary>Reads the one credential of the request; more than one method is a refusal (RFC 6749 §2.3).</summary>
    public static Result<ClientCredential> Read(StringValues authorization, FormParameters form)
    {
        var header = authorization.Count == 0 ? null : authorization[0];
        var inBody = form.Has("client_secret"u8);
        var assertion = form.Has("client_assertion"u8);

        if (assertion != form.Has("client_assertion_type"u8))
        {
            return OAuthError.InvalidRequest(
                "client_assertion and client_assertion_type go together", new FailedCheck("client-assertion", "one of the two is absent"));
        }

        if ((header is null ? 0 : 1) + (inBody ? 1 : 0) + (assertion ? 1 : 0) > 1)
        {
            return OAuthError.InvalidRequest(
                "use one client authentication method in a request",
                new FailedCheck("one-method", "more than one authentication method in the request", Hint: "send the secret either by Basic or in the body"));
        }

        if (header is not null)
        {
            return ReadBasic(header, form);
        }

        if (!form.Has("client_id"u8))
        {
            return OAuthError.InvalidClient(new FailedCheck("credential-present", "the request names no client"));
        }

        if (!ClientIdText.IsValid(form.Value("client_id"u8)))
        {
            return OAuthError.InvalidClient(new FailedCheck("client-id-form", "the client id is not 1 to 255 printable ASCII characters"));
        }

        var clientId = form.Text("client_id"u8)!;

        return inBody
            ? new ClientCredential(clientId, Secret.FromUtf8(form.Value("client_secret"u8)), "client_secret_post")
            : assertion
                ? OAuthError.InvalidClient(new FailedCheck(
                    "method-known", "client assertions are not a method of this server", Expected: "client_secret_basic or client_secret_post"))
                : OAuthError.InvalidClient(new FailedCheck(
                    "credential-present", "the request holds no secret", Hint: "there are no public clients here: send the secret by Basic or in the body"));
    }

    private static Result<ClientCredential> ReadBasic(string header, FormParameters form)
    {
        if (!BasicCredential.IsBasic(header))
        {
            return OAuthError.InvalidClient(new FailedCheck("authorization-scheme", "the Authorization header is of another scheme", Expected: "Basic"));
        }

        if (!BasicCredential.Parse(header).Is(out var basic, out var error))
        {
            return error;
        }

        // RFC 6749 §3.2.1: client_id may stand in the body too, if it says the same (R35).
        if (form.Has("client_id"u8) && form.Text("client_id"u8) != basic.ClientId)
        {
            return OAuthError.InvalidRequest(
                "client_id differs from the authenticated client", new FailedCheck("client-id-agrees", "the body names another client than the header"));
        }

        return new ClientCredential(basic.ClientId, basic.Secret, "client_secret_basic");
    }
}

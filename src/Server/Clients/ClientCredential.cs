using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.TrustedIssuers;
using Microsoft.Extensions.Primitives;

namespace Countersign.Server.Clients;

/// <summary>How a request says who it is. Reading it proves nothing.</summary>
internal abstract class ClientCredential
{
    /// <summary>The client id as claimed.</summary>
    public required string ClientId { get; init; }

    /// <summary>The authentication method, by its registered name (RFC 7591 §2).</summary>
    public required string Method { get; init; }

    /// <summary>Whether the form holds a part of a credential, whatever it is worth.</summary>
    public static bool IsIn(FormParameters form) =>
        form.Has("client_secret"u8) || form.Has("client_assertion"u8) || form.Has("client_assertion_type"u8);

    /// <summary>Reads the one credential of the request; more than one method is a refusal (RFC 6749 §2.3).</summary>
    public static Result<ClientCredential> Read(StringValues authorization, FormParameters form, Exchange exchange)
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
                new FailedCheck("one-method", "more than one authentication method in the request", Hint: "send the secret either by Basic or in the body, or an assertion and no secret"));
        }

        return header is not null ? ReadBasic(header, form)
            : assertion ? AssertionCredential.Read(form, exchange)
            : ReadPost(form, inBody);
    }

    private static Result<ClientCredential> ReadPost(FormParameters form, bool hasSecret)
    {
        if (!form.Has("client_id"u8))
        {
            return OAuthError.InvalidClient(new FailedCheck("credential-present", "the request names no client"));
        }

        if (!ClientIdText.IsValid(form.Value("client_id"u8)))
        {
            return OAuthError.InvalidClient(new FailedCheck("client-id-form", "the client id is not 1 to 255 printable ASCII characters"));
        }

        return hasSecret
            ? new SecretCredential
            {
                ClientId = form.Text("client_id"u8)!,
                Method = "client_secret_post",
                Secret = Secret.FromUtf8(form.Value("client_secret"u8)),
            }
            : OAuthError.InvalidClient(new FailedCheck(
                "credential-present", "the request holds no credential", Hint: "there are no public clients here: send the secret by Basic or in the body, or a signed assertion"));
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

        return Agrees(form, basic.ClientId) is { } differs
            ? differs
            : new SecretCredential { ClientId = basic.ClientId, Method = "client_secret_basic", Secret = basic.Secret };
    }

    /// <summary>RFC 6749 §3.2.1, RFC 7521 §4.2: client_id may stand in the body too, if it says the same (R35).</summary>
    protected static OAuthError? Agrees(FormParameters form, string clientId) =>
        form.Has("client_id"u8) && form.Text("client_id"u8) != clientId
            ? OAuthError.InvalidRequest(
                "client_id differs from the authenticated client", new FailedCheck("client-id-agrees", "the body names another client than the credential"))
            : null;
}

/// <summary>A client secret, by Basic or in the body.</summary>
internal sealed class SecretCredential : ClientCredential
{
    public required Secret Secret { get; init; }
}

/// <summary>An assertion that the client has signed itself, or that an issuer which is trusted has signed for it (RFC 7523 §2.2).</summary>
internal sealed class AssertionCredential : ClientCredential
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    public const string SpiffeType = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";

    public required SignedAssertion Assertion { get; init; }

    /// <summary>For what a foreign token was sent.</summary>
    public ForeignUse Use { get; private init; }

    public static Result<ClientCredential> Read(FormParameters form, Exchange exchange)
    {
        var type = form.Text("client_assertion_type"u8);

        if (type is not (Type or SpiffeType))
        {
            return OAuthError.InvalidClient(new FailedCheck("client-assertion-type", "the assertion is of another type", Expected: $"{Type} or {SpiffeType}"));
        }

        var text = form.Value("client_assertion"u8).ToArray();
        var named = form.Text("client_id"u8);
        var assertion = type == Type ? SignedAssertion.Read(text, named, exchange, out var failed) : SignedAssertion.ReadSpiffe(text, named, exchange, out failed);

        if (assertion is null)
        {
            return OAuthError.InvalidClient(failed!);
        }

        if (assertion.Issuer is not null)
        {
            return new AssertionCredential
            {
                ClientId = assertion.ClientId,
                Method = type == Type ? "federated_jwt" : "spiffe_jwt",
                Assertion = assertion,
                Use = type == Type ? ForeignUse.ClientAssertion : ForeignUse.SpiffeAssertion,
            };
        }

        return Agrees(form, assertion.ClientId) is { } differs
            ? differs
            : new AssertionCredential { ClientId = assertion.ClientId, Method = "private_key_jwt", Assertion = assertion };
    }
}

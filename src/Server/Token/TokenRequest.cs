using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Token.Grants;
using Microsoft.Extensions.Primitives;

namespace Countersign.Server.Token;

/// <summary>What a token request asks, read from the form alone.</summary>
internal sealed class TokenRequest
{
    public required string GrantType { get; init; }

    /// <summary>How the client authenticates; null only where an assertion or a subject token says who it is.</summary>
    public required ClientCredential? Credential { get; init; }

    /// <summary>The grant, where it is an assertion (RFC 7523 §2.1).</summary>
    public required SignedAssertion? Assertion { get; init; }

    /// <summary>The tokens to exchange (RFC 8693 §2.1).</summary>
    public required ExchangeRequest? Exchange { get; init; }

    /// <summary>The scopes asked for, each once; empty when none was.</summary>
    public required string[] Scopes { get; init; }

    /// <summary>The resources asked for (RFC 8707), each once; empty when none was. Of an exchange, the audiences too.</summary>
    public required string[] Resources { get; init; }

    /// <summary>Fills in who the exchange claims to be with, and what it asks for, as soon as that is read.</summary>
    public static Result<TokenRequest> Read(FormParameters form, StringValues authorization, Exchange exchange)
    {
        if (form.Text("grant_type"u8) is not { } grantType)
        {
            return OAuthError.InvalidRequest("grant_type is absent", new FailedCheck("grant-type", "the request names no grant type"));
        }

        if (!ReadParties(grantType, form, authorization, exchange).Is(out var parties, out var error))
        {
            return error;
        }

        if (!ScopeText.Parse(form.Value("scope"u8)).Is(out var scopes, out error))
        {
            return error;
        }

        // The name of an API is a URI, wherever it stands: an audience is read as strictly (R115).
        if (!ResourceIndicator.Parse([.. form.Texts("resource"u8), .. parties.Exchange?.Audiences ?? []]).Is(out var resources, out error))
        {
            return error;
        }

        (exchange.AskedScopes, exchange.AskedResources) = (scopes, resources);

        return new TokenRequest
        {
            GrantType = grantType,
            Credential = parties.Credential,
            Assertion = parties.Assertion,
            Exchange = parties.Exchange,
            Scopes = scopes,
            Resources = resources,
        };
    }

    private static Result<Parties> ReadParties(string grantType, FormParameters form, StringValues authorization, Exchange exchange)
    {
        var needsClient = grantType is not (JwtBearerGrant.Name or TokenExchangeGrant.Name);
        ClientCredential? credential = null;

        if (needsClient || authorization.Count > 0 || ClientCredential.IsIn(form))
        {
            if (!ClientCredential.Read(authorization, form, exchange).Is(out credential, out var error))
            {
                return error;
            }

            (exchange.ClientId, exchange.Method) = (credential.ClientId, credential.Method);
        }

        return grantType switch
        {
            JwtBearerGrant.Name => ReadAssertion(form, credential, exchange),
            TokenExchangeGrant.Name => ExchangeRequest.Read(form, exchange).Is(out var tokens, out var error) ? new Parties(credential, null, tokens) : error,
            _ => new Parties(credential, null, null),
        };
    }

    private static Result<Parties> ReadAssertion(FormParameters form, ClientCredential? credential, Exchange exchange)
    {
        exchange.Method = "jwt-bearer";

        if (!form.Has("assertion"u8))
        {
            return OAuthError.InvalidRequest("assertion is absent", new FailedCheck("assertion-present", "the request holds no assertion"));
        }

        var clientId = form.Text("client_id"u8);

        if (SignedAssertion.Read(form.Value("assertion"u8).ToArray(), clientId, exchange, out var failed) is not { } assertion)
        {
            return OAuthError.InvalidGrant(failed!);
        }

        exchange.ClientId = assertion.ClientId;

        return clientId is not null && clientId != assertion.ClientId
            ? OAuthError.InvalidRequest("client_id differs from the client of the assertion", new FailedCheck("client-id-agrees", "the body names another client than the assertion"))
            : new Parties(credential, assertion, null);
    }

    private sealed record Parties(ClientCredential? Credential, SignedAssertion? Assertion, ExchangeRequest? Exchange);
}

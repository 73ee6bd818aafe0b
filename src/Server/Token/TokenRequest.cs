using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Microsoft.Extensions.Primitives;

namespace Countersign.Server.Token;

/// <summary>What a token request asks, read from the form alone.</summary>
internal sealed class TokenRequest
{
    public required string GrantType { get; init; }

    public required ClientCredential Credential { get; init; }

    /// <summary>The scopes asked for, each once; empty when none was.</summary>
    public required string[] Scopes { get; init; }

    /// <summary>The resources asked for (RFC 8707), each once; empty when none was.</summary>
    public required string[] Resources { get; init; }

    /// <summary>Fills in who the exchange claims to be with, as soon as that is read.</summary>
    public static Result<TokenRequest> Read(FormParameters form, StringValues authorization, Exchange exchange)
    {
        if (form.Text("grant_type"u8) is not { } grantType)
        {
            return OAuthError.InvalidRequest("grant_type is absent", new FailedCheck("grant-type", "the request names no grant type"));
        }

        if (!ClientCredential.Read(authorization, form).Is(out var credential, out var error))
        {
            return error;
        }

        (exchange.ClientId, exchange.Method) = (credential.ClientId, credential.Method);

        if (!ScopeText.Parse(form.Value("scope"u8)).Is(out var scopes, out error))
        {
            return error;
        }

        if (!ResourceIndicator.Parse(form.Texts("resource"u8)).Is(out var resources, out error))
        {
            return error;
        }

        return new TokenRequest { GrantType = grantType, Credential = credential, Scopes = scopes, Resources = resources };
    }
}

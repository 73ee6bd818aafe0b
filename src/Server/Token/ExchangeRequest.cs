using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Clients;

namespace Countersign.Server.Token;

/// <summary>A token that is sent to be exchanged: one of ours as it was sent, or a foreign one taken apart.</summary>
internal sealed record ExchangedText(byte[]? Own, SignedAssertion? Foreign);

/// <summary>The parameters of RFC 8693 §2.1, read from the form alone.</summary>
/// <param name="Subject">Whose token it is.</param>
/// <param name="Actor">Who acts, where that is said.</param>
/// <param name="Audiences">The APIs asked for, beside those of <c>resource</c>.</param>
/// <param name="WantsJwt">Whether the new token is to be a JWT by name, not whatever the API has.</param>
internal sealed record ExchangeRequest(ExchangedText Subject, ExchangedText? Actor, string[] Audiences, bool WantsJwt)
{
    private const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";
    private const string Jwt = "urn:ietf:params:oauth:token-type:jwt";
    private const string IdToken = "urn:ietf:params:oauth:token-type:id_token";

    public static Result<ExchangeRequest> Read(FormParameters form, Exchange exchange)
    {
        exchange.Method ??= "token-exchange";

        if (!form.Has("subject_token"u8) || form.Text("subject_token_type"u8) is not { } subjectType)
        {
            return OAuthError.InvalidRequest(
                "subject_token and subject_token_type are needed", new FailedCheck("subject-token", "the request lacks the token to exchange, or its type"));
        }

        if (form.Has("actor_token"u8) != form.Has("actor_token_type"u8))
        {
            return OAuthError.InvalidRequest("actor_token and actor_token_type go together", new FailedCheck("actor-token", "one of the two is absent"));
        }

        // R113: there are no refresh tokens here, and nothing that speaks of a login.
        var requested = form.Text("requested_token_type"u8) ?? AccessToken;

        if (requested is not (AccessToken or Jwt))
        {
            return OAuthError.InvalidRequest(
                "only access tokens are issued", new FailedCheck("requested-token-type", "a token of another type is asked for", Expected: AccessToken, Hint: "have the client leave requested_token_type away"));
        }

        if (!ReadToken("subject", subjectType, form.Value("subject_token"u8), exchange).Is(out var subject, out var error))
        {
            return error;
        }

        ExchangedText? actor = null;

        if (form.Text("actor_token_type"u8) is { } actorType && !ReadToken("actor", actorType, form.Value("actor_token"u8), exchange).Is(out actor, out error))
        {
            return error;
        }

        return new ExchangeRequest(subject, actor, form.Texts("audience"u8), requested == Jwt);
    }

    /// <summary>RFC 8693 §2.2.2: a token that is not taken, for whatever reason, is <c>invalid_request</c>.</summary>
    public static OAuthError Refuse(string role, FailedCheck failed) => OAuthError.InvalidRequest($"the {role} token is not valid", failed);

    private static Result<ExchangedText> ReadToken(string role, string type, ReadOnlySpan<byte> text, Exchange exchange)
    {
        if (type == AccessToken)
        {
            return new ExchangedText(text.ToArray(), null);
        }

        if (type is not (Jwt or IdToken))
        {
            return OAuthError.InvalidRequest(
                $"the {role}_token_type is not supported",
                new FailedCheck($"{role}-token-type", "the token is of a type that is not taken", Expected: $"{AccessToken} for a token of this server, {Jwt} or {IdToken} for one of a trusted issuer"));
        }

        return SignedAssertion.ReadForeign(text.ToArray(), exchange, out var failed) is { } foreign ? new ExchangedText(null, foreign) : Refuse(role, failed!);
    }
}

using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>The claims <c>act</c> (RFC 8693 §4.1) and <c>via</c> of an exchanged token as JSON: a token that was not exchanged has neither.</summary>
internal static class ExchangeClaims
{
    // Names and punctuation of one actor; the same of one origin, with its three ids.
    private const int ActorLength = 32;
    private const int OriginLength = 160;

    public static int MaxLength(AccessToken token)
    {
        var length = token.Via.Length == 0 ? 0 : 16 + (OriginLength * token.Via.Length);

        for (var actor = token.Act; actor is not null; actor = actor.Next)
        {
            length += ActorLength + JsonText.MaxLength(actor.Subject) + (actor.Issuer is { } issuer ? JsonText.MaxLength(issuer) : 0);
        }

        return length;
    }

    public static void Write(ref JsonText json, AccessToken token)
    {
        WriteActors(ref json, token.Act);

        for (var i = 0; i < token.Via.Length; i++)
        {
            json.Raw(i == 0 ? ",\"via\":[{\"sub\":"u8 : ",{\"sub\":"u8);
            json.String(token.Via[i].AccountId);
            json.Raw(",\"cred\":"u8);
            json.String(token.Via[i].CredentialId);

            if (token.Via[i].SubjectToken is { } id)
            {
                json.Raw(",\"jti\":"u8);
                json.String(id);
            }

            json.Raw(i == token.Via.Length - 1 ? "}]"u8 : "}"u8);
        }
    }

    public static bool TryReadActor(ref Utf8JsonReader json, out Actor? actor)
    {
        actor = null;
        var (subject, issuer, next) = ((string?)null, (string?)null, (Actor?)null);

        if (json.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var (isSubject, isIssuer) = (json.ValueTextEquals("sub"u8), json.ValueTextEquals("iss"u8));

            if ((isSubject ? subject is not null : isIssuer ? issuer is not null : next is not null || !json.ValueTextEquals("act"u8))
                || !json.Read()
                || !(isSubject ? AccessTokenClaimsReader.TryReadText(ref json, out subject)
                    : isIssuer ? AccessTokenClaimsReader.TryReadText(ref json, out issuer)
                    : TryReadActor(ref json, out next)))
            {
                return false;
            }
        }

        actor = subject is null ? null : new Actor(subject, issuer, next);

        return actor is not null && json.TokenType == JsonTokenType.EndObject;
    }

    public static bool TryReadVia(ref Utf8JsonReader json, out TokenOrigin[] via)
    {
        via = [];

        if (json.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        var origins = new List<TokenOrigin>();

        while (json.Read() && json.TokenType == JsonTokenType.StartObject)
        {
            if (origins.Count == TokenOrigin.Most || ReadOrigin(ref json) is not { } origin)
            {
                return false;
            }

            origins.Add(origin);
        }

        via = [.. origins];

        return json.TokenType == JsonTokenType.EndArray && via.Length > 0;
    }

    private static TokenOrigin? ReadOrigin(ref Utf8JsonReader json)
    {
        var (account, credential, id) = ((Guid?)null, (Guid?)null, (TokenId?)null);

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var (isAccount, isCredential) = (json.ValueTextEquals("sub"u8), json.ValueTextEquals("cred"u8));

            if ((isAccount ? account is not null : isCredential ? credential is not null : id is not null || !json.ValueTextEquals("jti"u8)) || !json.Read())
            {
                return null;
            }

            var (value, token) = (Guid.Empty, default(TokenId));
            var isRead = isAccount || isCredential ? AccessTokenClaimsReader.TryReadGuid(ref json, out value) : AccessTokenClaimsReader.TryReadId(ref json, out token);

            if (!isRead)
            {
                return null;
            }

            account = isAccount ? value : account;
            credential = isCredential ? value : credential;
            id = isAccount || isCredential ? id : token;
        }

        return json.TokenType == JsonTokenType.EndObject && account is { } sub && credential is { } cred ? new TokenOrigin(sub, cred, id) : null;
    }

    private static void WriteActors(ref JsonText json, Actor? outermost)
    {
        for (var actor = outermost; actor is not null; actor = actor.Next)
        {
            json.Raw(",\"act\":{\"sub\":"u8);
            json.String(actor.Subject);

            if (actor.Issuer is { } issuer)
            {
                json.Raw(",\"iss\":"u8);
                json.String(issuer);
            }
        }

        for (var actor = outermost; actor is not null; actor = actor.Next)
        {
            json.Raw("}"u8);
        }
    }
}

using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>The claims of a JWT access token, read back after its signature was verified: ours exactly, or nothing.</summary>
internal static class AccessTokenClaimsReader
{
    // 9999-12-31T23:59:59Z, the last second that has a date.
    private const long LastSecond = 253402300799;

    [Flags]
    private enum Seen
    {
        None = 0,
        Iss = 1,
        Sub = 2,
        Aud = 4,
        ClientId = 8,
        Cred = 16,
        Jti = 32,
        Iat = 64,
        Exp = 128,
        Scope = 256,
        Act = 512,
        Via = 1024,
        Cnf = 2048,
        Required = Iss | Sub | Aud | ClientId | Cred | Jti | Iat | Exp,
    }

    /// <summary>The claims when all are there once, of their types and nothing else; the signature has been verified.</summary>
    public static AccessToken? Read(ReadOnlySpan<byte> claims, string issuer, Guid tenantId)
    {
        try
        {
            return ReadObject(claims, issuer, tenantId);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static AccessToken? ReadObject(ReadOnlySpan<byte> claims, string issuer, Guid tenantId)
    {
        var json = new Utf8JsonReader(claims, new JsonReaderOptions { MaxDepth = 1 + Actor.MaxDepth });
        var (seen, id, account, credential) = (Seen.None, default(TokenId), Guid.Empty, Guid.Empty);
        var (clientId, scope, audience, issuedAt, expiresAt) = ("", "", Array.Empty<string>(), 0L, 0L);
        var (act, via, thumbprint) = ((Actor?)null, Array.Empty<TokenOrigin>(), (string?)null);

        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            // A claim that we do not know could restrict the token: it is not ours to ignore.
            var claim = ClaimOf(ref json);

            if (claim == Seen.None || (seen & claim) != 0 || !json.Read() || !(claim switch
            {
                Seen.Iss => json.TokenType == JsonTokenType.String && json.ValueTextEquals(issuer),
                Seen.Sub => TryReadGuid(ref json, out account),
                Seen.Aud => TryReadAudience(ref json, out audience),
                Seen.ClientId => TryReadText(ref json, out clientId),
                Seen.Cred => TryReadGuid(ref json, out credential),
                Seen.Jti => TryReadId(ref json, out id),
                Seen.Iat => TryReadTime(ref json, out issuedAt),
                Seen.Exp => TryReadTime(ref json, out expiresAt),
                Seen.Act => ExchangeClaims.TryReadActor(ref json, out act),
                Seen.Via => ExchangeClaims.TryReadVia(ref json, out via),
                Seen.Cnf => TryReadThumbprint(ref json, out thumbprint),
                _ => TryReadText(ref json, out scope),
            }))
            {
                return null;
            }

            seen |= claim;
        }

        if (json.TokenType != JsonTokenType.EndObject || json.Read() || (seen & Seen.Required) != Seen.Required)
        {
            return null;
        }

        return new AccessToken
        {
            Id = id,
            TenantId = tenantId,
            AccountId = account,
            ClientId = clientId,
            CredentialId = credential,
            Audience = audience,
            Scope = scope,
            IssuedAt = issuedAt,
            ExpiresAt = expiresAt,
            Act = act,
            Via = via,
            KeyThumbprint = thumbprint,
        };
    }

    private static Seen ClaimOf(ref Utf8JsonReader json) =>
        json.ValueTextEquals("iss"u8) ? Seen.Iss
        : json.ValueTextEquals("sub"u8) ? Seen.Sub
        : json.ValueTextEquals("aud"u8) ? Seen.Aud
        : json.ValueTextEquals("client_id"u8) ? Seen.ClientId
        : json.ValueTextEquals("cred"u8) ? Seen.Cred
        : json.ValueTextEquals("jti"u8) ? Seen.Jti
        : json.ValueTextEquals("iat"u8) ? Seen.Iat
        : json.ValueTextEquals("exp"u8) ? Seen.Exp
        : json.ValueTextEquals("scope"u8) ? Seen.Scope
        : json.ValueTextEquals("act"u8) ? Seen.Act
        : json.ValueTextEquals("via"u8) ? Seen.Via
        : json.ValueTextEquals("cnf"u8) ? Seen.Cnf
        : Seen.None;

    internal static bool TryReadGuid(ref Utf8JsonReader json, out Guid value)
    {
        value = default;

        return json.TokenType == JsonTokenType.String && json.TryGetGuid(out value);
    }

    internal static bool TryReadId(ref Utf8JsonReader json, out TokenId id)
    {
        id = default;

        return json.TokenType == JsonTokenType.String && !json.ValueIsEscaped && TokenId.TryParse(json.ValueSpan, out id);
    }

    internal static bool TryReadText(ref Utf8JsonReader json, out string text)
    {
        text = json.TokenType == JsonTokenType.String ? json.GetString()! : "";

        return text.Length > 0;
    }

    // A confirmation by anything else is one that nobody here could check (R143).
    private static bool TryReadThumbprint(ref Utf8JsonReader json, out string? thumbprint)
    {
        thumbprint = null;

        if (json.TokenType != JsonTokenType.StartObject || !json.Read() || json.TokenType != JsonTokenType.PropertyName || !json.ValueTextEquals("jkt"u8)
            || !json.Read() || !TryReadText(ref json, out var text) || text.Length != AccessToken.ThumbprintLength)
        {
            return false;
        }

        thumbprint = text;

        return json.Read() && json.TokenType == JsonTokenType.EndObject;
    }

    private static bool TryReadTime(ref Utf8JsonReader json, out long seconds)
    {
        seconds = 0;

        return json.TokenType == JsonTokenType.Number && json.TryGetInt64(out seconds) && seconds is >= 0 and <= LastSecond;
    }

    private static bool TryReadAudience(ref Utf8JsonReader json, out string[] audience)
    {
        if (TryReadText(ref json, out var only))
        {
            audience = [only];

            return true;
        }

        audience = [];

        if (json.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        var values = new List<string>();

        while (json.Read() && TryReadText(ref json, out var value))
        {
            values.Add(value);
        }

        audience = [.. values];

        return json.TokenType == JsonTokenType.EndArray && audience.Length > 0;
    }
}

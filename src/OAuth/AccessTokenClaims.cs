namespace Countersign.OAuth;

/// <summary>The claims of a JWT access token (RFC 9068 §2.2) as JSON, written.</summary>
internal static class AccessTokenClaims
{
    // Names, punctuation, three ids and two times; the rest depends on the token.
    private const int FixedLength = 320;

    public static int MaxLength(string issuer, AccessToken token)
    {
        var length = FixedLength + JsonText.MaxLength(issuer) + JsonText.MaxLength(token.ClientId) + JsonText.MaxLength(token.Scope);

        foreach (var audience in token.Audience)
        {
            length += 1 + JsonText.MaxLength(audience);
        }

        return length + ExchangeClaims.MaxLength(token) + (token.KeyThumbprint is null ? 0 : 20 + AccessToken.ThumbprintLength);
    }

    public static int Write(string issuer, AccessToken token, Span<byte> destination)
    {
        var json = new JsonText(destination);
        json.Raw("{\"iss\":"u8);
        json.String(issuer);
        json.Raw(",\"sub\":"u8);
        json.String(token.AccountId);
        json.Raw(",\"aud\":"u8);
        WriteAudience(ref json, token.Audience);
        json.Raw(",\"client_id\":"u8);
        json.String(token.ClientId);
        json.Raw(",\"cred\":"u8);
        json.String(token.CredentialId);
        json.Raw(",\"jti\":"u8);
        json.String(token.Id);
        json.Raw(",\"iat\":"u8);
        json.Number(token.IssuedAt);
        json.Raw(",\"exp\":"u8);
        json.Number(token.ExpiresAt);

        // RFC 9068 §2.2.3: only when there is one.
        if (token.Scope.Length > 0)
        {
            json.Raw(",\"scope\":"u8);
            json.String(token.Scope);
        }

        ExchangeClaims.Write(ref json, token);

        // RFC 7800 §3.1.
        if (token.KeyThumbprint is { } thumbprint)
        {
            json.Raw(",\"cnf\":{\"jkt\":"u8);
            json.String(thumbprint);
            json.Raw("}"u8);
        }

        json.Raw("}"u8);

        return json.Length;
    }

    private static void WriteAudience(ref JsonText json, string[] audience)
    {
        if (audience.Length == 1)
        {
            json.String(audience[0]);

            return;
        }

        json.Raw("["u8);

        for (var i = 0; i < audience.Length; i++)
        {
            if (i > 0)
            {
                json.Raw(","u8);
            }

            json.String(audience[i]);
        }

        json.Raw("]"u8);
    }
}

using System.Text;

namespace Countersign.OAuth.Tests;

/// <summary>Builds what tests need, with the part that matters named.</summary>
internal static class Some
{
    public static AccessToken Token(
        string scope = "read write", string clientId = "reporting-job", string[]? audience = null, TokenId? id = null, Actor? act = null, TokenOrigin[]? via = null, string? thumbprint = null) => new()
        {
            Id = id ?? TokenId.Create(The.Now),
            TenantId = The.Tenant,
            AccountId = The.Account,
            ClientId = clientId,
            CredentialId = The.Credential,
            Audience = audience ?? ["urn:countersign:demo"],
            Scope = scope,
            IssuedAt = The.Now.ToUnixTimeSeconds(),
            ExpiresAt = The.Now.ToUnixTimeSeconds() + 3600,
            Act = act,
            Via = via ?? [],
            KeyThumbprint = thumbprint,
        };

    public static SealingKey SealingKey(Guid? id = null, Guid? tenant = null) =>
        new(id ?? The.SealingKeyId, tenant ?? The.Tenant, The.SealingKeyBytes);

    public static byte[] Sealed(SealingKey key, AccessToken token)
    {
        var text = new byte[OAuth.SealingKey.MaxLength(token)];

        return text[..key.Seal(token, text)];
    }

    public static byte[] Jwt(AccessToken token, SigningKey? key = null, string issuer = The.Issuer)
    {
        var text = new byte[JwtAccessToken.MaxLength(key ?? The.EcKey, issuer, token)];

        return text[..JwtAccessToken.Write(key ?? The.EcKey, issuer, token, text)];
    }

    /// <summary>A token with a good signature over any header and claims.</summary>
    public static byte[] SignedJwt(SigningKey key, string header, string claims)
    {
        var signed = $"{StrictBase64Url.Encode(Utf8(header))}.{StrictBase64Url.Encode(Utf8(claims))}";
        var signature = new byte[key.SignatureLength];
        key.Sign(Utf8(signed), signature);

        return Utf8($"{signed}.{StrictBase64Url.Encode(signature)}");
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    /// <summary>The bytes that one call allocates on this thread, once everything is warm.</summary>
    public static long AllocatedBy(Action action)
    {
        for (var i = 0; i < 1000; i++)
        {
            action();
        }

        const int Calls = 100;
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < Calls; i++)
        {
            action();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
    }
}

using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>Access tokens as signed JWTs (RFC 9068), with the claim <c>cred</c> that names the credential.</summary>
public static class JwtAccessToken
{
    /// <summary>A longer token is refused before any work.</summary>
    public const int MaxTokenLength = 16 * 1024;

    private const int StackLimit = 1024;

    /// <summary>An upper bound for what <see cref="Write"/> writes.</summary>
    public static int MaxLength(SigningKey key, string issuer, AccessToken token) =>
        key.AccessTokenHeader.Length + 2
        + StrictBase64Url.EncodedLength(AccessTokenClaims.MaxLength(issuer, token))
        + StrictBase64Url.EncodedLength(key.SignatureLength);

    /// <summary>Writes the signed token and returns its length.</summary>
    public static int Write(SigningKey key, string issuer, AccessToken token, Span<byte> destination)
    {
        var header = key.AccessTokenHeader;
        header.CopyTo(destination);
        var at = header.Length;
        destination[at++] = (byte)'.';

        var most = AccessTokenClaims.MaxLength(issuer, token);
        Span<byte> claims = most <= StackLimit ? stackalloc byte[StackLimit] : new byte[most];
        claims = claims[..AccessTokenClaims.Write(issuer, token, claims)];
        at += StrictBase64Url.Encode(claims, destination[at..]);

        Span<byte> signature = stackalloc byte[StackLimit];
        signature = signature[..key.Sign(destination[..at], signature)];
        destination[at++] = (byte)'.';

        return at + StrictBase64Url.Encode(signature, destination[at..]);
    }

    /// <summary>The <c>kid</c> of a token that has the form of ours; nothing is verified yet.</summary>
    public static bool TryReadKid(ReadOnlySpan<byte> token, out string kid)
    {
        kid = "";
        var dot = token.IndexOf((byte)'.');
        Span<byte> header = stackalloc byte[StackLimit];

        if (dot <= 0 || token.Length > MaxTokenLength || StrictBase64Url.DecodedLength(dot) > header.Length
            || !StrictBase64Url.TryDecode(token[..dot], header, out var length))
        {
            return false;
        }

        try
        {
            return TryReadHeader(header[..length], out kid);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            kid = "";

            return false;
        }
    }

    /// <summary>
    /// What a token of ours says, when its signature is this key's; otherwise null. Neither expiry nor revocation is looked at.
    /// </summary>
    public static AccessToken? Read(SigningKey key, string issuer, Guid tenantId, ReadOnlySpan<byte> token)
    {
        var header = key.AccessTokenHeader;

        // The key fixes type and algorithm: the header is compared, not interpreted (RFC 8725 §3.1, §3.11).
        if (token.Length > MaxTokenLength || token.Length <= header.Length || token[header.Length] != '.' || !token.StartsWith(header))
        {
            return null;
        }

        var dot = token.LastIndexOf((byte)'.');

        if (dot <= header.Length)
        {
            return null;
        }

        var claims = token[(header.Length + 1)..dot];
        Span<byte> signature = stackalloc byte[StackLimit];

        if (!StrictBase64Url.TryDecode(token[(dot + 1)..], signature, out var length) || !key.Verify(token[..dot], signature[..length]))
        {
            return null;
        }

        var rented = ArrayPool<byte>.Shared.Rent(StrictBase64Url.DecodedLength(claims.Length));

        try
        {
            return StrictBase64Url.TryDecode(claims, rented, out length)
                ? AccessTokenClaimsReader.Read(rented.AsSpan(0, length), issuer, tenantId)
                : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    internal static byte[] EncodeHeader(SigningAlgorithm algorithm, string kid)
    {
        Span<byte> json = new byte[64 + JsonText.MaxLength(kid)];
        var text = new JsonText(json);
        text.Raw("""{"typ":"at+jwt","alg":"""u8);
        text.String(algorithm.Name);
        text.Raw(",\"kid\":"u8);
        text.String(kid);
        text.Raw("}"u8);

        return Encoding.ASCII.GetBytes(StrictBase64Url.Encode(json[..text.Length]));
    }

    // The members in the order that EncodeHeader has; any other header is not ours.
    private static bool TryReadHeader(ReadOnlySpan<byte> header, out string kid)
    {
        var json = new Utf8JsonReader(header);
        kid = "";

        return json.Read() && json.TokenType == JsonTokenType.StartObject
            && TryReadMember(ref json, "typ"u8) && json.ValueTextEquals("at+jwt"u8)
            && TryReadMember(ref json, "alg"u8)
            && TryReadMember(ref json, "kid"u8) && (kid = json.GetString()!).Length is > 0 and <= 255
            && json.Read() && json.TokenType == JsonTokenType.EndObject
            && !json.Read();
    }

    private static bool TryReadMember(ref Utf8JsonReader json, ReadOnlySpan<byte> name) =>
        json.Read() && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals(name)
        && json.Read() && json.TokenType == JsonTokenType.String;
}

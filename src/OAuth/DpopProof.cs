using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>A proof of possession (RFC 9449 §4.2), taken apart and verified by the key that it carries. What it is for is judged by <see cref="Check"/>.</summary>
public sealed class DpopProof
{
    /// <summary>In characters (R133).</summary>
    public const int MaxLength = 8 * 1024;

    /// <summary>How far back the issue may lie (R136).</summary>
    public static readonly TimeSpan OldestIssue = TimeSpan.FromSeconds(60);

    private const int MaxKeyLength = 2 * 1024;
    private const int MaxIdLength = 255;
    private const int MaxUrlLength = 2048;

    // A nonce of ours says when the proof was made, whatever the client's clock does.
    private const long FutureSeconds = 10;
    private const long FutureSecondsWithNonce = 60;

    private readonly string _method;

    private DpopProof(VerificationKey key, JwtClaims claims, string method) => (Key, Claims, _method) = (key, claims, method);

    public VerificationKey Key { get; }

    /// <summary>The key's RFC 7638 thumbprint, SHA-256 in base64url: what a token is bound to (RFC 9449 §6.1).</summary>
    public string Thumbprint => Key.Thumbprint;

    /// <summary>The <c>jti</c>.</summary>
    public string Id => Claims.Id!;

    /// <summary>The URL of the request, as the client wrote it.</summary>
    public required string Url { get; init; }

    /// <summary>Null when it has none.</summary>
    public string? Nonce { get; private init; }

    /// <summary>Until when a second use must be recognised.</summary>
    public DateTimeOffset UsableUntil => DateTimeOffset.FromUnixTimeSeconds(Claims.IssuedAt!.Value) + OldestIssue;

    private JwtClaims Claims { get; }

    private string? TokenHash { get; init; }

    /// <summary>A new proof for one request.</summary>
    /// <param name="key">The key that tokens are bound to.</param>
    /// <param name="method">The method of the request.</param>
    /// <param name="url">Its URL; query and fragment are left out.</param>
    /// <param name="now">Now.</param>
    /// <param name="nonce">The nonce that the server told, or null.</param>
    public static string Create(SigningKey key, string method, Uri url, DateTimeOffset now, string? nonce)
    {
        var claims = new Dictionary<string, object>
        {
            ["jti"] = StrictBase64Url.Encode(RandomNumberGenerator.GetBytes(16)),
            ["htm"] = method,
            ["htu"] = url.GetLeftPart(UriPartial.Path),
            ["iat"] = now.ToUnixTimeSeconds(),
        };

        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }

        var header = $$"""{"typ":"dpop+jwt","alg":"{{key.Algorithm.Name}}","jwk":{{Encoding.UTF8.GetString(key.PublicJwk)}}}""";

        return Encoding.ASCII.GetString(CompactJws.Signed(key, Encoding.UTF8.GetBytes(header), JsonSerializer.SerializeToUtf8Bytes(claims)));
    }

    /// <summary>Reads the value of the header <c>DPoP</c>; null, and the check that failed, when it is no proof.</summary>
    public static DpopProof? Read(ReadOnlyMemory<byte> header, out FailedCheck? failed)
    {
        if (header.Length > MaxLength)
        {
            failed = new FailedCheck("dpop-form", "the proof is too long", $"{header.Length} characters", $"at most {MaxLength} characters");

            return null;
        }

        if (CompactJws.Parse(header, out failed) is not { } jws)
        {
            failed = failed! with { Check = "dpop-form" };

            return null;
        }

        if (jws.Type != "dpop+jwt")
        {
            failed = new FailedCheck("dpop-type", "the typ of the proof's header is another", jws.Type, "dpop+jwt");

            return null;
        }

        if (KeyOf(jws, out failed) is not { } key)
        {
            return null;
        }

        if (!key.Verify(jws.SigningInput.Span, jws.Signature.Span))
        {
            failed = new FailedCheck("dpop-signature", "the signature is not that of the key in the header", Expected: $"key {key.Thumbprint} ({key.Algorithm})");

            return null;
        }

        if (JwtClaims.Read(jws, out failed) is not { } claims)
        {
            failed = failed! with { Check = "dpop-claims" };

            return null;
        }

        return OfClaims(key, claims, out failed);
    }

    /// <summary>The first thing that does not fit the request, or null.</summary>
    /// <param name="method">The method of the request.</param>
    /// <param name="url">The public URL of the endpoint.</param>
    /// <param name="now">Now.</param>
    /// <param name="withNonce">Whether it has a nonce that was found good.</param>
    public FailedCheck? Check(string method, Uri url, DateTimeOffset now, bool withNonce)
    {
        if (_method != method)
        {
            return new FailedCheck("dpop-method", "htm is another method", _method, method);
        }

        if (!IsSame(Url, url))
        {
            return new FailedCheck("dpop-url", "htu is another URL", Url, url.GetLeftPart(UriPartial.Path), "have the client put the address of the request into htu, without its query");
        }

        var (seconds, ahead) = (now.ToUnixTimeSeconds(), withNonce ? FutureSecondsWithNonce : FutureSeconds);
        var issued = Claims.IssuedAt!.Value;

        return issued - seconds > ahead ? new FailedCheck("dpop-time", $"iat is {issued - seconds} s ahead", Expected: $"at most {ahead} s", Hint: "the client's clock is fast: set it by NTP")
            : seconds - issued > OldestIssue.TotalSeconds
                ? new FailedCheck("dpop-time", $"iat is {seconds - issued} s back", Expected: $"at most {OldestIssue.TotalSeconds} s", Hint: "have the client make a proof for each request")
            : Claims.ExpiresAt <= seconds ? new FailedCheck("dpop-time", "the proof has expired")
            : Claims.NotBefore - seconds > ahead ? new FailedCheck("dpop-time", "nbf is ahead")
            : null;
    }

    /// <summary>Whether the proof is for this token: <c>ath</c> is its SHA-256 (RFC 9449 §4.2).</summary>
    public bool IsFor(ReadOnlySpan<byte> token) =>
        TokenHash is { } hash && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(StrictBase64Url.Encode(SHA256.HashData(token))));

    private static VerificationKey? KeyOf(CompactJws jws, out FailedCheck? failed)
    {
        var json = new Utf8JsonReader(jws.Header.Span);
        json.Read();
        ReadOnlySpan<byte> jwk = default;

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isKey = json.ValueTextEquals("jwk"u8);
            json.Read();
            var from = (int)json.TokenStartIndex;
            json.Skip();
            jwk = isKey ? jws.Header.Span[from..(int)json.BytesConsumed] : jwk;
        }

        if (jwk.IsEmpty || jwk.Length > MaxKeyLength)
        {
            failed = new FailedCheck("dpop-key", jwk.IsEmpty ? "the header has no jwk" : $"the jwk is larger than {MaxKeyLength} bytes", Expected: "the public key of the client's proofs");

            return null;
        }

        var key = VerificationKey.FromJwk(jwk, out var fault, jws.Algorithm.KeyType == "RSA" ? jws.Algorithm : null);
        failed = key is null ? new FailedCheck("dpop-key", $"the jwk is not taken: {fault}")
            : key.Algorithm != jws.Algorithm ? new FailedCheck("dpop-key", "the key is for another algorithm than the header's", jws.Algorithm.Name, key.Algorithm.Name)
            : null;

        return failed is null ? key : null;
    }

    private static DpopProof? OfClaims(VerificationKey key, JwtClaims claims, out FailedCheck? failed)
    {
        var (method, url, hash, nonce) = ((string?)null, (string?)null, (string?)null, (string?)null);
        var json = new Utf8JsonReader(claims.Json.Span);
        json.Read();
        failed = null;

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.ValueTextEquals("htm"u8) ? "htm" : json.ValueTextEquals("htu"u8) ? "htu" : json.ValueTextEquals("ath"u8) ? "ath" : json.ValueTextEquals("nonce"u8) ? "nonce" : null;
            json.Read();

            if (name is null)
            {
                json.Skip();
                continue;
            }

            if (json.TokenType != JsonTokenType.String)
            {
                failed = new FailedCheck("dpop-claims", $"the claim {name} is not a text");

                return null;
            }

            _ = name switch
            {
                "htm" => method = json.GetString(),
                "htu" => url = json.GetString(),
                "ath" => hash = json.GetString(),
                _ => nonce = json.GetString(),
            };
        }

        var missing = method is null ? "htm" : url is null ? "htu" : claims.IssuedAt is null ? "iat" : claims.Id is null ? "jti" : null;

        if (missing is not null || claims.Id!.Length is 0 or > MaxIdLength || url!.Length > MaxUrlLength)
        {
            failed = new FailedCheck("dpop-claims", missing is null ? "jti or htu is empty or too long" : $"{missing} is absent", Expected: "jti, htm, htu, iat (RFC 9449 §4.2)");

            return null;
        }

        return new DpopProof(key, claims, method!) { Url = url, TokenHash = hash, Nonce = nonce };
    }

    // RFC 9449 §4.3: without query and fragment, in normal form of scheme, host and port; the path letter by letter.
    private static bool IsSame(string text, Uri url) =>
        Ascii.IsValid(text)
        && Uri.TryCreate(text, UriKind.Absolute, out var named)
        && named.UserInfo.Length == 0
        && named.Scheme == url.Scheme
        && named.IdnHost.Equals(url.IdnHost, StringComparison.OrdinalIgnoreCase)
        && named.Port == url.Port
        && PathOf(text, named) == url.AbsolutePath;

    // Not what the framework makes of dots and escapes in it.
    private static string PathOf(string text, Uri named)
    {
        var rest = text.AsSpan(text.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at ? at + 3 : text.Length);
        var path = rest.IndexOfAny('/', '?', '#') is >= 0 and var begin && rest[begin] == '/' ? rest[begin..] : named.AbsolutePath;

        return (path.IndexOfAny('?', '#') is >= 0 and var end ? path[..end] : path).ToString();
    }
}

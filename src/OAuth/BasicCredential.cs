using System.Buffers;
using System.Text;

namespace Countersign.OAuth;

/// <summary>Client id and secret of an <c>Authorization: Basic</c> header (RFC 6749 §2.3.1, RFC 7617 §2).</summary>
public sealed class BasicCredential(string clientId, Secret secret)
{
    private const string Scheme = "Basic";

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    // RFC 9110 §5.6.2, what may belong to the name of a scheme.
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public string ClientId { get; } = clientId;

    public Secret Secret { get; } = secret;

    /// <summary>Whether the scheme is Basic, in any letter case, well-formed or not.</summary>
    public static bool IsBasic(ReadOnlySpan<char> headerValue) =>
        headerValue.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && (headerValue.Length == Scheme.Length || !TokenCharacters.Contains(headerValue[Scheme.Length]));

    /// <summary>Reads a whole header value: the scheme, spaces, and strict base64 of two form-encoded halves.</summary>
    public static Result<BasicCredential> Parse(ReadOnlySpan<char> headerValue)
    {
        if (!IsBasic(headerValue))
        {
            return Malformed("the scheme is not Basic");
        }

        // RFC 9110 §11.4: spaces only, at least one, and nothing behind the token.
        var rest = headerValue[Scheme.Length..];
        var text = rest.TrimStart(' ');

        if (text.Length == rest.Length || !IsStrictBase64(text))
        {
            return Malformed("what follows the scheme is not one base64 text with its padding");
        }

        Span<byte> decoded = text.Length <= 1024 ? stackalloc byte[768] : new byte[text.Length / 4 * 3];

        return Convert.TryFromBase64Chars(text, decoded, out var length)
            ? ParsePair(decoded[..length])
            : Malformed("what follows the scheme is not base64");
    }

    public override string ToString() => $"(Basic credential of {ClientId})";

    private static Result<BasicCredential> ParsePair(Span<byte> pair)
    {
        var colon = pair.IndexOf((byte)':');

        if (colon < 0)
        {
            return Malformed("no colon divides client id and secret");
        }

        if (FormEncoding.Fault(pair) is { } fault)
        {
            return Malformed(fault);
        }

        var clientId = pair[..colon];
        var secret = pair[(colon + 1)..];
        fault = FormEncoding.Decode(clientId, out var idLength);
        var secretLength = 0;
        fault ??= FormEncoding.Decode(secret, out secretLength);

        if (fault is not null)
        {
            return Malformed(fault);
        }

        clientId = clientId[..idLength];

        return ClientIdText.IsValid(clientId)
            ? new BasicCredential(Encoding.ASCII.GetString(clientId), Secret.FromUtf8(secret[..secretLength]))
            : Malformed("the client id is not 1 to 255 printable ASCII characters");
    }

    private static bool IsStrictBase64(ReadOnlySpan<char> text)
    {
        if (text.Length == 0 || text.Length % 4 != 0)
        {
            return false;
        }

        var body = text.TrimEnd('=');

        // RFC 4648 §3.5: the unused bits before the padding are zero.
        return !body.ContainsAnyExcept(Alphabet) && (text.Length - body.Length) switch
        {
            0 => true,
            1 => "AEIMQUYcgkosw048".Contains(body[^1]),
            2 => "AQgw".Contains(body[^1]),
            _ => false,
        };
    }

    private static OAuthError Malformed(string detail) => OAuthError.InvalidRequest(
        "the Authorization header is malformed",
        new FailedCheck(
            "basic-syntax",
            detail,
            Expected: "Basic base64(form-encoded client id : form-encoded secret)",
            Hint: "the client must form-encode id and secret and join them with a colon before base64"));
}

using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>The registered claims of a JWT (RFC 7519 §4.1), each of its type or absent. What they say is judged elsewhere.</summary>
public sealed class JwtClaims
{
    // 9999-12-31T23:59:59Z, the last second that has a date.
    private const long LastSecond = 253402300799;

    private JwtClaims(ReadOnlyMemory<byte> json) => Json = json;

    public string? Issuer { get; private set; }

    public string? Subject { get; private set; }

    /// <summary>The audiences; empty when the claim is absent.</summary>
    public string[] Audience { get; private set; } = [];

    /// <summary>The <c>jti</c>.</summary>
    public string? Id { get; private set; }

    /// <summary>In Unix seconds, a fraction rounded down.</summary>
    public long? ExpiresAt { get; private set; }

    /// <summary>In Unix seconds, a fraction rounded up.</summary>
    public long? NotBefore { get; private set; }

    /// <summary>In Unix seconds, a fraction rounded up.</summary>
    public long? IssuedAt { get; private set; }

    /// <summary>All claims, a strict JSON object.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>Reads the payload of a message; null, and the check that failed, when it is no set of claims.</summary>
    public static JwtClaims? Read(CompactJws jws, out FailedCheck? failed)
    {
        var members = jws.MembersLeft;

        if (StrictJson.Fault(jws.Payload.Span, ref members) is { } fault)
        {
            failed = new FailedCheck("claims-form", $"the claims are not sound: {fault}");

            return null;
        }

        var claims = new JwtClaims(jws.Payload);
        var json = new Utf8JsonReader(jws.Payload.Span);
        json.Read();

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = NameOf(ref json);
            json.Read();

            if (!claims.Take(name, ref json))
            {
                failed = new FailedCheck("claims-form", $"the claim {name} is not of its type", Shown(ref json), Expected(name));

                return null;
            }

            json.Skip();
        }

        failed = null;

        return claims;
    }

    private static string? NameOf(ref Utf8JsonReader json) =>
        json.ValueTextEquals("iss"u8) ? "iss"
        : json.ValueTextEquals("sub"u8) ? "sub"
        : json.ValueTextEquals("aud"u8) ? "aud"
        : json.ValueTextEquals("jti"u8) ? "jti"
        : json.ValueTextEquals("exp"u8) ? "exp"
        : json.ValueTextEquals("nbf"u8) ? "nbf"
        : json.ValueTextEquals("iat"u8) ? "iat"
        : null;

    private static string Expected(string? name) => name switch
    {
        "aud" => "a text, or a list of one or more texts",
        "exp" or "nbf" or "iat" => $"a number of seconds from 0 to {LastSecond}, without exponent",
        _ => "a text",
    };

    // Numbers and literals are short and hold nothing that was not meant to be seen.
    private static string Shown(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Number => System.Text.Encoding.ASCII.GetString(json.ValueSpan),
        JsonTokenType.String => "a text",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        JsonTokenType.Null => "null",
        JsonTokenType.StartObject => "an object",
        _ => "a list",
    };

    private static string? TextOf(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.String ? json.GetString() : null;

    private static string[]? AudienceOf(ref Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.String)
        {
            return [json.GetString()!];
        }

        if (json.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        var audience = new List<string>(1);

        while (json.Read() && json.TokenType == JsonTokenType.String)
        {
            audience.Add(json.GetString()!);
        }

        return json.TokenType == JsonTokenType.EndArray && audience.Count > 0 ? [.. audience] : null;
    }

    /// <summary>R92: digits and at most a fraction, which is rounded against the presenter.</summary>
    private static long? TimeOf(ref Utf8JsonReader json, bool up)
    {
        if (json.TokenType != JsonTokenType.Number || json.ValueSpan.ContainsAny("eE-"u8))
        {
            return null;
        }

        var dot = json.ValueSpan.IndexOf((byte)'.');
        var whole = dot < 0 ? json.ValueSpan : json.ValueSpan[..dot];

        if (!System.Buffers.Text.Utf8Parser.TryParse(whole, out long seconds, out var read) || read != whole.Length || seconds > LastSecond)
        {
            return null;
        }

        var isFraction = dot >= 0 && json.ValueSpan[(dot + 1)..].ContainsAnyExcept((byte)'0');

        // A fraction of the last second lies behind it.
        return !isFraction ? seconds : seconds == LastSecond ? null : up ? seconds + 1 : seconds;
    }

    private bool Take(string? name, ref Utf8JsonReader json)
    {
        switch (name)
        {
            case "iss":
                return (Issuer = TextOf(ref json)) is not null;
            case "sub":
                return (Subject = TextOf(ref json)) is not null;
            case "jti":
                return (Id = TextOf(ref json)) is not null;
            case "aud":
                return (Audience = AudienceOf(ref json) ?? []).Length > 0;
            case "exp":
                return (ExpiresAt = TimeOf(ref json, up: false)) is not null;
            case "nbf":
                return (NotBefore = TimeOf(ref json, up: true)) is not null;
            case "iat":
                return (IssuedAt = TimeOf(ref json, up: true)) is not null;
            default:
                return true;
        }
    }
}

using System.Globalization;

namespace Countersign.OAuth;

/// <summary>What the claims of an assertion must say (RFC 7523 §3), once its signature is known to be good.</summary>
public sealed record AssertionRules
{
    /// <summary>The types of an assertion that authenticates a client; absent is taken too.</summary>
    public static readonly string[] ClientAuthentication = ["JWT", "client-authentication+jwt"];

    /// <summary>The types of an assertion that is a grant; absent is taken too.</summary>
    public static readonly string[] AuthorizationGrant = ["JWT", "authorization-grant+jwt"];

    /// <summary>The largest <see cref="ClockSkew"/> that a server may be set to.</summary>
    public static readonly TimeSpan LargestClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>The longest <c>jti</c>, in characters.</summary>
    public const int MaxIdLength = 255;

    /// <summary>The values of <c>typ</c> that are taken, beside none.</summary>
    public required string[] Types { get; init; }

    /// <summary>Who must be issuer and subject; null for another issuer's token, whose subject only has to be there.</summary>
    public required string? ClientId { get; init; }

    /// <summary>The audiences of which the assertion names one, and no other beside it.</summary>
    public required string[] Audiences { get; init; }

    /// <summary>Whether other audiences may stand beside; only ever for another issuer's token (R101).</summary>
    public bool AllowExtraAudiences { get; init; }

    /// <summary>How far ahead the expiry and how far back the issue may lie.</summary>
    public required TimeSpan MaxAge { get; init; }

    /// <summary>By how much two clocks may differ, in both directions (R94).</summary>
    public required TimeSpan ClockSkew { get; init; }

    /// <summary>Whether an assertion without <c>jti</c> is refused.</summary>
    public bool RequireId { get; init; } = true;

    /// <summary>The first check that fails, or null. Each that passes is told.</summary>
    public FailedCheck? Check(CompactJws jws, JwtClaims claims, DateTimeOffset now, Action<string, string?> passed)
    {
        var failed = CheckType(jws.Type);

        if (failed is null)
        {
            passed("assertion-type", jws.Type);
            failed = CheckParty(claims);
        }

        if (failed is null)
        {
            passed("assertion-issuer", claims.Issuer);
            failed = CheckAudience(claims.Audience);
        }

        if (failed is null)
        {
            passed("assertion-audience", claims.Audience[0]);
            failed = CheckTimes(claims, now.ToUnixTimeSeconds());
        }

        if (failed is null)
        {
            passed("assertion-time", null);
            failed = CheckId(claims.Id);
        }

        return failed;
    }

    /// <summary>Every check that fails, for whoever wants to mend them all at once.</summary>
    public IEnumerable<FailedCheck> Faults(CompactJws jws, JwtClaims claims, DateTimeOffset now) =>
        new[] { CheckType(jws.Type), CheckParty(claims), CheckAudience(claims.Audience), CheckTimes(claims, now.ToUnixTimeSeconds()), CheckId(claims.Id) }
            .OfType<FailedCheck>();

    /// <summary>Until when a second use must be recognised: no setting of clock skew lets an assertion live longer than this.</summary>
    public static DateTimeOffset UsableUntil(JwtClaims claims) => DateTimeOffset.FromUnixTimeSeconds(claims.ExpiresAt!.Value) + LargestClockSkew;

    private FailedCheck? CheckType(string? type)
    {
        if (type is null)
        {
            return null;
        }

        // RFC 7515 §4.1.9: a media type, without the prefix where no other slash is in it; letter case does not count.
        var name = type.StartsWith("application/", StringComparison.OrdinalIgnoreCase) ? type["application/".Length..] : type;

        return Array.Exists(Types, t => t.Equals(name, StringComparison.OrdinalIgnoreCase))
            ? null
            : new FailedCheck(
                "assertion-type", "the typ of the header is of another kind of JWT", type, $"{string.Join(" or ", Types)}, or no typ", "have the client sign a JWT made for this purpose");
    }

    private FailedCheck? CheckParty(JwtClaims claims)
    {
        if (ClientId is null)
        {
            return claims.Subject is { Length: > 0 } ? null : new FailedCheck("assertion-subject", "sub is absent or empty", Hint: "the issuer must say whom its token is about");
        }

        const string Hint = "have the client put its client id into iss and sub";

        return claims.Issuer != ClientId
            ? new FailedCheck("assertion-issuer", claims.Issuer is null ? "iss is absent" : "iss is not the client id", claims.Issuer, ClientId, Hint)
            : claims.Subject != ClientId
                ? new FailedCheck("assertion-subject", claims.Subject is null ? "sub is absent" : "sub is not the client id", claims.Subject, ClientId, Hint)
                : null;
    }

    private FailedCheck? CheckAudience(string[] audience)
    {
        var expected = string.Join(" or ", Audiences);

        return audience.Length == 0 ? new FailedCheck("assertion-audience", "aud is absent", null, expected, AudienceHint(""))
            : AllowExtraAudiences && Audiences.AsSpan().ContainsAny(audience) ? null
            : audience.Length > 1 ? new FailedCheck(
                "assertion-audience", "aud names more than one server", string.Join(", ", audience), expected, "have the client name this issuer alone: the others could use the assertion too")
            : Array.IndexOf(Audiences, audience[0]) < 0 ? new FailedCheck(
                "assertion-audience", "aud is not this server, letter by letter", audience[0], expected, AudienceHint(audience[0]))
            : null;
    }

    private string AudienceHint(string got) =>
        ClientId is null ? "have the workload ask its platform for a token with this audience, or add the audience to the trusted issuer"
        : got.StartsWith(Audiences[0], StringComparison.OrdinalIgnoreCase) && got.Length > Audiences[0].Length + 1
            ? "have the client put the issuer into aud; if it can only send the endpoint's address, set the account's assertions.audience to issuer-or-token-endpoint"
            : "have the client put the issuer into aud, exactly as the metadata shows it";

    private FailedCheck? CheckTimes(JwtClaims claims, long now)
    {
        var skew = (long)ClockSkew.TotalSeconds;
        var most = (long)MaxAge.TotalSeconds;

        if (claims.ExpiresAt is not { } expires)
        {
            return Failed("exp is absent", null, $"a time within {most} s", "have the client put exp into the claims");
        }

        if (claims.IssuedAt - now > skew)
        {
            return Failed(
                $"iat is {claims.IssuedAt - now} s ahead", Time(claims.IssuedAt), $"at most {skew} s ahead of {Time(now)}", "the client's clock is fast, or this server's is slow: set both by NTP");
        }

        if (claims.NotBefore - now > skew)
        {
            return Failed(
                $"nbf is {claims.NotBefore - now} s ahead", Time(claims.NotBefore), $"at most {skew} s ahead of {Time(now)}", "the client's clock is fast, or the assertion was sent before its time");
        }

        if (expires + skew <= now)
        {
            return Failed(
                $"it expired {now - expires} s ago", Time(expires), $"later than {Time(now - skew)}", "the client's clock is slow, or it kept the assertion: sign one per request");
        }

        if (expires - now > most + skew)
        {
            return Failed($"exp is {expires - now} s ahead", Time(expires), $"at most {most} s ahead of {Time(now)}", "have the client sign for a shorter time, a minute is enough");
        }

        if (claims.NotBefore > expires)
        {
            return Failed("nbf lies behind exp", Time(claims.NotBefore), $"at most {Time(expires)}", "the client mixes up the two, or its clock jumps");
        }

        return now - claims.IssuedAt > most + skew
            ? Failed($"iat is {now - claims.IssuedAt} s back", Time(claims.IssuedAt), $"at most {most} s before {Time(now)}", "sign one assertion per request")
            : null;
    }

    private FailedCheck? CheckId(string? id) =>
        id is null
            ? RequireId
                ? new FailedCheck(
                    "assertion-id", "jti is absent", null, "a jti of its own in each assertion", "have the client add a jti; if it cannot, set the account's assertions.require_jti to false")
                : null
            : id.Length is 0 or > MaxIdLength
                ? new FailedCheck("assertion-id", "jti is empty or too long", $"{id.Length} characters", $"1 to {MaxIdLength} characters")
                : null;

    private static FailedCheck Failed(string detail, string? got, string expected, string hint) => new("assertion-time", detail, got, expected, hint);

    private static string? Time(long? seconds) =>
        seconds is { } at ? $"{at} ({DateTimeOffset.FromUnixTimeSeconds(at).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)})" : null;
}

namespace Countersign.OAuth.Tests;

public sealed class AssertionRulesTests
{
    private const string Client = "reporting-job";

    private static readonly long s_now = The.Now.ToUnixTimeSeconds();

    private static readonly AssertionRules s_rules = new()
    {
        Types = AssertionRules.ClientAuthentication,
        ClientId = Client,
        Audiences = [The.Issuer],
        MaxAge = TimeSpan.FromSeconds(600),
        ClockSkew = TimeSpan.FromSeconds(10),
    };

    private static readonly Dictionary<string, string> s_good = new()
    {
        ["iss"] = $"\"{Client}\"",
        ["sub"] = $"\"{Client}\"",
        ["aud"] = $"\"{The.Issuer}\"",
        ["jti"] = "\"1\"",
        ["exp"] = $"{s_now + 60}",
        ["iat"] = $"{s_now}",
        ["nbf"] = $"{s_now - 600}",
    };

    [Fact]
    public void A_good_assertion_passes_every_check()
    {
        var passed = new List<(string, string?)>();

        Assert.Null(Check(s_good, typ: "JWT", passed: passed));
        Assert.Equal([("assertion-type", "JWT"), ("assertion-issuer", Client), ("assertion-audience", The.Issuer), ("assertion-time", null)], passed);
    }

    [Theory]
    [InlineData("typ", "assertion-type", 0)]
    [InlineData("iss", "assertion-issuer", 1)]
    [InlineData("sub", "assertion-subject", 1)]
    [InlineData("aud", "assertion-audience", 2)]
    [InlineData("exp", "assertion-time", 3)]
    [InlineData("jti", "assertion-id", 4)]
    [Trait("R", "93")]
    public void A_check_that_fails_is_the_last(string without, string check, int before)
    {
        var passed = new List<(string, string?)>();
        var failed = Check(Without(without), typ: without == "typ" ? "at+jwt" : null, passed: passed);

        Assert.Equal((check, before), (failed!.Check, passed.Count));
        Assert.Contains(without == "typ" ? "typ" : $"{without} is absent", failed.Detail);
        Assert.NotNull(failed.Hint);
    }

    [Fact]
    public void All_that_is_wrong_can_be_had_at_once()
    {
        var (jws, claims) = Claims(new() { ["iss"] = "\"other\"" }, "at+jwt");

        Assert.Equal(
            ["assertion-type", "assertion-issuer", "assertion-audience", "assertion-time", "assertion-id"],
            s_rules.Faults(jws, claims, The.Now).Select(failed => failed.Check));

        (jws, claims) = Claims(s_good, null);
        Assert.Empty(s_rules.Faults(jws, claims, The.Now));
    }

    [Theory]
    [InlineData("iss", "assertion-issuer")]
    [InlineData("sub", "assertion-subject")]
    [Trait("R", "51")]
    [Trait("R", "91")]
    public void Issuer_and_subject_are_the_client_id_letter_by_letter(string claim, string check) => Assert.All(
        ["other", "", "Reporting-job", "reporting-job ", " reporting-job", "reporting-job\\t", "reporting", "reporting-job2", "reporting\u2010job", "report\u0456ng-job", "REPORTING-JOB"],
        value =>
        {
            var failed = Check(With(claim, $"\"{value}\""));
            Assert.Equal((check, Client), (failed?.Check, failed?.Expected));
            Assert.Contains("is not the client id", failed!.Detail);
        });

    [Theory]
    [InlineData("\"https://as.example.com\"", true)]
    [InlineData("[\"https://as.example.com\"]", true)]
    [InlineData("\"https:\\/\\/as.example.com\"", true)]
    [InlineData("\"https://as.example.com/\"", false)]
    [InlineData("\"https://as.example.co\"", false)]
    [InlineData("\"https://as.example.com:443\"", false)]
    [InlineData("\"https://AS.example.com\"", false)]
    [InlineData("\"HTTPS://as.example.com\"", false)]
    [InlineData("\"http://as.example.com\"", false)]
    [InlineData("\"https://as.example.com.evil\"", false)]
    [InlineData("\"https://as.example.com/oauth2/token\"", false)]
    [InlineData("\"https://as.example.com/oauth2/introspect\"", false)]
    [InlineData("\"https://as.example.com%2F\"", false)]
    [InlineData("\"https://as.example.com?\"", false)]
    [InlineData("\"https://as.example.com#\"", false)]
    [InlineData("\"https://as.ex\u0430mple.com\"", false)]
    [InlineData("\" https://as.example.com\"", false)]
    [InlineData("\"as.example.com\"", false)]
    [InlineData("\"\"", false)]
    [InlineData("[\"https://as.example.com\",\"https://other.example\"]", false)]
    [InlineData("[\"https://other.example\",\"https://as.example.com\"]", false)]
    [InlineData("[\"https://as.example.com\",\"https://as.example.com\"]", false)]
    [InlineData("[\"https://other.example\"]", false)]
    [Trait("R", "52")]
    [Trait("R", "91")]
    public void The_audience_is_the_issuer_alone(string aud, bool taken)
    {
        var failed = Check(With("aud", aud));

        Assert.Equal(taken ? null : "assertion-audience", failed?.Check);
        Assert.Equal(taken ? null : The.Issuer, failed?.Expected);
    }

    [Theory]
    [InlineData("https://as.example.com/oauth2/token", "issuer-or-token-endpoint")]
    [InlineData("https://AS.example.com/oauth2/token", "issuer-or-token-endpoint")]
    [InlineData("https://as.example.com/", "exactly as")]
    [InlineData("https://other.example", "exactly as")]
    [Trait("R", "53")]
    public void The_hint_tells_of_the_switch_where_it_would_help(string aud, string hint) =>
        Assert.Contains(hint, Check(With("aud", $"\"{aud}\""))!.Hint);

    [Fact]
    public void Several_audiences_are_shown() =>
        Assert.Equal("a, b", Check(With("aud", "[\"a\",\"b\"]"))!.Got);

    [Theory]
    [InlineData("\"https://as.example.com\"", true)]
    [InlineData("\"https://as.example.com/oauth2/token\"", true)]
    [InlineData("[\"https://as.example.com/oauth2/token\"]", true)]
    [InlineData("\"https://as.example.com/oauth2/token/\"", false)]
    [InlineData("\"https://as.example.com/oauth2\"", false)]
    [InlineData("[\"https://as.example.com\",\"https://as.example.com/oauth2/token\"]", false)]
    [Trait("R", "52")]
    [Trait("R", "53")]
    public void With_the_switch_the_token_endpoint_is_an_audience_too(string aud, bool taken)
    {
        var failed = Check(With("aud", aud), s_rules with { Audiences = [The.Issuer, The.Issuer + "/oauth2/token"] });

        Assert.Equal(taken ? null : "assertion-audience", failed?.Check);
        Assert.Equal(taken ? null : $"{The.Issuer} or {The.Issuer}/oauth2/token", failed?.Expected);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("JWT", true)]
    [InlineData("jwt", true)]
    [InlineData("application/jwt", true)]
    [InlineData("APPLICATION/Jwt", true)]
    [InlineData("client-authentication+jwt", true)]
    [InlineData("Client-Authentication+JWT", true)]
    [InlineData("application/client-authentication+jwt", true)]
    [InlineData("authorization-grant+jwt", false)]
    [InlineData("at+jwt", false)]
    [InlineData("application/at+jwt", false)]
    [InlineData("dpop+jwt", false)]
    [InlineData("logout+jwt", false)]
    [InlineData("secevent+jwt", false)]
    [InlineData("token-introspection+jwt", false)]
    [InlineData("", false)]
    [InlineData("application/", false)]
    [InlineData("application/application/jwt", false)]
    [InlineData("text/jwt", false)]
    [InlineData("JWT ", false)]
    [InlineData(" JWT", false)]
    [InlineData("JWTX", false)]
    [InlineData("JOSE", false)]
    [InlineData("\u212AWT", false)]
    [Trait("R", "54")]
    public void Only_the_types_of_the_purpose_are_taken(string? typ, bool taken) =>
        Assert.Equal(taken ? null : "assertion-type", Check(s_good, typ: typ)?.Check);

    [Fact]
    [Trait("R", "61")]
    public void A_grant_has_types_of_its_own()
    {
        var grant = s_rules with { Types = AssertionRules.AuthorizationGrant };

        Assert.Null(Check(s_good, grant, "authorization-grant+jwt"));
        Assert.Null(Check(s_good, grant, "JWT"));
        Assert.Equal("JWT or authorization-grant+jwt, or no typ", Check(s_good, grant, "client-authentication+jwt")?.Expected);
    }

    [Theory]
    [InlineData("exp", -3600, "expired")]
    [InlineData("exp", -11, "expired")]
    [InlineData("exp", -10, "expired")]
    [InlineData("exp", -9, null)]
    [InlineData("exp", 0, null)]
    [InlineData("exp", 1, null)]
    [InlineData("exp", 610, null)]
    [InlineData("exp", 611, "ahead")]
    [InlineData("exp", 1_000_000, "ahead")]
    [InlineData("iat", 9, null)]
    [InlineData("iat", 10, null)]
    [InlineData("iat", 11, "ahead")]
    [InlineData("iat", 61, "ahead")]
    [InlineData("iat", -609, null)]
    [InlineData("iat", -610, null)]
    [InlineData("iat", -611, "back")]
    [InlineData("nbf", 10, null)]
    [InlineData("nbf", 11, "ahead")]
    [InlineData("nbf", 61, "ahead")]
    [InlineData("nbf", -1_000_000, null)]
    [Trait("R", "55")]
    [Trait("R", "94")]
    public void Times_are_held_to_the_second(string claim, int seconds, string? says)
    {
        var failed = Check(With(claim, $"{s_now + seconds}"));

        Assert.Equal(says is null ? null : "assertion-time", failed?.Check);

        if (failed is not null)
        {
            Assert.Contains(says!, failed.Detail);
            Assert.Contains($" {Math.Abs(seconds)} s", failed.Detail);
            Assert.StartsWith(claim == "exp" && says == "expired" ? "it" : claim, failed.Detail);
            Assert.StartsWith($"{s_now + seconds} (20", failed.Got);
        }
    }

    [Theory]
    [InlineData("exp", "-9.5", false)]
    [InlineData("exp", "-9.0", true)]
    [InlineData("exp", "610.9", true)]
    [InlineData("iat", "9.5", true)]
    [InlineData("iat", "10.000", true)]
    [InlineData("iat", "10.001", false)]
    [InlineData("nbf", "10.001", false)]
    [Trait("R", "92")]
    public void A_fraction_counts_against_the_presenter(string claim, string offset, bool taken)
    {
        // Past times are counted back to the whole second, so that the digits stay the text's own.
        var dot = offset.IndexOf('.');
        var whole = s_now + long.Parse(offset[..dot]) - (offset[0] == '-' && offset[^1] != '0' ? 1 : 0);

        Assert.Equal(taken ? null : "assertion-time", Check(With(claim, $"{whole}{offset[dot..]}"))?.Check);
    }

    [Theory]
    [InlineData(5, 5, true)]
    [InlineData(6, 5, false)]
    [Trait("R", "55")]
    public void A_time_that_begins_behind_its_end_is_refused(int nbf, int exp, bool taken)
    {
        var failed = Check(new(With("nbf", $"{s_now + nbf}")) { ["exp"] = $"{s_now + exp}" });

        Assert.Equal(taken ? null : "nbf lies behind exp", failed?.Detail);
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(60, 3600)]
    [Trait("R", "55")]
    [Trait("R", "94")]
    public void Skew_and_age_are_those_of_the_tenant(int skew, int age)
    {
        var rules = s_rules with { ClockSkew = TimeSpan.FromSeconds(skew), MaxAge = TimeSpan.FromSeconds(age) };

        Assert.All(
            [("exp", -skew, false), ("exp", -skew + 1, true), ("exp", age + skew, true), ("exp", age + skew + 1, false), ("iat", skew, true), ("iat", skew + 1, false),
             ("nbf", skew, true), ("nbf", skew + 1, false), ("iat", -age - skew, true), ("iat", -age - skew - 1, false)],
            row => Assert.Equal(row.Item3 ? null : "assertion-time", Check(With(row.Item1, $"{s_now + row.Item2}"), rules)?.Check));
    }

    [Fact]
    [Trait("R", "93")]
    public void Only_the_expiry_must_be_there()
    {
        Assert.Null(Check(Without("iat")));
        Assert.Null(Check(Without("nbf")));
        Assert.Equal("exp is absent", Check(Without("exp"))?.Detail);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("253402300799")]
    [InlineData("253402300798.5")]
    [Trait("R", "92")]
    public void The_first_and_the_last_second_are_judged_like_others(string time) => Assert.All(["exp", "iat", "nbf"], claim =>
        Assert.Equal(claim == "nbf" && time == "0" ? null : "assertion-time", Check(With(claim, time))?.Check));

    [Fact]
    public void A_time_is_shown_as_a_date() =>
        Assert.Equal("253402300799 (9999-12-31T23:59:59Z)", Check(With("exp", "253402300799"))?.Got);

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(255, true)]
    [InlineData(256, false)]
    [Trait("R", "56")]
    public void An_id_has_1_to_255_characters(int length, bool taken)
    {
        var claims = With("jti", $"\"{new string('j', length)}\"");

        Assert.All([true, false], required =>
        {
            var failed = Check(claims, s_rules with { RequireId = required });
            Assert.Equal(taken ? null : "assertion-id", failed?.Check);
            Assert.Equal(taken ? null : $"{length} characters", failed?.Got);
        });
    }

    [Fact]
    [Trait("R", "56")]
    [Trait("R", "93")]
    public void An_id_must_be_there_unless_the_account_says_otherwise()
    {
        Assert.Equal("assertion-id", Check(Without("jti"))?.Check);
        Assert.Null(Check(Without("jti"), s_rules with { RequireId = false }));
    }

    [Fact]
    [Trait("R", "94")]
    public void A_second_use_is_recognised_for_longer_than_any_skew_lets_it_live()
    {
        var until = AssertionRules.UsableUntil(Claims(s_good, null).Claims);

        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(s_now + 120), until);
        Assert.Equal("assertion-time", Check(s_good, s_rules with { ClockSkew = AssertionRules.LargestClockSkew }, now: until)?.Check);
        Assert.Null(Check(s_good, s_rules with { ClockSkew = AssertionRules.LargestClockSkew }, now: until.AddSeconds(-1)));
    }

    private static Dictionary<string, string> With(string claim, string json) => new(s_good) { [claim] = json };

    private static Dictionary<string, string> Without(string claim) => new(s_good.Where(pair => pair.Key != claim));

    private static (CompactJws Jws, JwtClaims Claims) Claims(Dictionary<string, string> claims, string? typ)
    {
        var header = typ is null ? """{"alg":"ES256"}""" : $$"""{"alg":"ES256","typ":"{{typ}}"}""";
        var text = $"{{{string.Join(',', claims.Select(pair => $"\"{pair.Key}\":{pair.Value}"))}}}";
        var jws = CompactJws.Parse(Some.SignedJwt(The.EcKey, header, text), out _)!;
        var read = JwtClaims.Read(jws, out var failed);
        Assert.True(read is not null, failed?.Detail);

        return (jws, read);
    }

    private static FailedCheck? Check(
        Dictionary<string, string> claims, AssertionRules? rules = null, string? typ = null, List<(string, string?)>? passed = null, DateTimeOffset? now = null)
    {
        var (jws, read) = Claims(claims, typ);
        var failed = (rules ?? s_rules).Check(jws, read, now ?? The.Now, (check, value) => passed?.Add((check, value)));

        // Whoever has to mend it is told what is wrong, what would pass and, but for a jti that is there, what to do.
        Assert.NotEqual("", failed?.Detail);
        Assert.NotEqual("", failed?.Expected);
        Assert.True(failed is null or { Hint.Length: > 10 } || claims.ContainsKey("jti"), failed?.Detail);
        Assert.NotEqual("", failed?.Hint);

        return failed;
    }
}

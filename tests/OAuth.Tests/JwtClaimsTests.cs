namespace Countersign.OAuth.Tests;

public sealed class JwtClaimsTests
{
    [Fact]
    public void The_registered_claims_are_read()
    {
        const string Json = """{"iss":"i","sub":"s","aud":["a","b"],"jti":"j","exp":3,"nbf":2,"iat":1,"other":{"sub":1},"more":[{"iss":2}]}""";
        var claims = Read(Json);

        Assert.Equal(("i", "s", "j"), (claims.Issuer, claims.Subject, claims.Id));
        Assert.Equal(["a", "b"], claims.Audience);
        Assert.Equal((3, 2, 1), (claims.ExpiresAt, claims.NotBefore, claims.IssuedAt));
        Assert.Equal(Json, Some.Text(claims.Json.Span));
    }

    [Fact]
    [Trait("R", "93")]
    public void What_is_absent_is_null_or_empty()
    {
        var claims = Read("""{"ISS":"i","Sub":"s","issuer":"i","a":{"iss":"i","exp":1}}""");

        Assert.Equal((null, null, null), (claims.Issuer, claims.Subject, claims.Id));
        Assert.Empty(claims.Audience);
        Assert.Equal((null, null, null), (claims.ExpiresAt, claims.NotBefore, claims.IssuedAt));
    }

    [Fact]
    public void Escapes_are_undone() => Assert.Equal("a/b", Read("""{"\u0073\u0075b":"\u0061\/b"}""").Subject);

    [Theory]
    [InlineData("1", "1")]
    [InlineData("null", "null")]
    [InlineData("true", "a boolean")]
    [InlineData("false", "a boolean")]
    [InlineData("[\"a\"]", "a list")]
    [InlineData("[]", "a list")]
    [InlineData("{\"a\":\"b\"}", "an object")]
    [Trait("R", "89")]
    public void Issuer_subject_and_id_are_texts_or_refused(string value, string shown) => Assert.All(["iss", "sub", "jti"], claim =>
    {
        var failed = Refused($$"""{"a":1,"{{claim}}":{{value}}}""");

        Assert.Equal(("claims-form", $"the claim {claim} is not of its type"), (failed.Check, failed.Detail));
        Assert.Equal((shown, "a text"), (failed.Got, failed.Expected));
    });

    [Theory]
    [InlineData("\"a\"", "a")]
    [InlineData("\"\"", "")]
    [InlineData("[\"a\"]", "a")]
    [InlineData("[\"a\",\"b\",\"a\"]", "a,b,a")]
    [Trait("R", "90")]
    public void An_audience_is_a_text_or_a_list_of_texts(string value, string audience) =>
        Assert.Equal(audience.Split(','), Read($$"""{"aud":{{value}},"sub":"s"}""").Audience);

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("{\"a\":\"b\"}")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[null]")]
    [InlineData("[\"a\",1]")]
    [InlineData("[\"a\",null,\"b\"]")]
    [InlineData("[[\"a\"]]")]
    [InlineData("[\"a\",[\"b\"]]")]
    [InlineData("[{\"a\":\"b\"}]")]
    [InlineData("[\"a\",{}]")]
    [Trait("R", "90")]
    public void Another_audience_is_refused(string value)
    {
        var failed = Refused($$"""{"aud":{{value}},"sub":"s"}""");

        Assert.Equal(("claims-form", "the claim aud is not of its type"), (failed.Check, failed.Detail));
        Assert.Equal("a text, or a list of one or more texts", failed.Expected);
    }

    [Theory]
    [InlineData("0", 0, 0)]
    [InlineData("1", 1, 1)]
    [InlineData("1785542400", 1785542400, 1785542400)]
    [InlineData("253402300799", 253402300799, 253402300799)]
    [InlineData("253402300799.0", 253402300799, 253402300799)]
    [InlineData("253402300798.1", 253402300798, 253402300799)]
    [InlineData("0.5", 0, 1)]
    [InlineData("0.0", 0, 0)]
    [InlineData("7.000", 7, 7)]
    [InlineData("7.001", 7, 8)]
    [InlineData("7.999999999999999999", 7, 8)]
    [Trait("R", "92")]
    public void A_time_is_rounded_against_the_presenter(string value, long expiry, long others)
    {
        var claims = Read($$"""{"exp":{{value}},"nbf":{{value}},"iat":{{value}}}""");

        Assert.Equal((expiry, others, others), (claims.ExpiresAt, claims.NotBefore, claims.IssuedAt));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("-0")]
    [InlineData("-0.5")]
    [InlineData("1e3")]
    [InlineData("1E3")]
    [InlineData("1e0")]
    [InlineData("1e20")]
    [InlineData("1e400")]
    [InlineData("1e-5")]
    [InlineData("1.5e3")]
    [InlineData("253402300799.5")]
    [InlineData("253402300800")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775808")]
    [InlineData("18446744073709551616")]
    [InlineData("99999999999999999999")]
    [InlineData("123456789012345678901")]
    [InlineData("\"1785542400\"")]
    [InlineData("\"\"")]
    [InlineData("true")]
    [InlineData("false")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"a\":1}")]
    [Trait("R", "92")]
    public void Another_time_is_refused(string value) => Assert.All(["exp", "nbf", "iat"], claim =>
    {
        var failed = Refused($$"""{"{{claim}}":{{value}},"sub":"s"}""");

        Assert.Equal("claims-form", failed.Check);
        Assert.True(value.Length > 20 || (failed.Detail.Contains(claim) && failed.Expected!.Contains("253402300799")), failed.Detail);
    });

    [Theory]
    [InlineData("foo")]
    [InlineData("[]")]
    [InlineData("{}{}")]
    [InlineData("{\"sub\":\"a\",\"sub\":\"a\"}")]
    [InlineData("{\"sub\":\"a\",\"s\\u0075b\":\"a\"}")]
    [InlineData("{\"sub\":\"a\\u0000\"}")]
    [InlineData("{\"sub\":\"\\ud800\"}")]
    [Trait("R", "73")]
    [Trait("R", "74")]
    public void Claims_that_are_not_sound_are_refused(string json)
    {
        var failed = Refused(json);

        Assert.Equal("claims-form", failed.Check);
        Assert.StartsWith("the claims are not sound: ", failed.Detail);
    }

    [Fact]
    public void No_text_of_a_claim_is_in_the_refusal() => Assert.DoesNotContain("hidden", Refused("""{"exp":"hidden"}""").ToString());

    private static JwtClaims Read(string json)
    {
        var claims = JwtClaims.Read(Jws(json), out var failed);
        Assert.True(claims is not null, failed?.Detail);

        return claims;
    }

    private static FailedCheck Refused(string json)
    {
        Assert.Null(JwtClaims.Read(Jws(json), out var failed));
        Assert.NotNull(failed);

        return failed;
    }

    private static CompactJws Jws(string json) => CompactJws.Parse(Some.SignedJwt(The.EcKey, """{"alg":"ES256"}""", json), out _)!;
}

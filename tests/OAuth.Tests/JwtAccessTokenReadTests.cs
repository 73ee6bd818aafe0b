namespace Countersign.OAuth.Tests;

/// <summary>What is not exactly a token of ours is nothing.</summary>
public sealed class JwtAccessTokenReadTests
{
    private const string Iss = "\"iss\":\"https://as.example.com\"";
    private const string Sub = "\"sub\":\"01935f2a-0000-7000-8000-000000000004\"";
    private const string Aud = "\"aud\":\"urn:countersign:demo\"";
    private const string ClientId = "\"client_id\":\"reporting-job\"";
    private const string Cred = "\"cred\":\"01935f2a-0000-7000-8000-000000000005\"";
    private const string Jti = "\"jti\":\"AZNfKgAAAAAAAAAAAAAAAAAAAAAAAA\"";
    private const string Iat = "\"iat\":1795521600";
    private const string Exp = "\"exp\":1795525200";
    private const string Scope = "\"scope\":\"read\"";

    private static readonly string[] All = [Iss, Sub, Aud, ClientId, Cred, Jti, Iat, Exp, Scope];
    private static readonly string Header = $$"""{"typ":"at+jwt","alg":"ES256","kid":"{{The.EcKey.Kid}}"}""";

    [Fact]
    public void Claims_are_read_in_any_order()
    {
        Assert.NotNull(ReadClaims(Object(All)));
        Assert.NotNull(ReadClaims(Object(All.Reverse())));
        Assert.Equal("", ReadClaims(Object(All[..^1]))!.Scope);
    }

    [Fact]
    [Trait("R", "93")]
    public void A_required_claim_that_is_absent_is_a_refusal() => Assert.All(
        All[..^1], claim => Assert.Null(ReadClaims(Object(All.Where(other => other != claim)))));

    [Fact]
    public void A_claim_that_occurs_twice_is_a_refusal() => Assert.All(All, claim => Assert.Null(ReadClaims(Object([.. All, claim]))));

    [Theory]
    [Trait("R", "89")]
    [Trait("R", "90")]
    [Trait("R", "91")]
    [Trait("R", "92")]
    [InlineData(Iss, "\"iss\":\"https://as.example.com/\"")]
    [InlineData(Iss, "\"iss\":\"https://AS.example.com\"")]
    [InlineData(Iss, "\"iss\":\"https://as.example.com.evil\"")]
    [InlineData(Iss, "\"iss\":[\"https://as.example.com\"]")]
    [InlineData(Iss, "\"iss\":null")]
    [InlineData(Iss, "\"iss\":1")]
    [InlineData(Sub, "\"sub\":1")]
    [InlineData(Sub, "\"sub\":\"\"")]
    [InlineData(Sub, "\"sub\":\"someone\"")]
    [InlineData(Sub, "\"sub\":\"01935f2a000070008000000000000004\"")]
    [InlineData(Sub, "\"sub\":\"{01935f2a-0000-7000-8000-000000000004}\"")]
    [InlineData(Sub, "\"sub\":[\"01935f2a-0000-7000-8000-000000000004\"]")]
    [InlineData(Aud, "\"aud\":[]")]
    [InlineData(Aud, "\"aud\":\"\"")]
    [InlineData(Aud, "\"aud\":{}")]
    [InlineData(Aud, "\"aud\":{\"a\":\"b\"}")]
    [InlineData(Aud, "\"aud\":null")]
    [InlineData(Aud, "\"aud\":[1]")]
    [InlineData(Aud, "\"aud\":[\"a\",null]")]
    [InlineData(Aud, "\"aud\":[\"a\",[\"b\"]]")]
    [InlineData(Aud, "\"aud\":[\"a\",{}]")]
    [InlineData(Aud, "\"aud\":[\"a\",\"\"]")]
    [InlineData(ClientId, "\"client_id\":5")]
    [InlineData(ClientId, "\"client_id\":\"\"")]
    [InlineData(ClientId, "\"client_id\":\"\\ud800\"")]
    [InlineData(Cred, "\"cred\":null")]
    [InlineData(Cred, "\"cred\":\"x\"")]
    [InlineData(Jti, "\"jti\":\"AZNfKgAAAAAAAAAAAAAAAAAAAAAAAB\"")]
    [InlineData(Jti, "\"jti\":\"AZNfKgAAAAAAAAAAAAAAAAAAAAAAA\"")]
    [InlineData(Jti, "\"jti\":\"\"")]
    [InlineData(Jti, "\"jti\":7")]
    [InlineData(Exp, "\"exp\":\"1795525200\"")]
    [InlineData(Exp, "\"exp\":-1")]
    [InlineData(Exp, "\"exp\":1.5")]
    [InlineData(Exp, "\"exp\":1e3")]
    [InlineData(Exp, "\"exp\":1e400")]
    [InlineData(Exp, "\"exp\":true")]
    [InlineData(Exp, "\"exp\":null")]
    [InlineData(Exp, "\"exp\":[1795525200]")]
    [InlineData(Exp, "\"exp\":253402300800")]
    [InlineData(Exp, "\"exp\":9223372036854775807")]
    [InlineData(Exp, "\"exp\":9223372036854775808")]
    [InlineData(Exp, "\"exp\":-9223372036854775808")]
    [InlineData(Exp, "\"exp\":01")]
    [InlineData(Iat, "\"iat\":\"1795521600\"")]
    [InlineData(Iat, "\"iat\":253402300800")]
    [InlineData(Scope, "\"scope\":[\"read\"]")]
    [InlineData(Scope, "\"scope\":null")]
    [InlineData(Scope, "\"scope\":\"\"")]
    public void A_claim_of_another_type_or_value_is_a_refusal(string claim, string instead) =>
        Assert.Null(ReadClaims(Object(All.Select(other => other == claim ? instead : other))));

    [Theory]
    [InlineData("\"cnf\":{\"jkt\":\"x\"}")]
    [InlineData("\"nbf\":1795521600")]
    [InlineData("\"Scope\":\"admin\"")]
    [InlineData("\"\":\"\"")]
    public void A_claim_that_is_not_ours_is_a_refusal(string claim) => Assert.Null(ReadClaims(Object([.. All, claim])));

    [Fact]
    public void Claims_are_one_JSON_object_and_no_more() => Assert.All(
        [
            "", "{", "null", "[]", "\"x\"", "{}",
            Object(All) + " x", Object(All) + "{}", Object(All)[..^1], Object(All)[..^1] + ",}", "\uFEFF" + Object(All),
            "[" + Object(All) + "]", Object(All).Insert(1, "/* c */"),
        ],
        claims => Assert.Null(ReadClaims(claims)));

    [Theory]
    [Trait("R", "82")]
    [Trait("R", "122")]
    [InlineData("""{"typ":"JWT","alg":"ES256","kid":"KID"}""")]
    [InlineData("""{"typ":"AT+JWT","alg":"ES256","kid":"KID"}""")]
    [InlineData("""{"typ":"application/at+jwt","alg":"ES256","kid":"KID"}""")]
    [InlineData("""{"alg":"ES256","kid":"KID"}""")]
    [InlineData("""{"typ":"at+jwt","kid":"KID","alg":"ES256"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"none","kid":"KID"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"HS256","kid":"KID"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES384","kid":"KID"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"other"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"KID","crit":[]}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"KID","b64":false}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"KID","kid":"KID"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"KID","jku":"https://evil.example"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"KID" }""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"KID"} """)]
    public void A_header_that_the_key_does_not_write_is_a_refusal(string header) =>
        Assert.Null(Read(Some.SignedJwt(The.EcKey, header.Replace("KID", The.EcKey.Kid), Object(All))));

    [Fact]
    [Trait("R", "88")]
    public void No_character_can_be_changed()
    {
        var token = Some.Jwt(Some.Token());

        for (var i = 0; i < token.Length; i++)
        {
            var good = token[i];

            foreach (var c in new[] { good ^ 1, good ^ 0x20, '.', '=' }.Where(c => c != good))
            {
                token[i] = (byte)c;
                Assert.Null(Read(token));
            }

            token[i] = good;
        }

        Assert.NotNull(Read(token));
    }

    [Fact]
    [Trait("R", "87")]
    public void A_token_cannot_be_cut_or_extended()
    {
        var token = Some.Jwt(Some.Token());

        for (var length = 0; length < token.Length; length++)
        {
            Assert.Null(Read(token[..length]));
        }

        Assert.All(["A", "AA", "AAAA", "=", "==", ".", ".A", "..", " ", "\n"], more => Assert.Null(Read([.. token, .. Some.Utf8(more)])));
        Assert.All(["A", ".", " ", "cs_at_"], more => Assert.Null(Read([.. Some.Utf8(more), .. token])));
    }

    [Fact]
    [Trait("R", "88")]
    public void A_token_of_another_key_or_issuer_is_a_refusal()
    {
        using var other = SigningKey.Create(The.EcKey.Algorithm);
        using var sameKid = SigningKey.Import(other.Algorithm, The.EcKey.Kid, other.ExportPkcs8());

        Assert.Null(Read(Some.Jwt(Some.Token(), other)));
        Assert.Null(Read(Some.Jwt(Some.Token(), sameKid)));
        Assert.Null(Read(Some.Jwt(Some.Token(), issuer: "https://other.example.com")));
        Assert.Null(JwtAccessToken.Read(The.EcKey, "https://other.example.com", The.Tenant, Some.Jwt(Some.Token())));
    }

    [Fact]
    public void A_token_over_16_KiB_is_a_refusal_before_any_work()
    {
        var token = Some.Jwt(Some.Token(scope: new string('a', 16 * 1024)));

        Assert.Null(Read(token));
        Assert.False(JwtAccessToken.TryReadKid(token, out _));
        Assert.Equal(0, Some.AllocatedBy(() => Read(token)));
        Assert.NotNull(Read(Some.Jwt(Some.Token(scope: new string('a', 8 * 1024)))));
    }

    [Theory]
    [Trait("R", "84")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b.c")]
    [InlineData("e30.e30.e30")]
    [InlineData("cs_at_AAAA")]
    [InlineData("eyJ0eXAiOiJhdCtqd3Qi.e30.e30")]
    public void What_is_no_token_has_no_kid(string token)
    {
        Assert.False(JwtAccessToken.TryReadKid(Some.Utf8(token), out var kid));
        Assert.Equal("", kid);
        Assert.Null(Read(Some.Utf8(token)));
    }

    [Theory]
    [Trait("R", "84")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":1}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":{}}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":""}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"\ud800"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"x","crit":[]}""")]
    [InlineData("""{"typ":"JWT","alg":"ES256","kid":"x"}""")]
    [InlineData("""{"kid":"x"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"ES256","kid":"x"}x""")]
    [InlineData("""["x"]""")]
    public void A_header_of_another_shape_has_no_kid(string header) =>
        Assert.False(JwtAccessToken.TryReadKid(Some.SignedJwt(The.EcKey, header, "{}"), out _));

    [Fact]
    [Trait("R", "84")]
    public void A_kid_has_at_most_255_characters()
    {
        Assert.True(JwtAccessToken.TryReadKid(Kid(255), out _));
        Assert.False(JwtAccessToken.TryReadKid(Kid(256), out _));
        Assert.False(JwtAccessToken.TryReadKid(Kid(10_240), out _));

        static byte[] Kid(int length) =>
            Some.SignedJwt(The.EcKey, $$"""{"typ":"at+jwt","alg":"ES256","kid":"{{new string('k', length)}}"}""", "{}");
    }

    [Fact]
    public void No_bytes_make_it_throw() => Property.Holds<byte[]>(bytes =>
    {
        var part = Some.Utf8(StrictBase64Url.Encode(bytes));

        return Read(bytes) is null && !JwtAccessToken.TryReadKid(bytes, out _) && !JwtAccessToken.TryReadKid([.. part, (byte)'.'], out _)
            && AccessTokenClaimsReader.Read(bytes, The.Issuer, The.Tenant) is null;
    });

    private static AccessToken? Read(byte[] token) => JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, token);

    private static AccessToken? ReadClaims(string claims) => Read(Some.SignedJwt(The.EcKey, Header, claims));

    private static string Object(IEnumerable<string> members) => $"{{{string.Join(',', members)}}}";
}

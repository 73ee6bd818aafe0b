using System.Text.Json.Nodes;

namespace Countersign.OAuth.Tests;

public sealed class VerificationKeySetTests
{
    private static readonly SigningKey s_a = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "a");
    private static readonly SigningKey s_b = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "b");
    private static readonly SigningKey s_rsa = SigningKey.Create(SigningAlgorithm.ByName("RS256")!, kid: "r");

    [Fact]
    public void A_set_is_read_in_its_order()
    {
        var set = Read(s_a.PublicJwk, s_rsa.PublicJwk, s_b.PublicJwk);

        Assert.Equal(["a", "r", "b"], set.Keys.Select(key => key.Kid));
        Assert.Equal(["ES256", "RS256", "ES256"], set.Keys.Select(key => key.Algorithm.Name));
    }

    [Fact]
    public void Other_members_of_the_set_are_passed_over_and_a_set_may_be_empty()
    {
        var text = $$"""{"issuer":"x","more":{"keys":[{"kty":"oct","k":"AAAA"}]},"keys":[{{Some.Text(s_a.PublicJwk)}}],"list":[[1]]}""";

        Assert.Single(Set(text, out _)!.Keys);
        Assert.Empty(Set("""{"keys":[]}""", out var fault)!.Keys);
        Assert.Equal("", fault);
    }

    [Fact]
    public void The_algorithm_of_RSA_keys_that_name_none_is_given()
    {
        var json = Some.Utf8($$"""{"keys":[{{Some.Text(Without(s_rsa, "alg"))}},{{Some.Text(Without(s_a, "alg"))}}]}""");

        Assert.Equal(["RS256", "ES256"], VerificationKeySet.Read(json, out _)!.Keys.Select(key => key.Algorithm.Name));
        Assert.Equal(["PS256", "ES256"], VerificationKeySet.Read(json, out _, SigningAlgorithm.ByName("PS256"))!.Keys.Select(key => key.Algorithm.Name));
    }

    [Theory]
    [InlineData("use", "\"enc\"")]
    [InlineData("key_ops", "[\"encrypt\"]")]
    [InlineData("alg", "\"ECDH-ES\"")]
    [InlineData("kty", "\"OKP\"")]
    [InlineData("crv", "\"secp256k1\"")]
    [InlineData("x", "\"AAAA\"")]
    [InlineData("kid", "\"\"")]
    [Trait("R", "86")]
    public void A_key_that_is_not_for_us_is_passed_over(string member, string value)
    {
        var other = VerificationKeyTests.Changed(s_a, jwk => jwk[member] = JsonNode.Parse(value));

        Assert.Equal(["b"], Read(other, s_b.PublicJwk).Keys.Select(key => key.Kid));
    }

    [Fact]
    [Trait("R", "67")]
    public void In_the_bundle_of_a_trust_domain_only_keys_of_that_use_count()
    {
        byte[] Use(SigningKey key, string? use) => VerificationKeyTests.Changed(key, jwk => _ = use is null ? jwk.Remove("use") : (jwk["use"] = use) is null);
        var json = Some.Utf8(Text(Use(s_a, "jwt-svid"), Use(s_b, "x509-svid"), Use(s_rsa, null)));

        Assert.Equal(["a"], VerificationKeySet.Read(json, out _, use: "jwt-svid")!.Keys.Select(key => key.Kid));
        Assert.Equal(["r"], VerificationKeySet.Read(json, out _)!.Keys.Select(key => key.Kid));
        Assert.All(["sig", "JWT-SVID"], use => Assert.Empty(VerificationKeySet.Read(Some.Utf8(Text(Use(s_a, use))), out _, use: "jwt-svid")!.Keys));
    }

    [Theory]
    [InlineData("d", "\"AAAA\"", "private or symmetric")]
    [InlineData("k", "\"AAAA\"", "private or symmetric")]
    [InlineData("oth", "[]", "private or symmetric")]
    [InlineData("kty", "\"oct\"", "private or symmetric")]
    [InlineData("kid", "\"b\"", "same kid")]
    [InlineData("kid", "1", "kid must be a text")]
    [Trait("R", "86")]
    public void A_key_that_shows_that_the_owner_lost_hold_of_it_refuses_the_set(string member, string value, string says)
    {
        var poisoned = VerificationKeyTests.Changed(s_a, jwk => jwk[member] = JsonNode.Parse(value));

        Refused(Text(poisoned, s_b.PublicJwk), says);
        Refused(Text(s_b.PublicJwk, poisoned), says);
        Refused(Text(s_b.PublicJwk, VerificationKeyTests.Changed(s_a, jwk => (jwk["use"], jwk[member]) = ("enc", JsonNode.Parse(value)))), says);
    }

    [Fact]
    [Trait("R", "86")]
    public void A_name_written_twice_or_by_escapes_is_the_same_name()
    {
        Refused($$"""{"keys":[],"keys":[]}""", "twice");
        Refused($$"""{"keys":[],"\u006beys":[]}""", "twice");
        Refused(Text(s_a.PublicJwk, Some.Utf8(Some.Text(s_b.PublicJwk).Replace("\"kid\":\"b\"", "\"kid\":\"\\u0061\""))), "same kid");
        Refused(Text(Some.Utf8(Some.Text(s_a.PublicJwk).Replace("{", "{\"kty\":\"RSA\","))), "stands twice");
        Assert.Single(Set($$"""{"k\u0065ys":[{{Some.Text(s_a.PublicJwk)}}]}""", out _)!.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"keys\"")]
    [InlineData("{}")]
    [InlineData("{\"Keys\":[]}")]
    [InlineData("{\"keys\":null}")]
    [InlineData("{\"keys\":{}}")]
    [InlineData("{\"keys\":\"a\"}")]
    [InlineData("{\"keys\":[1]}")]
    [InlineData("{\"keys\":[null]}")]
    [InlineData("{\"keys\":[{},1]}")]
    [InlineData("{\"keys\":[[]]}")]
    [InlineData("{\"keys\":[]")]
    [InlineData("{\"keys\":[]}x")]
    [InlineData("{\"keys\":[]}{}")]
    [InlineData("{\"keys\":[],}")]
    [InlineData("\uFEFF{\"keys\":[]}")]
    [InlineData("<html></html>")]
    public void What_is_not_a_set_is_refused(string text) => Refused(text, "");

    [Fact]
    [Trait("R", "189")]
    public void A_set_has_at_most_100_keys()
    {
        var key = Some.Text(Without(s_a, "kid"));

        Assert.Equal(100, Set($$"""{"keys":[{{string.Join(',', Enumerable.Repeat(key, 100))}}]}""", out _)!.Keys.Count);
        Refused($$"""{"keys":[{{string.Join(',', Enumerable.Repeat("{}", 101))}}]}""", "more than 100 keys");
    }

    [Fact]
    public void A_set_that_is_too_deep_is_refused() =>
        Refused($$"""{"a":{{new string('[', 16)}}{{new string(']', 16)}},"keys":[]}""", "JSON object");

    [Fact]
    [Trait("R", "85")]
    public void The_kid_of_the_header_selects_the_key()
    {
        var keys = Read(s_a.PublicJwk, s_b.PublicJwk, s_rsa.PublicJwk).Keys;

        Assert.Equal("b", VerificationKeySet.Select(Jws(s_b), keys, out var failed)!.Kid);
        Assert.Null(failed);
        Assert.Equal("r", VerificationKeySet.Select(Jws(s_rsa), keys, out _)!.Kid);
    }

    [Theory]
    [InlineData("c")]
    [InlineData("A")]
    [InlineData("a ")]
    [InlineData("aa")]
    [Trait("R", "85")]
    public void A_kid_that_is_not_known_is_refused_though_the_key_would_fit(string kid)
    {
        var failed = NotSelected(Some.SignedJwt(s_a, $$"""{"alg":"ES256","kid":"{{kid}}"}""", "{}"), Read(s_a.PublicJwk).Keys);

        Assert.Equal(("key-known", kid, "a (ES256)"), (failed.Check, failed.Got, failed.Expected));
    }

    [Fact]
    [Trait("R", "85")]
    public void A_kid_does_not_select_a_key_that_has_none() =>
        Assert.Equal("key-known", NotSelected(CompactJws.Sign(s_a, "JWT", "{}"u8), Read(Without(s_a, "kid")).Keys).Check);

    [Fact]
    [Trait("R", "75")]
    public void The_algorithm_must_be_the_keys()
    {
        var keys = Read(s_a.PublicJwk, s_rsa.PublicJwk).Keys;

        Assert.All(["RS256", "ES384", "PS256"], alg =>
        {
            var failed = NotSelected(Some.SignedJwt(s_a, $$"""{"alg":"{{alg}}","kid":"a"}""", "{}"), keys);
            Assert.Equal(("key-algorithm", alg, "ES256"), (failed.Check, failed.Got, failed.Expected));
        });
        Assert.All(["RS384", "PS256"], alg =>
            Assert.Equal("key-algorithm", NotSelected(Some.SignedJwt(s_rsa, $$"""{"alg":"{{alg}}","kid":"r"}""", "{}"), keys).Check));
    }

    [Fact]
    [Trait("R", "85")]
    public void Without_a_kid_only_one_key_may_fit()
    {
        var anonymous = CompactJws.Sign(s_a, "JWT", "{}"u8, withKid: false);

        Assert.Equal("a", VerificationKeySet.Select(CompactJws.Parse(anonymous, out _)!, Read(s_rsa.PublicJwk, s_a.PublicJwk).Keys, out _)!.Kid);
        Assert.NotNull(VerificationKeySet.Select(CompactJws.Parse(anonymous, out _)!, Read(s_rsa.PublicJwk, Without(s_a, "kid")).Keys, out _));

        var several = NotSelected(anonymous, Read(s_a.PublicJwk, s_rsa.PublicJwk, s_b.PublicJwk).Keys);
        Assert.Equal("key-known", several.Check);
        Assert.Contains("several keys", several.Detail);

        var none = NotSelected(anonymous, Read(s_rsa.PublicJwk).Keys);
        Assert.Equal(("key-known", "ES256", "r (RS256)"), (none.Check, none.Got, none.Expected));
        Assert.Equal("there are no keys", NotSelected(anonymous, []).Expected);
        Assert.Equal("(no kid) (RS256)", NotSelected(anonymous, Read(Without(s_rsa, "kid")).Keys).Expected);
    }

    [Fact]
    public void A_refusal_lists_at_most_20_keys()
    {
        var key = Some.Text(Without(s_rsa, "kid"));
        var many = Set($$"""{"keys":[{{string.Join(',', Enumerable.Repeat(key, 30))}}]}""", out _)!.Keys;

        Assert.Equal(20, NotSelected(CompactJws.Sign(s_a, "JWT", "{}"u8), many).Expected!.Split(", ").Length);
    }

    private static byte[] Without(SigningKey key, string member) => VerificationKeyTests.Changed(key, jwk => jwk.Remove(member));

    private static CompactJws Jws(SigningKey key) => CompactJws.Parse(CompactJws.Sign(key, "JWT", "{}"u8), out _)!;

    private static FailedCheck NotSelected(byte[] message, IReadOnlyList<VerificationKey> keys)
    {
        Assert.Null(VerificationKeySet.Select(CompactJws.Parse(message, out _)!, keys, out var failed));
        Assert.NotNull(failed);
        Assert.All([failed.Detail, failed.Hint], Assert.NotEmpty!);

        return failed;
    }

    private static string Text(params byte[][] keys) => $$"""{"keys":[{{string.Join(',', keys.Select(key => Some.Text(key)))}}]}""";

    private static VerificationKeySet? Set(string text, out string fault) => VerificationKeySet.Read(Some.Utf8(text), out fault);

    private static VerificationKeySet Read(params byte[][] keys)
    {
        var set = Set(Text(keys), out var fault);
        Assert.True(set is not null, fault);

        return set;
    }

    private static void Refused(string text, string says)
    {
        Assert.Null(Set(text, out var fault));
        Assert.NotEmpty(fault);
        Assert.Contains(says, fault);
    }
}

using System.Diagnostics;

namespace Countersign.OAuth.Tests;

public sealed class CompactJwsTests
{
    private const string Header = """{"alg":"ES256","kid":"a","typ":"JWT"}""";

    public static TheoryData<string> Algorithms => [.. SigningAlgorithm.All.Select(algorithm => algorithm.Name)];

    [Fact]
    [Trait("R", "71")]
    public void A_message_is_taken_apart()
    {
        var text = Some.Utf8($"{Encoded(Header)}.{Encoded("foo")}.{Encoded("bar!")}");
        var jws = CompactJws.Parse(text, out var failed)!;

        Assert.Null(failed);
        Assert.Equal(("ES256", "a", "JWT"), (jws.Algorithm.Name, jws.Kid, jws.Type));
        Assert.Equal(("foo", "bar!"), (Some.Text(jws.Payload.Span), Some.Text(jws.Signature.Span)));
        Assert.Equal($"{Encoded(Header)}.{Encoded("foo")}", Some.Text(jws.SigningInput.Span));
        Assert.Equal(StrictJson.MostMembers - 3, jws.MembersLeft);
    }

    [Fact]
    public void Kid_and_type_may_be_absent()
    {
        var jws = Parsed("""{"alg":"PS512"}""");

        Assert.Equal(("PS512", null, null), (jws.Algorithm.Name, jws.Kid, jws.Type));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void What_is_signed_is_parsed_and_verified(string alg)
    {
        using var key = SigningKey.Create(SigningAlgorithm.ByName(alg)!, kid: "my \"kid\" ü");

        foreach (var withKid in new[] { true, false })
        {
            var jws = CompactJws.Parse(CompactJws.Sign(key, "some+jwt", "payload"u8, withKid), out _)!;
            var found = VerificationKeySet.Select(jws, [VerificationKey.FromJwk(key.PublicJwk, out _)!], out _)!;

            Assert.Equal((alg, withKid ? key.Kid : null, "some+jwt"), (jws.Algorithm.Name, jws.Kid, jws.Type));
            Assert.Equal("payload", Some.Text(jws.Payload.Span));
            Assert.True(found.Verify(jws.SigningInput.Span, jws.Signature.Span));
            Assert.False(found.Verify(jws.SigningInput.Span[1..], jws.Signature.Span));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("...")]
    [InlineData("....")]
    [InlineData("H")]
    [InlineData("H.P")]
    [InlineData("H.P.")]
    [InlineData("H..S")]
    [InlineData(".P.S")]
    [InlineData("H.P.S.")]
    [InlineData(".H.P.S")]
    [InlineData("H.P.S.S")]
    [InlineData("H.P.S.S.S")]
    [InlineData("H.P.S.S.S.S")]
    [InlineData("H=.P.S")]
    [InlineData("H.P=.S")]
    [InlineData("H.P.S=")]
    [InlineData("H.P.S==")]
    [InlineData(" H.P.S")]
    [InlineData("H.P.S ")]
    [InlineData("H.P.S\n")]
    [InlineData("H .P.S")]
    [InlineData("H. P.S")]
    [InlineData("H.P\r\n.S")]
    [InlineData("H.P.S\0")]
    [InlineData("H.P.S+")]
    [InlineData("H.P.S/")]
    [InlineData("H.P+a.S")]
    [InlineData("H.P.Sé")]
    [InlineData("H.P.S%3D")]
    [InlineData("H?.P.S")]
    [InlineData("Bearer H.P.S")]
    [InlineData("\"H.P.S\"")]
    [InlineData("H\u2024P\u2024S")]
    // Four letters are three bytes; one more is none.
    [InlineData("H.P.AAAAA")]
    [InlineData("H.AAAAA.S")]
    // Bits that are no part of a byte must be zero.
    [InlineData("H.P.AB")]
    [InlineData("H.P.AAB")]
    [InlineData("H.AB.S")]
    [InlineData("H.AAB.S")]
    [InlineData("""{"protected":"H","payload":"P","signature":"S"}""")]
    [InlineData("""{"payload":"P","signatures":[{"protected":"H","signature":"S"}]}""")]
    [Trait("R", "71")]
    public void Another_form_is_refused(string form)
    {
        var text = form.Replace("H", Encoded(Header)).Replace("P", "AAAA").Replace("S", "AAAA");

        Assert.Equal("assertion-form", Refused(Some.Utf8(text)).Check);
    }

    [Theory]
    [InlineData("A.A.A.A.A", true)]
    [InlineData("A.A.A.A", false)]
    [InlineData("A.A.A.A.A.A", false)]
    [Trait("R", "87")]
    public void An_encrypted_message_is_refused_as_such(string text, bool encrypted) =>
        Assert.Equal(encrypted, Refused(Some.Utf8(text)).Detail.Contains("encrypted"));

    [Fact]
    [Trait("R", "72")]
    public void A_message_of_more_than_16_KiB_is_refused_whatever_it_is()
    {
        var prefix = Encoded(Header) + ".AAAA.";
        var longest = Some.Utf8(prefix + new string('A', Longest(16384 - prefix.Length)));

        Assert.NotNull(CompactJws.Parse(longest, out _));
        Assert.Contains("16384", Refused(Some.Utf8(prefix + new string('A', 16385 - prefix.Length))).Expected);
        Assert.Contains("too long", Refused(Some.Utf8(prefix + new string('A', 16388 - prefix.Length))).Detail);
        Assert.DoesNotContain("too long", Refused(Some.Utf8(new string('.', 16384))).Detail);

        // A last group of one letter is no base64url.
        static int Longest(int letters) => letters % 4 == 1 ? letters - 1 : letters;
    }

    [Fact]
    [Trait("R", "72")]
    public void Many_dots_are_refused_at_once_and_cost_no_memory()
    {
        var many = Some.Utf8(new string('.', 200_000));
        var most = Some.Utf8(new string('.', CompactJws.MaxLength));

        // The refusal with its sentences, and nothing that grows with the text.
        Assert.InRange(Some.AllocatedBy(() => CompactJws.Parse(many, out _)), 1, 1000);
        Assert.InRange(Some.AllocatedBy(() => CompactJws.Parse(most, out _)), 1, 1000);

        var began = Stopwatch.GetTimestamp();

        for (var i = 0; i < 1000; i++)
        {
            CompactJws.Parse(many, out _);
        }

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds / 1000, 0, 1);
    }

    [Fact]
    public void A_refusal_says_what_was_seen_and_what_would_pass()
    {
        Assert.Equal("the header names no algorithm", Refused(Message("{}")).Detail);
        Assert.Equal("the algorithm is not one that is taken", Refused(Message("{\"alg\":\"none\"}")).Detail);
        Assert.Equal(("5 segments", "3 segments: sign it, do not encrypt it"), (Refused("a.b.c.d.e"u8.ToArray()).Got, Refused("a.b.c.d.e"u8.ToArray()).Expected));
        Assert.Equal(("2 segments", "3 segments, none empty"), (Refused("a.b"u8.ToArray()).Got, Refused("a.b"u8.ToArray()).Expected));
        Assert.Equal("a segment is not base64url without padding", Refused("a=.b.c"u8.ToArray()).Detail);
        Assert.Equal(new string('x', 32), Refused(Message($"{{\"alg\":\"{new string('x', 5000)}\"}}")).Got);
        Assert.Equal("alg, kid, typ", Refused(Message("{\"alg\":\"ES256\",\"crit\":[]}")).Expected);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("nOnE")]
    [InlineData("NONE")]
    [InlineData("")]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    [InlineData("hs256")]
    [InlineData("es256")]
    [InlineData("Es256")]
    [InlineData(" ES256")]
    [InlineData("ES256 ")]
    [InlineData("ES256K")]
    [InlineData("ES521")]
    [InlineData("RS1")]
    [InlineData("EdDSA")]
    [InlineData("Ed25519")]
    [InlineData("RSA-OAEP")]
    [InlineData("PBES2-HS256+A128KW")]
    [InlineData("dir")]
    [Trait("R", "75")]
    [Trait("R", "76")]
    public void An_algorithm_that_is_not_in_the_table_is_refused_before_any_key_is_looked_for(string alg)
    {
        var failed = Refused(Message($$"""{"alg":"{{alg}}"}"""));

        Assert.Equal(("assertion-algorithm", alg), (failed.Check, failed.Got));
        Assert.Equal("ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512", failed.Expected);
    }

    [Theory]
    [InlineData("{}", "assertion-algorithm")]
    [InlineData("""{"ALG":"ES256"}""", "assertion-algorithm")]
    [InlineData("""{"x":{"alg":"ES256"}}""", "assertion-algorithm")]
    [InlineData("""{"alg":null}""", "assertion-header")]
    [InlineData("""{"alg":256}""", "assertion-header")]
    [InlineData("""{"alg":["ES256"]}""", "assertion-header")]
    [InlineData("""{"alg":{"a":"ES256"}}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","typ":1}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","typ":null}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","kid":1}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","kid":null}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","kid":{"a":1}}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","kid":["a"]}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","kid":""}""", "assertion-header")]
    [InlineData("""{"alg":"none","alg":"ES256"}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","\u0061lg":"none"}""", "assertion-header")]
    [InlineData("""{"alg":"ES256"}{}""", "assertion-header")]
    [InlineData("""{"alg":"ES256"} x""", "assertion-header")]
    [InlineData("""["alg","ES256"]""", "assertion-header")]
    [InlineData("""ES256""", "assertion-header")]
    [InlineData("\uFEFF{\"alg\":\"ES256\"}", "assertion-header")]
    [InlineData("""{"alg":"ES256","a":123456789012345678901}""", "assertion-header")]
    [InlineData("""{"alg":"ES256","a":"\ud800"}""", "assertion-header")]
    [Trait("R", "73")]
    [Trait("R", "74")]
    [Trait("R", "75")]
    [Trait("R", "84")]
    public void A_header_that_is_not_sound_is_refused(string header, string check) => Assert.Equal(check, Refused(Message(header)).Check);

    [Theory]
    [InlineData("alg")]
    [InlineData("kid")]
    [InlineData("typ")]
    public void The_refusal_names_the_member_that_is_not_a_text(string member) =>
        Assert.Equal($"{member} is not a text", Refused(Message($$"""{"{{member}}":1}""")).Detail);

    [Theory]
    [InlineData("crit", "[]")]
    [InlineData("crit", "[\"alg\"]")]
    [InlineData("crit", "[\"exp\"]")]
    [InlineData("crit", "null")]
    [InlineData("crit", "\"b64\"")]
    [InlineData("b64", "true")]
    [InlineData("b64", "false")]
    [InlineData("zip", "\"DEF\"")]
    [InlineData("zip", "null")]
    [InlineData("enc", "\"A256GCM\"")]
    [InlineData("cty", "\"JWT\"")]
    [Trait("R", "82")]
    [Trait("R", "87")]
    public void A_member_that_would_have_to_be_understood_is_refused(string name, string value)
    {
        var escaped = $"\\u{(int)name[0]:x4}{name[1..]}";

        Assert.All(
            [$$"""{"alg":"ES256","{{name}}":{{value}}}""", $$"""{"{{name}}":{{value}},"alg":"ES256"}""", $$"""{"alg":"ES256","{{escaped}}":{{value}}}"""],
            header =>
            {
                var failed = Refused(Message(header));
                Assert.Equal(("assertion-header", name), (failed.Check, failed.Got));
            });
    }

    [Theory]
    [InlineData("jku", "\"https://evil.example/keys\"")]
    [InlineData("x5u", "\"https://evil.example/cert\"")]
    [InlineData("jwk", """{"kty":"oct","k":"AAAA"}""")]
    [InlineData("x5c", "[\"MIIB\"]")]
    [InlineData("x5t", "\"AAAA\"")]
    [InlineData("x5t#S256", "\"AAAA\"")]
    [InlineData("foo", "{\"alg\":\"none\",\"kid\":\"evil\",\"crit\":[]}")]
    [InlineData("foo", "[{\"alg\":\"none\"},[\"kid\"]]")]
    [Trait("R", "83")]
    public void Other_members_have_no_effect(string name, string value)
    {
        var jws = Parsed($$"""{"{{name}}":{{value}},"alg":"ES256","kid":"a"}""");
        using var key = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "b");

        Assert.Equal(("ES256", "a", null), (jws.Algorithm.Name, jws.Kid, jws.Type));
        Assert.Null(VerificationKeySet.Select(jws, [VerificationKey.FromJwk(key.PublicJwk, out _)!], out var failed));
        Assert.Equal("key-known", failed!.Check);
    }

    [Fact]
    public void Escapes_and_white_space_in_the_header_mean_nothing()
    {
        var jws = Parsed(" { \"\\u0061lg\" : \"\\u0045S256\" ,\r\n\t\"ki\\u0064\" : \"\\u0061\\/\" } ");

        Assert.Equal(("ES256", "a/"), (jws.Algorithm.Name, jws.Kid));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("' OR 1=1--")]
    [InlineData("https://evil.example/key")]
    [InlineData("a\nb\t\u0001")]
    [InlineData("😀")]
    [Trait("R", "84")]
    public void A_kid_is_an_opaque_text(string kid)
    {
        var json = System.Text.Json.JsonSerializer.Serialize(kid);

        Assert.Equal(kid, Parsed($$"""{"alg":"ES256","kid":{{json}}}""").Kid);
    }

    [Fact]
    [Trait("R", "84")]
    public void A_kid_has_at_most_255_characters()
    {
        Assert.NotNull(Parsed($$"""{"alg":"ES256","kid":"{{new string('k', 255)}}"}"""));

        Assert.All([256, 10_240], length =>
        {
            var failed = Refused(Message($$"""{"alg":"ES256","kid":"{{new string('k', length)}}"}"""));
            Assert.Equal(("assertion-header", null), (failed.Check, failed.Got));
            Assert.Contains("255", failed.Detail);
        });
    }

    [Fact]
    [Trait("R", "73")]
    public void Header_and_claims_share_256_members()
    {
        Assert.NotNull(Claims(header: 100, claims: 156));
        Assert.Null(Claims(header: 100, claims: 157));
        Assert.NotNull(Claims(header: 256, claims: 0));
        Assert.Null(Claims(header: 256, claims: 1));
        Assert.Contains("members", Refused(Message(Members(257))).Detail);

        static JwtClaims? Claims(int header, int claims) => JwtClaims.Read(CompactJws.Parse(Message(Members(header), Members(claims)), out _)!, out _);

        static string Members(int count) => count == 0 ? "{}" : $"{{\"alg\":\"ES256\"{string.Concat(Enumerable.Range(1, count - 1).Select(i => $",\"{i}\":0"))}}}";
    }

    private static string Encoded(string text) => StrictBase64Url.Encode(Some.Utf8(text));

    private static byte[] Message(string header, string payload = "foo") => Some.Utf8($"{Encoded(header)}.{Encoded(payload)}.AAAA");

    private static CompactJws Parsed(string header)
    {
        var jws = CompactJws.Parse(Message(header), out var failed);
        Assert.True(jws is not null, failed?.Detail);

        return jws;
    }

    private static FailedCheck Refused(byte[] message)
    {
        Assert.Null(CompactJws.Parse(message, out var failed));
        Assert.NotNull(failed);

        return failed;
    }
}

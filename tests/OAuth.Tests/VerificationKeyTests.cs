using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Countersign.OAuth.Tests;

public sealed class VerificationKeyTests
{
    private static readonly SigningKey s_rsa = SigningKey.Create(SigningAlgorithm.ByName("PS256")!, kid: "r");

    public static TheoryData<string> Algorithms => [.. SigningAlgorithm.All.Select(algorithm => algorithm.Name)];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_public_JWK_is_read(string alg)
    {
        using var signing = SigningKey.Create(SigningAlgorithm.ByName(alg)!, kid: "k");
        var key = VerificationKey.FromJwk(signing.PublicJwk, out var fault)!;
        var signature = new byte[signing.SignatureLength];
        signing.Sign("data"u8, signature);

        Assert.Equal("", fault);
        Assert.Equal((alg, "k", signing.Thumbprint), (key.Algorithm.Name, key.Kid, key.Thumbprint));
        Assert.Equal(Some.Text(signing.PublicJwk), Some.Text(key.PublicJwk));
        Assert.Equal("k", key.ToString());
        Assert.True(key.Verify("data"u8, signature));
        Assert.False(key.Verify("date"u8, signature));
    }

    [Fact]
    public void The_thumbprint_is_that_of_RFC_7638()
    {
        var key = VerificationKey.FromJwk(
            """
            {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
            """u8,
            out _)!;

        Assert.Equal("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", key.Thumbprint);
    }

    [Fact]
    public void A_key_without_kid_is_shown_by_its_thumbprint()
    {
        var key = VerificationKey.FromJwk(Changed(The.EcKey, jwk => jwk.Remove("kid")), out _)!;

        Assert.Null(key.Kid);
        Assert.Equal(key.Thumbprint, key.ToString());
        Assert.DoesNotContain("kid", Some.Text(key.PublicJwk));
        Assert.Contains("\"use\":\"sig\",\"alg\":\"ES256\"", Some.Text(key.PublicJwk));
    }

    [Fact]
    [Trait("R", "75")]
    [Trait("R", "76")]
    public void An_RSA_key_that_names_no_algorithm_is_for_RS256_or_what_is_asked_for()
    {
        var jwk = Changed(s_rsa, jwk => jwk.Remove("alg"));

        Assert.Equal("RS256", VerificationKey.FromJwk(jwk, out _)!.Algorithm.Name);
        Assert.Equal("PS384", VerificationKey.FromJwk(jwk, out _, SigningAlgorithm.ByName("PS384"))!.Algorithm.Name);
        Assert.Equal("PS256", VerificationKey.FromJwk(s_rsa.PublicJwk, out _, SigningAlgorithm.ByName("RS512"))!.Algorithm.Name);
    }

    [Fact]
    [Trait("R", "77")]
    public void An_EC_key_that_names_no_algorithm_is_for_that_of_its_curve()
    {
        Assert.All([("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521")], pair =>
        {
            using var key = SigningKey.Create(SigningAlgorithm.ByName(pair.Item1)!);
            var jwk = Changed(key, jwk => jwk.Remove("alg"));

            Assert.Contains($"\"crv\":\"{pair.Item2}\"", Some.Text(jwk));
            Assert.Equal(pair.Item1, VerificationKey.FromJwk(jwk, out _, SigningAlgorithm.ByName("RS256"))!.Algorithm.Name);

            foreach (var other in SigningAlgorithm.All.Where(a => a.Name != pair.Item1))
            {
                Refused(Changed(key, jwk => jwk["alg"] = other.Name), $"alg must be {pair.Item1} for");
            }
        });
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("HS256")]
    [InlineData("none")]
    [InlineData("RSA-OAEP")]
    [InlineData("rs256")]
    [InlineData("")]
    [Trait("R", "75")]
    public void An_RSA_key_for_another_algorithm_is_refused(string alg) =>
        Refused(Changed(s_rsa, jwk => jwk["alg"] = alg), "alg must be RS256, RS384, RS512, PS256, PS384, PS512 for");

    [Theory]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("q")]
    [InlineData("dp")]
    [InlineData("dq")]
    [InlineData("qi")]
    [InlineData("k")]
    [InlineData("oth")]
    [Trait("R", "86")]
    public void A_key_with_a_private_member_is_refused_and_the_member_is_not_shown(string member) => Assert.All([s_rsa, The.EcKey], key =>
    {
        Refused(Changed(key, jwk => jwk[member] = member == "oth" ? new JsonArray() : "c2VjcmV0"), "public one");
        Refused(Changed(key, jwk => jwk[member] = member == "oth" ? "x" : ""), "public one");
        Refused(Some.Utf8(Some.Text(key.PublicJwk).Replace("{", $"{{\"\\u{(int)member[0]:x4}{member[1..]}\":\"\",")), "public one");
    });

    [Theory]
    [InlineData("use", "\"enc\"", "use must be sig")]
    [InlineData("use", "\"SIG\"", "use must be sig")]
    [InlineData("use", "\"\"", "use must be sig")]
    [InlineData("use", "\"jwt-svid\"", "use must be sig")]
    [InlineData("key_ops", "[]", "key_ops must have verify")]
    [InlineData("key_ops", "[\"sign\"]", "key_ops must have verify")]
    [InlineData("key_ops", "[\"encrypt\",\"Verify\"]", "key_ops must have verify")]
    [InlineData("key_ops", "\"verify\"", "a list of texts")]
    [InlineData("key_ops", "null", "a list of texts")]
    [InlineData("key_ops", "[1]", "a list of texts")]
    [InlineData("key_ops", "[\"verify\",1]", "a list of texts")]
    [InlineData("key_ops", "{\"verify\":1}", "a list of texts")]
    [InlineData("kid", "\"\"", "kid must have 1 to 255")]
    [InlineData("kid", "1", "kid must be a text")]
    [InlineData("kid", "null", "kid must be a text")]
    [InlineData("alg", "null", "alg must be a text")]
    [InlineData("use", "[\"sig\"]", "use must be a text")]
    [InlineData("kty", "null", "kty must be a text")]
    [InlineData("kty", "\"ec\"", "kty must be")]
    [InlineData("kty", "\"RSA\"", "alg must be")]
    [InlineData("kty", "\"OKP\"", "kty must be")]
    [InlineData("kty", "\"oct\"", "kty must be")]
    [InlineData("crv", "\"P-384\"", "alg must be ES384")]
    [InlineData("crv", "\"p-256\"", "kty must be")]
    [InlineData("crv", "\"secp256k1\"", "kty must be")]
    [InlineData("crv", "\"1.2.840.10045.3.1.7\"", "kty must be")]
    [InlineData("crv", "\"\"", "kty must be")]
    [InlineData("x", "\"\"", "x and y must")]
    [InlineData("x", "\"AAAA\"", "x and y must")]
    [InlineData("y", "\"AAAA=\"", "x and y must")]
    [InlineData("x", "1", "x must be a text")]
    [Trait("R", "77")]
    [Trait("R", "86")]
    public void A_JWK_that_is_not_sound_is_refused(string member, string value, string says) =>
        Refused(Changed(The.EcKey, jwk => jwk[member] = JsonNode.Parse(value)), says);

    [Theory]
    [InlineData("kty", "kty must be")]
    [InlineData("crv", "kty must be")]
    [InlineData("x", "x and y must")]
    [InlineData("y", "x and y must")]
    public void A_JWK_that_lacks_a_member_is_refused(string member, string says) => Refused(Changed(The.EcKey, jwk => jwk.Remove(member)), says);

    [Fact]
    public void Use_operations_and_unknown_members_may_stand_there()
    {
        var key = VerificationKey.FromJwk(
            Changed(The.EcKey, jwk =>
            {
                jwk["key_ops"] = new JsonArray("sign", "verify");
                jwk["x5c"] = new JsonArray("AAAA");
                jwk["ext"] = new JsonObject { ["d"] = "not a member of the key" };
            }),
            out var fault);

        Assert.True(key is not null, fault);
        key = VerificationKey.FromJwk(Some.Utf8(Some.Text(The.EcKey.PublicJwk).Replace("{", "{\"x5c\":[\"AAAA\"],\"ext\":{\"d\":\"x\",\"kid\":\"other\"},")), out fault);
        Assert.True(key?.Kid == The.EcKey.Kid, fault);
        Assert.NotNull(VerificationKey.FromJwk(Changed(The.EcKey, jwk => jwk.Remove("use")), out _));
        Assert.NotNull(VerificationKey.FromJwk(Changed(The.EcKey, jwk => jwk["kid"] = new string('k', 255)), out _));
        Refused(Changed(The.EcKey, jwk => jwk["kid"] = new string('k', 256)), "kid must have 1 to 255");
    }

    [Fact]
    [Trait("R", "74")]
    public void The_JSON_of_a_key_is_strict()
    {
        var json = Some.Text(The.EcKey.PublicJwk);

        Refused(Some.Utf8(json + "{}"), "not sound");
        Refused(Some.Utf8(json.Replace("{", "{\"kty\":\"EC\",")), "stands twice");
        Refused(Some.Utf8($"[{json}]"), "not a JSON object");
        Refused([], "not sound");
    }

    [Theory]
    [InlineData("ES256", 32)]
    [InlineData("ES384", 48)]
    [InlineData("ES512", 66)]
    [Trait("R", "80")]
    public void A_point_off_the_curve_or_in_another_length_is_refused(string alg, int length)
    {
        using var key = SigningKey.Create(SigningAlgorithm.ByName(alg)!);
        var x = StrictBase64Url.Decode(JsonNode.Parse(key.PublicJwk)!["x"]!.GetValue<string>())!;
        var y = StrictBase64Url.Decode(JsonNode.Parse(key.PublicJwk)!["y"]!.GetValue<string>())!;

        Assert.Equal((length, length), (x.Length, y.Length));
        y[^1] ^= 1;
        Refused(Point(x, y), "is not on the curve");
        y[^1] ^= 1;
        Refused(Point(y, x), "is not on the curve");
        Refused(Point(new byte[length], new byte[length]), "is not on the curve");
        Refused(Point([.. Enumerable.Repeat((byte)0xFF, length)], y), "is not on the curve");
        Refused(Point([0, .. x], y), $"each be {length} bytes");
        Refused(Point(x, [0, .. y]), $"each be {length} bytes");
        Refused(Point(x[1..], y), $"each be {length} bytes");
        Refused(Point(x, y[..^1]), $"each be {length} bytes");
        Refused(Point([], []), $"each be {length} bytes");

        byte[] Point(byte[] px, byte[] py) => Changed(key, jwk => (jwk["x"], jwk["y"]) = (StrictBase64Url.Encode(px), StrictBase64Url.Encode(py)));
    }

    [Theory]
    [InlineData(255, 0x80, 1, false)]
    [InlineData(256, 0x7F, 1, false)]
    [InlineData(256, 0x80, 1, true)]
    [InlineData(256, 0xFF, 0, false)]
    [InlineData(257, 0x01, 1, true)]
    [InlineData(384, 0x80, 1, true)]
    [InlineData(1024, 0xFF, 1, true)]
    [InlineData(1025, 0x01, 1, false)]
    [InlineData(2048, 0x80, 1, false)]
    [Trait("R", "80")]
    public void An_RSA_modulus_has_2048_to_8192_bits_and_is_odd(int octets, byte first, int last, bool sound)
    {
        var n = new byte[octets];
        Array.Fill(n, (byte)0x5A);
        (n[0], n[^1]) = (first, (byte)(0xFE | last));

        Judge(sound, Changed(s_rsa, jwk => jwk["n"] = StrictBase64Url.Encode(n)), "2048 to 8192 bits");
        Refused(Changed(s_rsa, jwk => jwk["n"] = StrictBase64Url.Encode([0, .. n])), "begin with a zero");
    }

    [Theory]
    [InlineData("01", false)]
    [InlineData("03", false)]
    [InlineData("11", false)]
    [InlineData("FFFF", false)]
    [InlineData("010000", false)]
    [InlineData("010001", true)]
    [InlineData("010002", false)]
    [InlineData("010003", true)]
    [InlineData("FFFFFFFE", false)]
    [InlineData("FFFFFFFF", true)]
    [InlineData("0100000001", false)]
    [InlineData("0100010001", false)]
    [Trait("R", "80")]
    public void An_RSA_exponent_is_odd_and_from_65537_to_below_2_to_the_32(string e, bool sound)
    {
        Judge(sound, Changed(s_rsa, jwk => jwk["e"] = StrictBase64Url.Encode(Convert.FromHexString(e))), "exponent from 65537");
        Refused(Changed(s_rsa, jwk => jwk["e"] = StrictBase64Url.Encode(Convert.FromHexString("00" + e))), "begin with a zero");
    }

    [Theory]
    [InlineData("n")]
    [InlineData("e")]
    public void An_RSA_key_without_a_number_is_refused(string member)
    {
        Refused(Changed(s_rsa, jwk => jwk.Remove(member)), "n and e must be numbers");
        Refused(Changed(s_rsa, jwk => jwk[member] = ""), "n and e must be numbers");
        Refused(Changed(s_rsa, jwk => jwk[member] = jwk[member]!.GetValue<string>() + "="), "n and e must be numbers");
        Refused(Changed(s_rsa, jwk => jwk[member] = "é"), "n and e must be numbers");
    }

    [Fact]
    [Trait("R", "78")]
    public void An_EC_signature_is_r_and_s_and_nothing_else() => Assert.All([("ES256", 64), ("ES384", 96), ("ES512", 132)], pair =>
    {
        using var signing = SigningKey.Create(SigningAlgorithm.ByName(pair.Item1)!);
        var key = VerificationKey.FromJwk(signing.PublicJwk, out _)!;
        using var ec = ECDsa.Create();
        ec.ImportPkcs8PrivateKey(signing.ExportPkcs8(), out _);
        var signature = ec.SignData("data"u8, signing.Algorithm.Hash);

        Assert.Equal(pair.Item2, signature.Length);
        Assert.True(key.Verify("data"u8, signature));
        Assert.False(key.Verify("data"u8, ec.SignData("data"u8, signing.Algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence)));
        Assert.False(key.Verify("data"u8, signature.AsSpan(1)));
        Assert.False(key.Verify("data"u8, signature.AsSpan(..^1)));
        Assert.False(key.Verify("data"u8, [.. signature, 0]));
        Assert.False(key.Verify("data"u8, new byte[pair.Item2]));
        Assert.False(key.Verify("data"u8, [.. signature[..(pair.Item2 / 2)], .. new byte[pair.Item2 / 2]]));
        Assert.False(key.Verify("data"u8, [.. new byte[pair.Item2 / 2], .. signature[(pair.Item2 / 2)..]]));
        Assert.False(key.Verify("data"u8, [.. Enumerable.Repeat((byte)0xFF, pair.Item2)]));
        Assert.False(key.Verify("data"u8, []));
    });

    [Fact]
    [Trait("R", "79")]
    public void A_signature_verifies_by_its_own_algorithm_alone()
    {
        var signature = new byte[s_rsa.SignatureLength];
        s_rsa.Sign("data"u8, signature);

        Assert.All(SigningAlgorithm.All.Where(a => a.KeyType == "RSA"), algorithm =>
        {
            var key = VerificationKey.FromJwk(Changed(s_rsa, jwk => jwk["alg"] = algorithm.Name), out _)!;
            Assert.Equal(algorithm.Name == "PS256", key.Verify("data"u8, signature));
        });
    }

    [Fact]
    public void Threads_verify_at_once() => Assert.All([The.EcKey, s_rsa], signing =>
    {
        var key = VerificationKey.FromJwk(signing.PublicJwk, out _)!;
        var signature = new byte[signing.SignatureLength];
        signing.Sign("data"u8, signature);

        Parallel.For(0, 400, _ => Assert.True(key.Verify("data"u8, signature)));
    });

    internal static byte[] Changed(SigningKey key, Action<JsonObject> change)
    {
        var jwk = JsonNode.Parse(key.PublicJwk)!.AsObject();
        change(jwk);

        return Some.Utf8(jwk.ToJsonString());
    }

    private static void Judge(bool sound, byte[] jwk, string says)
    {
        if (!sound)
        {
            Refused(jwk, says);
        }
        else
        {
            Assert.True(VerificationKey.FromJwk(jwk, out var fault) is not null, fault);
        }
    }

    private static void Refused(byte[] jwk, string says)
    {
        Assert.Null(VerificationKey.FromJwk(jwk, out var fault));
        Assert.Contains(says, fault);
        Assert.DoesNotContain("c2VjcmV0", fault);
    }
}

using System.Security.Cryptography;
using System.Text.Json;

namespace Countersign.OAuth.Tests;

public sealed class SigningKeyTests
{
    public static TheoryData<string> Algorithms => [.. SigningAlgorithm.All.Select(algorithm => algorithm.Name)];

    [Fact]
    public void The_table_has_each_algorithm_once()
    {
        Assert.Equal(
            ["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
            SigningAlgorithm.All.Select(algorithm => algorithm.Name).Order());
        Assert.All(SigningAlgorithm.All, algorithm => Assert.Same(algorithm, SigningAlgorithm.ByName(algorithm.Name)));
        Assert.All(SigningAlgorithm.All, algorithm => Assert.EndsWith(algorithm.Hash.Name![3..], algorithm.Name));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("es256")]
    [InlineData("ES256 ")]
    [InlineData("ES256K")]
    [InlineData("")]
    public void Other_names_are_not_known(string name) => Assert.Null(SigningAlgorithm.ByName(name));

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_signature_verifies_with_the_published_key(string alg)
    {
        using var key = Key(alg);
        var data = Some.Utf8("the signed part");
        var signature = new byte[key.SignatureLength];

        Assert.Equal(signature.Length, key.Sign(data, signature));
        Assert.True(key.Verify(data, signature));
        Assert.True(Independent.Verify(key.PublicJwk, data, signature));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_changed_signature_or_text_does_not_verify(string alg)
    {
        using var key = Key(alg);
        using var other = Key(alg);
        var data = Some.Utf8("the signed part");
        var signature = new byte[key.SignatureLength];
        key.Sign(data, signature);

        Assert.False(other.Verify(data, signature));
        Assert.False(key.Verify(data.AsSpan(1), signature));
        Assert.False(key.Verify(data, []));
        Assert.False(key.Verify(data, signature.AsSpan(1)));
        Assert.False(key.Verify(data, [.. signature, 0]));
        Assert.False(key.Verify(data, [0, .. signature]));
        Assert.False(key.Verify(data, new byte[signature.Length]));

        for (var i = 0; i < signature.Length; i += 7)
        {
            signature[i] ^= 1;
            Assert.False(key.Verify(data, signature));
            signature[i] ^= 1;
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void The_published_key_names_its_use_and_holds_nothing_private(string alg)
    {
        using var key = Key(alg);
        var jwk = JsonDocument.Parse(key.PublicJwk).RootElement;
        string[] members = key.Algorithm.KeyType == "RSA"
            ? ["alg", "e", "kid", "kty", "n", "use"]
            : ["alg", "crv", "kid", "kty", "use", "x", "y"];

        Assert.Equal(members, jwk.EnumerateObject().Select(member => member.Name).Order());
        Assert.Equal("sig", jwk.GetProperty("use").GetString());
        Assert.Equal(alg, jwk.GetProperty("alg").GetString());
        Assert.Equal(key.Kid, jwk.GetProperty("kid").GetString());
        Assert.Equal(key.Algorithm.KeyType, jwk.GetProperty("kty").GetString());
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_stored_key_is_the_same_key(string alg)
    {
        using var key = Key(alg);
        using var stored = SigningKey.Import(key.Algorithm, "some \"kid\"", key.ExportPkcs8());
        var signature = new byte[key.SignatureLength];
        key.Sign("data"u8, signature);

        Assert.True(stored.Verify("data"u8, signature));
        Assert.Equal("some \"kid\"", stored.Kid);
        Assert.Equal("some \"kid\"", JsonDocument.Parse(stored.PublicJwk).RootElement.GetProperty("kid").GetString());
        Assert.Equal(key.ExportPkcs8(), stored.ExportPkcs8());
    }

    [Fact]
    public void A_kid_is_the_thumbprint_of_the_key()
    {
        // RFC 7638 §3.1.
        var modulus =
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst"
            + "n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr"
            + "n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        using var published = RSA.Create(new RSAParameters { Modulus = StrictBase64Url.Decode(modulus), Exponent = [1, 0, 1] });

        Assert.Equal(
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            PublicJwkText.Thumbprint(KeyFamily.Rsa.PublicMembers(published, SigningAlgorithm.ByName("RS256")!)));

        using var key = Key("ES256");
        var jwk = JsonDocument.Parse(key.PublicJwk).RootElement;
        var members = $$"""{"crv":"P-256","kty":"EC","x":"{{jwk.GetProperty("x")}}","y":"{{jwk.GetProperty("y")}}"}""";
        Assert.Equal(StrictBase64Url.Encode(SHA256.HashData(Some.Utf8(members))), key.Kid);
    }

    [Fact]
    public void The_example_of_RFC_7515_verifies()
    {
        // RFC 7515 A.3.
        using var key = Rfc7515Key();
        var claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

        Assert.True(key.Verify(
            Some.Utf8("eyJhbGciOiJFUzI1NiJ9." + claims),
            StrictBase64Url.Decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")));
    }

    [Fact]
    [Trait("R", "80")]
    public void A_key_of_another_kind_curve_or_size_is_refused()
    {
        using var key = Key("ES256");
        using var rsa = Key("RS256");
        using var small = RSA.Create(1024);

        Refused("ES384", key.ExportPkcs8());
        Refused("RS256", key.ExportPkcs8());
        Refused("ES256", rsa.ExportPkcs8());
        Refused("RS256", small.ExportPkcs8PrivateKey());
        Refused("ES256", [.. key.ExportPkcs8(), 0]);
        Refused("ES256", []);

        static void Refused(string alg, byte[] pkcs8) =>
            Assert.ThrowsAny<CryptographicException>(() => SigningKey.Import(SigningAlgorithm.ByName(alg)!, "kid", pkcs8));
    }

    [Fact]
    public void Threads_sign_and_verify_at_once()
    {
        Assert.All(["ES256", "RS256"], alg =>
        {
            using var key = Key(alg);
            Parallel.For(0, 400, i =>
            {
                var signature = new byte[key.SignatureLength];
                var data = BitConverter.GetBytes(i);
                key.Sign(data, signature);
                Assert.True(key.Verify(data, signature));
            });
        });
    }

    [Fact]
    public void A_disposed_key_signs_no_more()
    {
        var key = Key("ES256");
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => key.Sign("data"u8, new byte[64]));
    }

    private static SigningKey Key(string alg) => SigningKey.Create(SigningAlgorithm.ByName(alg)!);

    private static SigningKey Rfc7515Key()
    {
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint
            {
                X = StrictBase64Url.Decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                Y = StrictBase64Url.Decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
            },
            D = StrictBase64Url.Decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"),
        });

        return SigningKey.Import(SigningAlgorithm.ByName("ES256")!, "rfc", key.ExportPkcs8PrivateKey());
    }
}

using System.Text.Json;

namespace Countersign.OAuth.Tests.Vectors;

public sealed class SignatureVectorTests
{
    [Theory]
    [InlineData("ecdsa_secp256r1_sha256_p1363", "ES256", 262, 173)]
    [InlineData("ecdsa_secp384r1_sha384_p1363", "ES384", 280, 193)]
    [InlineData("ecdsa_secp521r1_sha512_p1363", "ES512", 318, 231)]
    [InlineData("rsa_signature_2048_sha256", "RS256", 257, 7)]
    [InlineData("rsa_signature_3072_sha256", "RS256", 258, 7)]
    [InlineData("rsa_signature_4096_sha256", "RS256", 258, 7)]
    [InlineData("rsa_signature_2048_sha384", "RS384", 258, 7)]
    [InlineData("rsa_signature_2048_sha512", "RS512", 258, 7)]
    [InlineData("rsa_pss_2048_sha256_mgf1_32", "PS256", 108, 63)]
    [InlineData("rsa_pss_3072_sha256_mgf1_32", "PS256", 108, 63)]
    [InlineData("rsa_pss_2048_sha384_mgf1_48", "PS384", 141, 95)]
    [InlineData("rsa_pss_4096_sha512_mgf1_64", "PS512", 179, 132)]
    [Trait("R", "78")]
    [Trait("R", "79")]
    [Trait("R", "95")]
    public void A_raw_signature_gets_the_expected_answer(string file, string alg, int count, int good)
    {
        var (seen, verified) = (0, 0);

        foreach (var (group, tests) in VectorFile.Groups(file).Where(g => !IsWeak(g.Group)))
        {
            var keys = Keys(group, alg);

            foreach (var test in tests)
            {
                // "Acceptable" is PKCS #1 whose digest lacks a NULL; the platform takes no such signature.
                var expected = test.Text("result") == "valid";
                Assert.All(keys, key => Assert.True(expected == key.Verify(test.Hex("msg"), test.Hex("sig")), $"{test.Number()}: {test.Text("comment")}"));
                seen++;
                verified += expected ? 1 : 0;
            }
        }

        Assert.Equal((count, good), (seen, verified));
    }

    [Theory]
    [InlineData("rsa_signature_2048_sha256", "PS256")]
    [InlineData("rsa_signature_2048_sha384", "PS384")]
    [InlineData("rsa_signature_2048_sha512", "PS512")]
    [InlineData("rsa_pss_2048_sha256_mgf1_32", "RS256")]
    [InlineData("rsa_pss_2048_sha384_mgf1_48", "RS384")]
    [InlineData("rsa_pss_4096_sha512_mgf1_64", "RS512")]
    [Trait("R", "79")]
    public void A_signature_of_one_padding_does_not_verify_as_the_other(string file, string alg)
    {
        foreach (var (group, tests) in VectorFile.Groups(file).Where(g => !IsWeak(g.Group)))
        {
            var key = VerificationKey.FromPem(group.Text("publicKeyPem"), null, SigningAlgorithm.ByName(alg), out _)!;
            Assert.All(tests.Where(test => test.Text("result") == "valid"), test => Assert.False(key.Verify(test.Hex("msg"), test.Hex("sig"))));
        }
    }

    [Fact]
    [Trait("R", "80")]
    [Trait("R", "95")]
    public void The_four_valid_signatures_under_an_exponent_of_three_fall_with_their_keys()
    {
        var weak = ((string[])["rsa_signature_2048_sha256", "rsa_signature_2048_sha512", "rsa_signature_3072_sha256"])
            .SelectMany(file => VectorFile.Groups(file).Where(g => IsWeak(g.Group)).Select(g => (File: file, g.Group, g.Tests))).ToList();

        Assert.Equal(
            ["rsa_signature_2048_sha256 258", "rsa_signature_2048_sha256 259", "rsa_signature_2048_sha512 259", "rsa_signature_3072_sha256 259"],
            weak.SelectMany(w => w.Tests.Select(test => $"{w.File} {test.Number()}")));
        Assert.All(weak, w =>
        {
            Assert.Null(VerificationKey.FromPem(w.Group.Text("publicKeyPem"), null, null, out var fault));
            Assert.Contains("exponent", fault);
            Assert.Null(VerificationKey.FromJwk(Some.Utf8(w.Group.GetProperty("keyJwk").GetRawText()), out fault));
            Assert.Contains("exponent", fault);
        });
    }

    private static bool IsWeak(JsonElement group) => group.GetProperty("publicKey").TryGetProperty("publicExponent", out var e) && e.GetString() == "03";

    // The same key in every form that the file has it in.
    private static List<VerificationKey> Keys(JsonElement group, string alg)
    {
        var keys = new List<VerificationKey> { VerificationKey.FromPem(group.Text("publicKeyPem"), null, SigningAlgorithm.ByName(alg), out var fault)! };
        Assert.True(keys[0] is not null, fault);

        if (group.TryGetProperty("publicKeyJwk", out var jwk) || group.TryGetProperty("keyJwk", out jwk))
        {
            keys.Add(VerificationKey.FromJwk(Some.Utf8(jwk.GetRawText()), out fault)!);
            Assert.True(keys[1] is not null, fault);
            Assert.Equal((alg, keys[0].Thumbprint), (keys[1].Algorithm.Name, keys[1].Thumbprint));
        }

        return keys;
    }
}

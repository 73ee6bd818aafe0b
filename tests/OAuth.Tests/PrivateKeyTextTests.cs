using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Countersign.OAuth.Tests;

public sealed class PrivateKeyTextTests
{
    private static readonly RSA s_rsa = RSA.Create(2048);
    private static readonly RSA s_otherRsa = RSA.Create(2048);
    private static readonly ECDsa s_ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static TheoryData<string> Algorithms => [.. SigningAlgorithm.All.Select(algorithm => algorithm.Name)];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_key_is_the_same_in_every_form(string alg)
    {
        using var key = SigningKey.Create(SigningAlgorithm.ByName(alg)!, kid: "my kid");
        string[] texts = [PrivateKeyText.Pem(key), PrivateKeyText.TraditionalPem(key), PrivateKeyText.Jwk(key), File(key).ToJson(), File(key, PrivateKeyText.TraditionalPem(key)).ToJson()];

        Assert.All(texts, text =>
        {
            using var read = Read(text, kid: "my kid", alg: alg);
            Same(key, read);

            // And once more from what was read.
            using var again = Read(PrivateKeyText.Jwk(read));
            Same(key, again);
        });
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void The_public_half_is_that_of_the_key(string alg)
    {
        using var key = SigningKey.Create(SigningAlgorithm.ByName(alg)!);
        var signature = new byte[key.SignatureLength];
        key.Sign("data"u8, signature);
        var half = VerificationKey.FromPem(PrivateKeyText.PublicPem(key), null, key.Algorithm, out _)!;

        Assert.Equal(key.Thumbprint, half.Thumbprint);
        Assert.True(half.Verify("data"u8, signature));
        Assert.DoesNotContain("PRIVATE", PrivateKeyText.PublicPem(key));
        Assert.EndsWith("\n", PrivateKeyText.PublicPem(key));
    }

    [Fact]
    public void The_platform_reads_what_is_written_and_its_text_is_read()
    {
        using var rsa = Read(s_rsa.ExportPkcs8PrivateKeyPem());
        using var ec = Read(s_ec.ExportPkcs8PrivateKeyPem());

        Assert.Equal(s_rsa.ExportRSAPrivateKeyPem() + "\n", PrivateKeyText.TraditionalPem(rsa));
        Assert.Equal(s_ec.ExportECPrivateKeyPem() + "\n", PrivateKeyText.TraditionalPem(ec));
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----\n", PrivateKeyText.Pem(rsa));

        using var opened = RSA.Create();
        opened.ImportFromPem(PrivateKeyText.Pem(rsa));
        Assert.Equal(s_rsa.ExportRSAPrivateKey(), opened.ExportRSAPrivateKey());

        Assert.All([s_rsa.ExportPkcs8PrivateKeyPem(), s_rsa.ExportRSAPrivateKeyPem()], pem =>
        {
            using var read = Read(pem);
            Assert.Equal(("RS256", rsa.Thumbprint, rsa.Thumbprint), (read.Algorithm.Name, read.Thumbprint, read.Kid));
        });
        Assert.All([s_ec.ExportPkcs8PrivateKeyPem(), s_ec.ExportECPrivateKeyPem()], pem =>
        {
            using var read = Read("\n" + pem.Replace("\n", "\r\n"));
            Assert.Equal(("ES256", ec.Thumbprint), (read.Algorithm.Name, read.Thumbprint));
        });
    }

    [Fact]
    public void The_block_of_parameters_before_an_EC_key_is_passed_over()
    {
        using var read = Read($"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{s_ec.ExportECPrivateKeyPem()}");
        Assert.Equal("ES256", read.Algorithm.Name);

        Refused("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", "neither a key file");
        Refused(string.Concat(Enumerable.Repeat("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", 20_000)), "no private key");
    }

    [Fact]
    public void The_kid_is_the_given_one_else_that_of_the_text_else_the_thumbprint()
    {
        using var key = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "own");

        Assert.Equal("given", Kid(PrivateKeyText.Jwk(key), "given"));
        Assert.Equal("own", Kid(PrivateKeyText.Jwk(key), null));
        Assert.Equal("given", Kid(File(key).ToJson(), "given"));
        Assert.Equal("own", Kid(File(key).ToJson(), null));
        Assert.Equal("given", Kid(PrivateKeyText.Pem(key), "given"));
        Assert.Equal(key.Thumbprint, Kid(PrivateKeyText.Pem(key), null));
        Assert.Equal(key.Thumbprint, Kid(Changed(key, jwk => jwk.Remove("kid")), null));

        static string Kid(string text, string? kid)
        {
            using var read = Read(text, kid);

            return read.Kid;
        }
    }

    [Fact]
    [Trait("R", "75")]
    [Trait("R", "77")]
    public void The_algorithm_is_the_given_one_else_that_of_the_text_and_fits_the_key()
    {
        using var rsa = SigningKey.Create(SigningAlgorithm.ByName("PS256")!);
        using var ec = SigningKey.Create(SigningAlgorithm.ByName("ES384")!);

        Assert.Equal("PS256", Alg(PrivateKeyText.Jwk(rsa)));
        Assert.Equal("PS512", Alg(Changed(rsa, jwk => jwk.Remove("alg")), "PS512"));
        Assert.Equal("RS256", Alg(Changed(rsa, jwk => jwk.Remove("alg"))));
        Assert.Equal("RS256", Alg(PrivateKeyText.Pem(rsa)));
        Assert.Equal("PS384", Alg(PrivateKeyText.Pem(rsa), "PS384"));
        Assert.Equal("ES384", Alg(PrivateKeyText.Pem(ec)));
        Assert.Equal("ES384", Alg(Changed(ec, jwk => jwk.Remove("alg"))));
        Assert.Equal("ES384", Alg(PrivateKeyText.TraditionalPem(ec), "ES384"));

        Assert.All([PrivateKeyText.Pem(ec), PrivateKeyText.TraditionalPem(ec), PrivateKeyText.Jwk(ec)], text =>
            Assert.All(["ES256", "ES512", "RS256"], alg => Refused(text, "must be that of the key", alg)));
        Assert.All([PrivateKeyText.Pem(rsa), PrivateKeyText.TraditionalPem(rsa)], text => Refused(text, "must be that of the key", "ES256"));
        Refused(Changed(ec, jwk => jwk["alg"] = "ES256"), "alg must be ES384");
        Refused(Changed(rsa, jwk => jwk["alg"] = "ES256"), "alg must be RS256");

        static string Alg(string text, string? alg = null)
        {
            using var read = Read(text, null, alg);

            return read.Algorithm.Name;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("hello")]
    [InlineData("-----BEGIN PRIVATE KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----")]
    [InlineData("[]")]
    public void Text_of_no_form_is_refused(string text) => Refused(text, "neither a key file, nor a JWK, nor PEM");

    [Theory]
    [InlineData("{", "not sound")]
    [InlineData("{}", "kty must be")]
    [InlineData("{}x", "not sound")]
    [InlineData("{\"kty\":\"RSA\"}", "is a public key")]
    [InlineData("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}", "kty must be")]
    [InlineData("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"c2VjcmV0\"}", "kty must be")]
    [InlineData("{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"c2VjcmV0\"}", "cannot be read")]
    [InlineData("{\"kty\":\"RSA\",\"d\":\"c2VjcmV0\"}", "cannot be read")]
    [InlineData("{\"type\":\"serviceaccount\",\"keyId\":\"1\",\"key\":\"c2VjcmV0\"}", "neither a key file")]
    [InlineData("{\"type\":\"serviceaccount\",\"keyId\":\"1\"}", "kty must be")]
    public void JSON_that_holds_no_private_key_is_refused(string text, string says) => Refused(text, says);

    [Fact]
    public void A_public_key_is_refused()
    {
        Refused(Some.Text(The.EcKey.PublicJwk), "is a public key");
        Refused(s_rsa.ExportSubjectPublicKeyInfoPem(), "no private key");
        Refused(s_rsa.ExportRSAPublicKeyPem(), "no private key");
    }

    [Fact]
    public void An_encrypted_key_is_refused_with_the_way_out() => Refused(
        s_rsa.ExportEncryptedPkcs8PrivateKeyPem("x", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1)), "openssl pkey");

    [Theory]
    [InlineData("PRIVATE KEY")]
    [InlineData("RSA PRIVATE KEY")]
    [InlineData("EC PRIVATE KEY")]
    public void A_block_that_holds_something_else_is_refused(string label)
    {
        byte[][] contents = [[], [0, 0, 0], [0x30, 0], s_rsa.ExportSubjectPublicKeyInfo(), [.. Cut(Content()), 0], Content()[..^1], [.. Content(), 0]];

        Assert.All(contents, der => Refused(PemEncoding.WriteString(label, der), "cannot be read"));

        byte[] Content() => label[0] switch { 'P' => s_ec.ExportPkcs8PrivateKey(), 'R' => s_rsa.ExportRSAPrivateKey(), _ => s_ec.ExportECPrivateKey() };

        static byte[] Cut(byte[] der) => der[..(der.Length / 2)];
    }

    [Fact]
    [Trait("R", "80")]
    public void A_key_of_another_size_curve_or_type_is_refused()
    {
        using var small = RSA.Create(1024);
        using var other = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        using var explicitly = ECDsa.Create(s_ec.ExportExplicitParameters(true));
        using var dsa = DSA.Create(1024);

        // RFC 8410 §10.3.
        const string Ed25519 = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";

        Refused(small.ExportPkcs8PrivateKeyPem(), "cannot be read");
        Refused(small.ExportRSAPrivateKeyPem(), "2048 to 8192");
        Refused(other.ExportPkcs8PrivateKeyPem(), "must be that of the key");
        Refused(other.ExportECPrivateKeyPem(), "must be that of the key");
        Refused(explicitly.ExportPkcs8PrivateKeyPem(), "must be that of the key");
        Refused(explicitly.ExportECPrivateKeyPem(), "must be that of the key");
        Refused(dsa.ExportPkcs8PrivateKeyPem(), "cannot be read");
        Refused(Ed25519, "cannot be read");
    }

    [Theory]
    [InlineData("d")]
    [InlineData("x")]
    [InlineData("y")]
    public void An_EC_key_whose_members_do_not_belong_together_is_refused(string member)
    {
        using var one = SigningKey.Create(SigningAlgorithm.ByName("ES256")!);
        using var other = SigningKey.Create(SigningAlgorithm.ByName("ES256")!);
        var foreign = JsonNode.Parse(PrivateKeyText.Jwk(other))![member]!.GetValue<string>();

        Refused(Changed(one, jwk => jwk[member] = foreign), "cannot be read");
        Refused(Changed(one, jwk => jwk[member] = ""), "cannot be read");
        Refused(Changed(one, jwk => jwk[member] = jwk[member]!.GetValue<string>() + "="), "cannot be read");
    }

    [Theory]
    [InlineData("n")]
    [InlineData("e")]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("q")]
    [InlineData("dp")]
    [InlineData("dq")]
    [InlineData("qi")]
    public void An_RSA_key_whose_members_do_not_belong_together_is_refused(string member)
    {
        using var one = Read(s_rsa.ExportPkcs8PrivateKeyPem());
        using var other = Read(s_otherRsa.ExportPkcs8PrivateKeyPem());
        var foreign = member == "e" ? "AQAD" : JsonNode.Parse(PrivateKeyText.Jwk(other))![member]!.GetValue<string>();

        Refused(Changed(one, jwk => jwk[member] = foreign), "cannot be read");
        Refused(Changed(one, jwk => jwk[member] = ""), "cannot be read");
        Refused(Changed(one, jwk => jwk.Remove(member)), "cannot be read");
    }

    private static KeyFile File(SigningKey key, string? pem = null) => new() { KeyId = key.Kid, Key = pem ?? PrivateKeyText.Pem(key) };

    private static string Changed(SigningKey key, Action<JsonObject> change)
    {
        var jwk = JsonNode.Parse(PrivateKeyText.Jwk(key))!.AsObject();
        change(jwk);

        return jwk.ToJsonString();
    }

    private static SigningKey Read(string text, string? kid = null, string? alg = null)
    {
        var key = PrivateKeyText.Read(text, out var file, out var fault, kid, SigningAlgorithm.ByName(alg));
        Assert.True(key is not null, fault);
        Assert.Equal("", fault);
        Assert.Equal(text.Contains("serviceaccount"), file is not null);

        return key;
    }

    private static void Same(SigningKey expected, SigningKey actual)
    {
        Assert.Equal(Some.Text(expected.PublicJwk), Some.Text(actual.PublicJwk));
        Assert.Equal(Convert.ToHexString(expected.ExportPkcs8()), Convert.ToHexString(actual.ExportPkcs8()));
    }

    private static void Refused(string text, string says, string? alg = null)
    {
        Assert.Null(PrivateKeyText.Read(text, out _, out var fault, algorithm: SigningAlgorithm.ByName(alg)));
        Assert.NotEmpty(fault);
        Assert.Contains(says, fault);

        // Sentences of ours, with nothing of the key in them.
        Assert.DoesNotContain("MII", fault);
        Assert.DoesNotContain("c2VjcmV0", fault);
        Assert.True(fault.Length < 200, fault);
    }
}

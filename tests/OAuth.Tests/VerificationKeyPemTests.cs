using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.OAuth.Tests;

public sealed class VerificationKeyPemTests
{
    private static readonly RSA s_rsa = RSA.Create(2048);
    private static readonly ECDsa s_ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    [Fact]
    public void A_public_key_is_read_from_its_blocks()
    {
        Assert.All([s_rsa.ExportSubjectPublicKeyInfoPem(), s_rsa.ExportRSAPublicKeyPem(), Certificate(s_rsa)], pem =>
        {
            var key = Read(pem);
            Assert.Equal(("RS256", "k"), (key.Algorithm.Name, key.Kid));
            Assert.True(key.Verify("data"u8, s_rsa.SignData("data"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
            Assert.Equal(Thumbprint(s_rsa), key.Thumbprint);
            Assert.Equal("PS512", Read(pem, "PS512").Algorithm.Name);
            Refused(pem, "alg must be one of RS256", "ES256");
        });
        Assert.All([s_ec.ExportSubjectPublicKeyInfoPem(), Certificate(s_ec)], pem =>
        {
            var key = Read(pem);
            Assert.Equal(("ES384", "k"), (key.Algorithm.Name, key.Kid));
            Assert.True(key.Verify("data"u8, s_ec.SignData("data"u8, HashAlgorithmName.SHA384)));
            Assert.Equal("ES384", Read(pem, "ES384").Algorithm.Name);
            Assert.All(["ES256", "RS256"], alg => Refused(pem, "and alg that of the curve", alg));
        });
    }

    [Fact]
    public void What_is_written_as_PEM_is_the_same_key()
    {
        Assert.All([s_rsa.ExportSubjectPublicKeyInfoPem(), s_ec.ExportSubjectPublicKeyInfoPem()], pem =>
        {
            Assert.Equal(pem + "\n", Read(pem).ToPem());
            Assert.Equal(Read(pem).Thumbprint, Read(Read(pem).ToPem()).Thumbprint);
        });
        Assert.Null(VerificationKey.FromPem(s_ec.ExportSubjectPublicKeyInfoPem(), null, null, out _)!.Kid);
    }

    [Fact]
    public void Text_around_the_block_and_other_line_ends_do_no_harm()
    {
        var pem = s_ec.ExportSubjectPublicKeyInfoPem();

        Assert.NotNull(Read($"Bag Attributes\n  friendlyName: x\n{pem}\nmore"));
        Assert.NotNull(Read(pem.Replace("\n", "\r\n")));
        Assert.NotNull(Read(pem.Replace("\n", "\n ")));
    }

    [Fact]
    [Trait("R", "86")]
    public void A_private_key_is_refused_and_not_shown()
    {
        var encrypted = s_rsa.ExportEncryptedPkcs8PrivateKeyPem("x", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1));

        Assert.All(
            [s_rsa.ExportPkcs8PrivateKeyPem(), s_rsa.ExportRSAPrivateKeyPem(), s_ec.ExportPkcs8PrivateKeyPem(), s_ec.ExportECPrivateKeyPem(), encrypted],
            pem =>
            {
                Refused(pem, "this is a private key");
                Refused($"{s_rsa.ExportSubjectPublicKeyInfoPem()}\n{pem}", "more than one block");
                Refused($"{pem}\n{s_rsa.ExportSubjectPublicKeyInfoPem()}", "this is a private key");
            });
    }

    [Fact]
    public void Two_blocks_are_refused()
    {
        var pem = s_rsa.ExportSubjectPublicKeyInfoPem();

        Refused($"{pem}\n{pem}", "more than one block");
        Refused($"{Certificate(s_rsa)}\n{Certificate(s_ec)}", "more than one block");
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PUBLIC KEY-----")]
    [InlineData("-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END CERTIFICATE-----")]
    [InlineData("{\"kty\":\"RSA\"}")]
    [InlineData("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ user@host")]
    public void Text_without_a_block_is_refused(string text) => Refused(text, "it is not PEM");

    [Theory]
    [InlineData("PUBLIC KEY", "")]
    [InlineData("PUBLIC KEY", "AAAA")]
    [InlineData("RSA PUBLIC KEY", "AAAA")]
    [InlineData("CERTIFICATE", "AAAA")]
    [InlineData("CERTIFICATE", "MAA=")]
    public void A_block_without_a_key_is_refused(string label, string base64) =>
        Refused($"-----BEGIN {label}-----\n{base64}\n-----END {label}-----", "cannot be read", orElse: "does not hold a key");

    [Theory]
    [InlineData("EC PUBLIC KEY")]
    [InlineData("CERTIFICATE REQUEST")]
    [InlineData("SSH2 PUBLIC KEY")]
    [InlineData("EC PARAMETERS")]
    public void A_block_of_another_kind_is_refused(string label) => Refused(PemEncoding.WriteString(label, s_rsa.ExportSubjectPublicKeyInfo()), "of this kind");

    [Fact]
    public void Bytes_behind_the_key_are_refused()
    {
        Refused(PemEncoding.WriteString("PUBLIC KEY", [.. s_rsa.ExportSubjectPublicKeyInfo(), 0]), "does not hold a key");
        Refused(PemEncoding.WriteString("RSA PUBLIC KEY", [.. s_rsa.ExportRSAPublicKey(), 0]), "does not hold a key");
        Refused(PemEncoding.WriteString("PUBLIC KEY", s_rsa.ExportRSAPublicKey()), "does not hold a key");
        Refused(PemEncoding.WriteString("RSA PUBLIC KEY", s_rsa.ExportSubjectPublicKeyInfo()), "does not hold a key");
    }

    [Fact]
    [Trait("R", "77")]
    [Trait("R", "80")]
    public void A_key_of_another_curve_type_or_size_is_refused()
    {
        using var small = RSA.Create(1024);
        using var other = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        using var dsa = DSA.Create(1024);

        // RFC 8410 §10.1.
        const string Ed25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----";

        Refused(small.ExportSubjectPublicKeyInfoPem(), "2048 to 8192 bits");
        Refused(small.ExportRSAPublicKeyPem(), "2048 to 8192 bits");
        Refused(Certificate(small), "2048 to 8192 bits");
        Refused(other.ExportSubjectPublicKeyInfoPem(), "the curve must be P-256");
        Refused(dsa.ExportSubjectPublicKeyInfoPem(), "must be an RSA key or an EC key");
        Refused(Ed25519, "must be an RSA key or an EC key");

        using var explicitly = ECDsa.Create(s_ec.ExportExplicitParameters(false));
        Refused(explicitly.ExportSubjectPublicKeyInfoPem(), "the curve must be P-256", orElse: "does not hold a key");
    }

    [Fact]
    [Trait("R", "84")]
    public void A_kid_has_1_to_255_characters()
    {
        var pem = s_rsa.ExportSubjectPublicKeyInfoPem();

        Assert.NotNull(VerificationKey.FromPem(pem, new string('k', 255), null, out _));
        Assert.All(["", new string('k', 256)], kid =>
        {
            Assert.Null(VerificationKey.FromPem(pem, kid, null, out var fault));
            Assert.Contains("255", fault);
        });
    }

    private static string Certificate(AsymmetricAlgorithm key)
    {
        var request = key is RSA rsa
            ? new CertificateRequest("CN=client", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=client", (ECDsa)key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(The.Now.AddDays(-1), The.Now);

        return certificate.ExportCertificatePem();
    }

    private static string Thumbprint(RSA rsa) => PublicJwkText.Thumbprint(KeyFamily.Rsa.PublicMembers(rsa, SigningAlgorithm.ByName("RS256")!));

    private static VerificationKey Read(string pem, string? alg = null)
    {
        var key = VerificationKey.FromPem(pem, "k", SigningAlgorithm.ByName(alg), out var fault);
        Assert.True(key is not null, fault);
        Assert.Equal("", fault);

        return key;
    }

    private static void Refused(string pem, string says, string? alg = null, string? orElse = null)
    {
        Assert.Null(VerificationKey.FromPem(pem, "k", SigningAlgorithm.ByName(alg), out var fault));
        Assert.True(fault.Contains(says) || (orElse is not null && fault.Contains(orElse)), fault);
        Assert.DoesNotContain("MII", fault);
    }
}

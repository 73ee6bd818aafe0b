using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FsCheck.Fluent;

namespace Countersign.OAuth.Tests;

public sealed class CertificateKeyTests
{
    private static readonly RSA s_rsa = RSA.Create(2048);
    private static readonly ECDsa s_ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDsa s_other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static readonly DateTimeOffset s_from = The.Now.AddDays(-30);
    private static readonly DateTimeOffset s_until = The.Now.AddDays(30);

    [Fact]
    public void Certificates_are_read_with_their_times_and_names()
    {
        var rsa = Certificate(s_rsa);
        var keys = Read(Pem(rsa) + "\n  friendlyName: x\n" + Pem(Certificate(s_ec)).Replace("\n", "\r\n", StringComparison.Ordinal));

        Assert.Equal(["RS256", "ES256"], keys.Select(k => k.Key.Algorithm.Name));
        Assert.All(keys, k => Assert.Null(k.Key.Kid));
        Assert.Equal(
            [keys[0].Key.Thumbprint, StrictBase64Url.Encode(SHA256.HashData(rsa.RawData)), StrictBase64Url.Encode(Convert.FromHexString(rsa.Thumbprint))], keys[0].Names);
        Assert.Equal((Whole(s_from), Whole(s_until), TimeSpan.Zero), (keys[0].NotBefore, keys[0].NotAfter, keys[0].NotAfter.Offset));
        Assert.True(keys[0].Key.Verify("data"u8, s_rsa.SignData("data"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.True(keys[1].Key.Verify("data"u8, s_ec.SignData("data"u8, HashAlgorithmName.SHA256)));
        Assert.Equal(keys[0].Key.Thumbprint, $"{keys[0]}");
    }

    [Fact]
    public void The_algorithm_of_RSA_keys_is_given_and_does_no_harm_to_others() => Assert.Equal(
        ["PS384", "ES256"], CertificateKey.Read(Pem(Certificate(s_rsa)) + Pem(Certificate(s_ec)), out _, SigningAlgorithm.ByName("PS384"))!.Select(k => k.Key.Algorithm.Name));

    [Fact]
    [Trait("R", "80")]
    [Trait("R", "86")]
    public void A_certificate_that_is_none_or_whose_key_is_not_taken_says_why()
    {
        using var small = RSA.Create(1024);
        using var curve = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        var good = Pem(Certificate(s_ec));

        Refused("", "certificate 1: it is not PEM");
        Refused("text", "certificate 1: it is not PEM");
        Refused(good + good[..^40], "certificate 2: it is not PEM");
        Refused(good[..^40] + good, "certificate 1: it is not PEM");
        Refused(good + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", "certificate 2: the block does not hold a key");
        Refused(good + Pem(Certificate(small)), "2048 to 8192 bits");
        Refused(Pem(Certificate(curve)), "the curve must be");
        Refused(good + s_ec.ExportSubjectPublicKeyInfoPem(), "certificate 2: this is a key without a certificate");
        Refused(good + s_ec.ExportPkcs8PrivateKeyPem(), "this is a private key");
        Refused(good + Pem(Certificate(s_rsa)) + good, "certificate 3 stands twice");
    }

    [Fact]
    [Trait("R", "189")]
    public void There_are_at_most_100()
    {
        var all = string.Concat(Enumerable.Range(0, 101).Select(i => Pem(Certificate(s_ec, serial: (byte)i))));

        Assert.Equal(100, Read(all[..all.LastIndexOf("-----BEGIN", StringComparison.Ordinal)]).Count);
        Refused(all, "more than 100 certificates");
    }

    [Fact]
    [Trait("R", "85")]
    public void Each_name_of_a_certificate_selects_it()
    {
        var keys = Read(Pem(Certificate(s_other)) + Pem(Certificate(s_ec)) + Pem(Certificate(s_rsa)));

        Assert.All(keys[1].Names, kid => Assert.Same(keys[1].Key, Selected(Jws("ES256", kid), keys)));
        Assert.Same(keys[2].Key, Selected(Jws("RS256"), keys));
    }

    [Fact]
    [Trait("R", "85")]
    public void A_certificate_that_is_not_named_or_not_the_only_one_is_not_selected()
    {
        var keys = Read(Pem(Certificate(s_other)) + Pem(Certificate(s_ec)));

        Assert.Equal(("key-known", "kid"), (NotSelected(Jws("ES256", "kid"), keys).Check, NotSelected(Jws("ES256", "kid"), keys).Got));
        Assert.Equal("key-known", NotSelected(Jws("ES256", keys[0].Names[0].ToUpperInvariant()), keys).Check);
        Assert.Contains("several certificates", NotSelected(Jws("ES256"), keys).Detail);
        Assert.Equal(("key-known", "RS256"), (NotSelected(Jws("RS256"), keys).Check, NotSelected(Jws("RS256"), keys).Got));
    }

    [Fact]
    [Trait("R", "75")]
    public void The_algorithm_must_be_the_keys()
    {
        var keys = Read(Pem(Certificate(s_rsa)));
        var failed = NotSelected(Jws("PS256", keys[0].Names[1]), keys);

        Assert.Equal(("key-algorithm", "PS256", "RS256"), (failed.Check, failed.Got, failed.Expected));
    }

    [Fact]
    public void A_certificate_is_good_from_its_first_to_its_last_second()
    {
        var keys = Read(Pem(Certificate(s_ec)));
        var (first, last) = (Whole(s_from), Whole(s_until));

        Assert.All([first, last, The.Now], now => Assert.NotNull(Selected(Jws("ES256"), keys, now)));
        Assert.All([null, keys[0].Names[2]], kid =>
        {
            var early = NotSelected(Jws("ES256", kid), keys, first.AddSeconds(-1));
            var late = NotSelected(Jws("ES256", kid), keys, last.AddSeconds(1));
            Assert.Equal(("key-not-expired", "the certificate is not yet good", "2026-10-25T12:00:00Z"), (early.Check, early.Detail, early.Got));
            Assert.Equal(("key-not-expired", "the certificate has expired", "2026-12-24T12:00:00Z"), (late.Check, late.Detail, late.Got));
        });
    }

    [Fact]
    public void A_renewed_certificate_takes_the_place_of_the_one_before()
    {
        var keys = Read(Pem(Certificate(s_ec, -60, -1)) + Pem(Certificate(s_ec, -2, 60)) + Pem(Certificate(s_other, -60, -1)));

        // The same key, by its thumbprint and without a name; the expired one of another key does not count.
        Assert.Same(keys[1].Key, Selected(Jws("ES256", keys[0].Names[0]), keys));
        Assert.Same(keys[1].Key, Selected(Jws("ES256"), keys));
        Assert.Equal("key-not-expired", NotSelected(Jws("ES256", keys[0].Names[1]), keys).Check);

        // While both are good, either will do.
        Assert.NotNull(Selected(Jws("ES256", keys[0].Names[0]), [keys[0], keys[1]], The.Now.AddDays(-1.5)));
    }

    [Fact]
    [Trait("R", "261")]
    public void Nothing_like_PEM_makes_it_throw()
    {
        var good = Pem(Certificate(s_ec));

        Property.Holds(
            Gen.Elements("-----BEGIN ", "CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", "MAA=\n", "PUBLIC KEY-----", "x", "\ud800", good, good[..100], good[60..]).ListOf().Select(string.Concat).ToArbitrary(),
            text => (CertificateKey.Read(text, out var fault) is null) == (fault.Length > 0));
    }

    private static X509Certificate2 Certificate(RSA key) =>
        new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(s_from, s_until);

    private static X509Certificate2 Certificate(ECDsa key, int from = -30, int until = 30, byte serial = 1)
    {
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);

        return request.Create(request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), The.Now.AddDays(from), The.Now.AddDays(until), [1, serial]);
    }

    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";

    private static DateTimeOffset Whole(DateTimeOffset at) => DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds());

    private static IReadOnlyList<CertificateKey> Read(string pem)
    {
        var keys = CertificateKey.Read(pem, out var fault);
        Assert.True(keys is not null, fault);
        Assert.Equal("", fault);

        return keys;
    }

    private static void Refused(string pem, string says)
    {
        Assert.Null(CertificateKey.Read(pem, out var fault));
        Assert.Contains(says, fault);
    }

    // The signature is not looked at when a key is selected.
    private static CompactJws Jws(string alg, string? kid = null)
    {
        var header = kid is null ? $$"""{"alg":"{{alg}}"}""" : $$"""{"alg":"{{alg}}","kid":"{{kid}}"}""";

        return CompactJws.Parse(Some.SignedJwt(The.EcKey, header, "{}"), out _)!;
    }

    private static VerificationKey? Selected(CompactJws jws, IReadOnlyList<CertificateKey> keys, DateTimeOffset? now = null)
    {
        var key = CertificateKey.Select(jws, keys, now ?? The.Now, out var failed);
        Assert.Null(failed);

        return key;
    }

    private static FailedCheck NotSelected(CompactJws jws, IReadOnlyList<CertificateKey> keys, DateTimeOffset? now = null)
    {
        Assert.Null(CertificateKey.Select(jws, keys, now ?? The.Now, out var failed));
        Assert.NotNull(failed);
        Assert.All([failed.Detail, failed.Hint], Assert.NotEmpty!);

        return failed;
    }
}

using System.Security.Cryptography;

namespace Countersign.OAuth.Tests;

/// <summary>Proofs of possession (RFC 9449), alone.</summary>
public sealed class DpopProofTests
{
    private static readonly Uri s_url = new("https://as.example.com/oauth2/token");

    private static readonly long s_now = The.Now.ToUnixTimeSeconds();

    [Fact]
    [Trait("R", "133")]
    [Trait("R", "135")]
    public void A_good_proof_is_read_and_fits()
    {
        var proof = DpopProof.Read(Some.Utf8(Proof().Signed()), out var failed);

        Assert.Null(failed);
        Assert.Equal((The.EcKey.Thumbprint, "an-id", (string?)null), (proof!.Thumbprint, proof.Id, proof.Nonce));
        Assert.Null(proof.Check("POST", s_url, The.Now, withNonce: false));
        Assert.Equal("dpop-method", proof.Check("GET", s_url, The.Now, withNonce: false)!.Check);
        Assert.False(proof.IsFor("a-token"u8));
    }

    [Theory]
    [Trait("R", "137")]
    [InlineData("RS256")]
    [InlineData("PS384")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    public void Any_key_of_the_table_proves(string alg)
    {
        using var key = SigningKey.Create(SigningAlgorithm.ByName(alg)!);

        Assert.Equal(key.Thumbprint, DpopProof.Read(Some.Utf8(Proof(key).Signed()), out _)!.Thumbprint);
    }

    [Theory]
    [Trait("R", "133")]
    [Trait("R", "137")]
    [Trait("R", "139")]
    [InlineData("typ", "\"JWT\"", "dpop-type")]
    [InlineData("typ", "\"DPOP+JWT\"", "dpop-type")]
    [InlineData("typ", "\"application/dpop+jwt\"", "dpop-type")]
    [InlineData("alg", "\"none\"", "dpop-form")]
    [InlineData("alg", "\"HS256\"", "dpop-form")]
    [InlineData("crit", "[\"x\"]", "dpop-form")]
    [InlineData("jwk", "{}", "dpop-key")]
    [InlineData("jwk", "\"text\"", "dpop-key")]
    [InlineData("jwk", "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}", "dpop-key")]
    [InlineData("kid", "\"anything\"", null)]
    [InlineData("more", "[1,2]", null)]
    public void The_header_is_exact(string member, string json, string? check)
    {
        var draft = Proof();
        Draft.Set(draft.Header, member, json);

        DpopProof.Read(Some.Utf8(draft.Signed()), out var failed);

        Assert.Equal(check, failed?.Check);
    }

    [Fact]
    [Trait("R", "137")]
    public void The_key_is_public_small_and_the_one_that_signed()
    {
        using var other = SigningKey.Create(SigningAlgorithm.ByName("ES256")!);
        using var p384 = SigningKey.Create(SigningAlgorithm.ByName("ES384")!);

        Assert.Equal("dpop-signature", Refused(d => Draft.Set(d.Header, "jwk", Some.Text(other.PublicJwk))));
        Assert.Equal("dpop-key", Refused(d => Draft.Set(d.Header, "jwk", Some.Text(p384.PublicJwk))));
        Assert.Equal("dpop-key", Refused(d => d.Header.RemoveAll(m => m.Name == "jwk")));
        Assert.Equal("dpop-key", Refused(d => Draft.Set(d.Header, "jwk", Some.Text(The.EcKey.PublicJwk)[..^1] + ",\"d\":\"AAAA\"}")));
        Assert.Equal("dpop-key", Refused(d => Draft.Set(d.Header, "jwk", Some.Text(The.EcKey.PublicJwk)[..^1] + $",\"x\":\"{new string('a', 3000)}\"}}".Replace("\"x\"", "\"y2\"", StringComparison.Ordinal))));
        Assert.Equal("dpop-form", Refused(d => Draft.Set(d.Claims, "more", $"\"{new string('a', 9000)}\"")));
        Assert.Equal("dpop-signature", Refused(d => d.Signature = s => [.. s[..^1], (byte)(s[^1] ^ 1)]));
    }

    [Theory]
    [Trait("R", "134")]
    [Trait("R", "139")]
    [InlineData("jti", null)]
    [InlineData("jti", "1")]
    [InlineData("jti", "\"\"")]
    [InlineData("htm", null)]
    [InlineData("htm", "[\"POST\"]")]
    [InlineData("htu", null)]
    [InlineData("htu", "null")]
    [InlineData("iat", null)]
    [InlineData("iat", "\"1\"")]
    [InlineData("ath", "1")]
    [InlineData("nonce", "{}")]
    public void A_claim_that_is_missing_or_of_another_type_is_refused(string claim, string? json) => Assert.Equal("dpop-claims", Refused(d =>
    {
        d.Claims.RemoveAll(c => c.Name == claim);

        if (json is not null)
        {
            d.Claims.Add((claim, json));
        }
    }));

    [Theory]
    [Trait("R", "135")]
    [InlineData("https://as.example.com/oauth2/token", true)]
    [InlineData("HTTPS://AS.Example.COM:443/oauth2/token", true)]
    [InlineData("https://as.example.com/oauth2/token?a=b#c", true)]
    [InlineData("https://as.example.com/oauth2/token/", false)]
    [InlineData("https://as.example.com/oauth2/Token", false)]
    [InlineData("https://as.example.com/oauth2/x/../token", false)]
    [InlineData("https://as.example.com/oauth2/%74oken", false)]
    [InlineData("https://as.example.com/oauth2/introspect", false)]
    [InlineData("http://as.example.com/oauth2/token", false)]
    [InlineData("https://as.example.com:8443/oauth2/token", false)]
    [InlineData("https://as.example.com.evil.example/oauth2/token", false)]
    [InlineData("https://user@as.example.com/oauth2/token", false)]
    [InlineData("/oauth2/token", false)]
    [InlineData("", false)]
    public void The_URL_is_that_of_the_endpoint(string url, bool fits)
    {
        var draft = Proof();
        Draft.Set(draft.Claims, "htu", $"\"{url}\"");

        Assert.Equal(fits ? null : "dpop-url", DpopProof.Read(Some.Utf8(draft.Signed()), out _)!.Check("POST", s_url, The.Now, withNonce: false)?.Check);
    }

    [Theory]
    [Trait("R", "136")]
    [Trait("R", "139")]
    [InlineData("iat", -60, false, true)]
    [InlineData("iat", -61, false, false)]
    [InlineData("iat", -61, true, false)]
    [InlineData("iat", -3600, true, false)]
    [InlineData("iat", 10, false, true)]
    [InlineData("iat", 11, false, false)]
    [InlineData("iat", 60, true, true)]
    [InlineData("iat", 61, true, false)]
    [InlineData("iat", 3600, true, false)]
    [InlineData("exp", 1, false, true)]
    [InlineData("exp", 0, false, false)]
    [InlineData("nbf", 0, false, true)]
    [InlineData("nbf", 11, false, false)]
    public void The_times_are_near(string claim, int offset, bool withNonce, bool fits)
    {
        var draft = Proof();
        Draft.Set(draft.Claims, claim, $"{s_now + offset}");

        Assert.Equal(fits ? null : "dpop-time", DpopProof.Read(Some.Utf8(draft.Signed()), out _)!.Check("POST", s_url, The.Now, withNonce)?.Check);
    }

    [Fact]
    [Trait("R", "143")]
    public void Only_the_hash_of_the_token_is_for_it()
    {
        var draft = Proof();
        Draft.Set(draft.Claims, "ath", $"\"{StrictBase64Url.Encode(SHA256.HashData("a-token"u8))}\"");
        var proof = DpopProof.Read(Some.Utf8(draft.Signed()), out _)!;

        Assert.True(proof.IsFor("a-token"u8));
        Assert.False(proof.IsFor("b-token"u8));
    }

    [Fact]
    [Trait("R", "141")]
    public void A_bound_token_says_so_in_both_formats()
    {
        using var sealing = Some.SealingKey();
        var token = Some.Token(thumbprint: The.EcKey.Thumbprint);
        var exchanged = Some.Token(act: new Actor("a", null, null), via: [new TokenOrigin(The.Account, The.Credential, null)], thumbprint: The.EcKey.Thumbprint);

        Assert.Contains($",\"cnf\":{{\"jkt\":\"{The.EcKey.Thumbprint}\"}}}}", Some.Text(System.Buffers.Text.Base64Url.DecodeFromUtf8(Some.Jwt(token).AsSpan()[(Some.Jwt(token).AsSpan().IndexOf((byte)'.') + 1)..Some.Jwt(token).AsSpan().LastIndexOf((byte)'.')])), StringComparison.Ordinal);

        foreach (var each in new[] { token, exchanged })
        {
            var text = Some.Sealed(sealing, each);
            Outcome.Same(each, sealing.Open(text));
            Assert.Equal(SealingKey.MaxLength(each), text.Length);
            Outcome.Same(each, JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, Some.Jwt(each)));
        }

        Assert.Throws<ArgumentException>(() => Some.Token(thumbprint: "short"));
    }

    private static Draft Proof(SigningKey? key = null) => new()
    {
        Key = key ?? The.EcKey,
        Header = [("typ", "\"dpop+jwt\""), ("alg", $"\"{(key ?? The.EcKey).Algorithm}\""), ("jwk", Some.Text((key ?? The.EcKey).PublicJwk))],
        Claims = [("jti", "\"an-id\""), ("htm", "\"POST\""), ("htu", $"\"{s_url}\""), ("iat", $"{s_now}")],
    };

    private static string? Refused(Action<Draft> change)
    {
        var draft = Proof();
        change(draft);

        return DpopProof.Read(Some.Utf8(draft.Signed()), out var failed) is null ? failed!.Check : null;
    }
}

using System.Text.Json;

namespace Countersign.OAuth.Tests.Vectors;

/// <summary>The examples of RFC 7520, with those of RFC 7797 and RFC 8037.</summary>
public sealed class CookbookTests
{
    [Theory]
    [InlineData("4_1.rsa_v15_signature", "RS256")]
    [InlineData("4_2.rsa-pss_signature", "PS384")]
    [InlineData("4_3.ecdsa_signature", "ES512")]
    [Trait("R", "95")]
    public void A_signed_example_verifies(string name, string alg)
    {
        var example = VectorFile.Read($"jose-cookbook/jws/{name}.json");
        var compact = Some.Utf8(example.GetProperty("output").Text("compact"));
        var jwk = ByteVerifier.PublicOf(JsonSerializer.SerializeToElement(new { @private = example.GetProperty("input").GetProperty("key") }));
        var key = VerificationKey.FromJwk(Some.Utf8(jwk.GetRawText()), out var fault, SigningAlgorithm.ByName(alg[0] == 'E' ? "RS256" : alg));
        var jws = CompactJws.Parse(compact, out _)!;

        Assert.True(key is not null, fault);
        Assert.Equal(alg, jws.Algorithm.Name);
        Assert.Same(key, VerificationKeySet.Select(jws, [key], out _));
        Assert.True(key.Verify(jws.SigningInput.Span, jws.Signature.Span));
        Assert.Equal(example.GetProperty("input").Text("payload"), Some.Text(jws.Payload.Span));
        Assert.Equal(example.GetProperty("signing").Text("sig-input"), Some.Text(jws.SigningInput.Span));
    }

    [Theory]
    [InlineData("jws/4_4.hmac-sha2_integrity_protection", "assertion-algorithm")]
    [InlineData("jws/4_5.signature_with_detached_content", "assertion-form")]
    [InlineData("jws/4_6.protecting_specific_header_fields", "assertion-form")]
    [InlineData("jws/4_7.protecting_content_only", "assertion-form")]
    [InlineData("jws/4_8.multiple_signatures", "assertion-form")]
    [InlineData("rfc7797/4.2.hmac-sha2_b64_false", "assertion-form")]
    [InlineData("rfc7797/hmac-sha2_b64_false", "assertion-form")]
    [InlineData("curve25519/jws", "assertion-algorithm")]
    [Trait("R", "71")]
    [Trait("R", "76")]
    [Trait("R", "82")]
    [Trait("R", "95")]
    public void An_example_of_another_kind_is_refused(string name, string check) => Refused(name, check);

    [Theory]
    [InlineData("5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2")]
    [InlineData("5_2.key_encryption_using_rsa-oaep_with_aes-gcm")]
    [InlineData("5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2")]
    [InlineData("5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm")]
    [InlineData("5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2")]
    [InlineData("5_6.direct_encryption_using_aes-gcm")]
    [InlineData("5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2")]
    [InlineData("5_8.key_wrap_using_aes-keywrap_with_aes-gcm")]
    [InlineData("5_9.compressed_content")]
    [InlineData("5_10.including_additional_authentication_data")]
    [InlineData("5_11.protecting_specific_header_fields")]
    [InlineData("5_12.protecting_content_only")]
    [InlineData("5_13.encrypting_to_multiple_recipients")]
    [Trait("R", "87")]
    public void An_encrypted_example_is_refused(string name) => Refused($"jwe/{name}", "assertion-form");

    // In every form that the example has.
    private static void Refused(string name, string compactCheck)
    {
        foreach (var form in VectorFile.Read($"jose-cookbook/{name}.json").GetProperty("output").EnumerateObject())
        {
            var isText = form.Value.ValueKind == JsonValueKind.String;
            Assert.Null(CompactJws.Parse(Some.Utf8(isText ? form.Value.GetString()! : form.Value.GetRawText()), out var failed));
            Assert.Equal(isText ? compactCheck : "assertion-form", failed!.Check);
        }
    }
}

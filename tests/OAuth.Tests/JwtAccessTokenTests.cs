using System.Text.Json;

namespace Countersign.OAuth.Tests;

public sealed class JwtAccessTokenTests
{
    public static TheoryData<string> Algorithms => [.. SigningAlgorithm.All.Select(algorithm => algorithm.Name)];

    [Theory]
    [Trait("R", "122")]
    [MemberData(nameof(Algorithms))]
    public void A_token_has_the_header_and_claims_of_RFC_9068(string alg)
    {
        using var key = SigningKey.Create(SigningAlgorithm.ByName(alg)!);
        var token = Some.Token();
        var parts = Some.Text(Some.Jwt(token, key)).Split('.');

        Assert.Equal($$"""{"typ":"at+jwt","alg":"{{alg}}","kid":"{{key.Kid}}"}""", Decoded(parts[0]));
        Assert.Equal(
            $$"""
            {"iss":"{{The.Issuer}}","sub":"{{The.Account}}","aud":"urn:countersign:demo","client_id":"reporting-job",
            "cred":"{{The.Credential}}","jti":"{{token.Id}}","iat":{{token.IssuedAt}},"exp":{{token.ExpiresAt}},"scope":"read write"}
            """.ReplaceLineEndings(""),
            Decoded(parts[1]));
        Assert.True(Independent.Verify(key.PublicJwk, Some.Utf8($"{parts[0]}.{parts[1]}"), StrictBase64Url.Decode(parts[2])!));
        Outcome.Same(token, JwtAccessToken.Read(key, The.Issuer, The.Tenant, Some.Jwt(token, key)));
    }

    [Fact]
    [Trait("R", "122")]
    public void Several_audiences_are_an_array_and_no_scope_is_no_claim()
    {
        var token = Some.Token(scope: "", audience: ["https://a.example", "urn:b:c"]);
        var jwt = Some.Jwt(token);
        var claims = JsonDocument.Parse(Decoded(Some.Text(jwt).Split('.')[1])).RootElement;

        Assert.Equal("""["https://a.example","urn:b:c"]""", claims.GetProperty("aud").GetRawText());
        Assert.False(claims.TryGetProperty("scope", out _));
        Outcome.Same(token, JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, jwt));
    }

    [Fact]
    [Trait("R", "123")]
    public void A_token_without_audience_cannot_be_made() => Assert.Throws<ArgumentException>(() => Some.Token(audience: []));

    [Fact]
    [Trait("R", "122")]
    public void Any_text_is_escaped_as_JSON_asks() => Property.Holds(
        Property.TextOf("a", " ", "\"", "\\", "/", "<", "ä", "€", "😀", "\0", "\n", "\u001f", "\u007f", "\u2028", "plain text"),
        text =>
        {
            var token = Some.Token(scope: text + "s", clientId: text + "c", audience: ["a" + text]);
            var jwt = Some.Jwt(token, issuer: text);
            var claims = JsonDocument.Parse(Decoded(Some.Text(jwt).Split('.')[1])).RootElement;
            var read = JwtAccessToken.Read(The.EcKey, text, The.Tenant, jwt)!;

            return claims.GetProperty("iss").GetString() == text
                && claims.GetProperty("scope").GetString() == text + "s"
                && (read.Scope, read.ClientId, read.Audience[0]) == (text + "s", text + "c", "a" + text);
        });

    [Fact]
    public void Every_control_character_is_escaped()
    {
        var text = new string([.. Enumerable.Range(0, 0x20).Select(c => (char)c)]);
        var claims = JsonDocument.Parse(Decoded(Some.Text(Some.Jwt(Some.Token(clientId: text))).Split('.')[1])).RootElement;

        Assert.Equal(text, claims.GetProperty("client_id").GetString());
    }

    [Fact]
    [Trait("R", "131")]
    public void Fifty_scopes_fit_in_4_KiB()
    {
        var token = Some.Token(scope: string.Join(' ', Enumerable.Range(0, 50).Select(i => $"example.resource-with-a-long-name.{i:D2}")));

        Assert.InRange(Some.Jwt(token).Length, 1, 4096);
        Outcome.Same(token, JwtAccessToken.Read(The.EcKey, The.Issuer, The.Tenant, Some.Jwt(token)));
    }

    [Fact]
    public void The_kid_is_read_before_anything_is_verified()
    {
        Assert.True(JwtAccessToken.TryReadKid(Some.Jwt(Some.Token()), out var kid));
        Assert.Equal(The.EcKey.Kid, kid);

        using var stored = SigningKey.Import(The.EcKey.Algorithm, "kid \"ä\"", The.EcKey.ExportPkcs8());
        Assert.True(JwtAccessToken.TryReadKid(Some.Jwt(Some.Token(), stored), out kid));
        Assert.Equal("kid \"ä\"", kid);
    }

    [Fact]
    public void Writing_allocates_only_what_the_platform_signs_with()
    {
        var token = Some.Token();
        var buffer = new byte[JwtAccessToken.MaxLength(The.EcKey, The.Issuer, token)];
        var signature = new byte[64];
        using var key = SigningKey.Create(SigningAlgorithm.ByName("ES256")!);

        Assert.Equal(
            Some.AllocatedBy(() => key.Sign(buffer, signature)),
            Some.AllocatedBy(() => JwtAccessToken.Write(key, The.Issuer, token, buffer)));
        Assert.InRange(Some.AllocatedBy(() => JwtAccessToken.Write(key, The.Issuer, token, buffer)), 0, 256);
    }

    private static string Decoded(string part) => Some.Text(StrictBase64Url.Decode(part));
}

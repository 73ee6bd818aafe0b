using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Countersign.Compatibility.Tests;

/// <summary>Our JWTs, checked by independent verifiers against the published keys: npm's jose and Microsoft.IdentityModel.</summary>
public sealed class JwtTests(CountersignDev countersign)
{
    private readonly DevFile _dev = countersign.Dev;

    [Theory, InlineData("ES256"), InlineData("RS256")]
    [Trait("R", "122")]
    public async Task Jose_accepts_a_token(string alg)
    {
        using var admin = new AdminApi(_dev);
        var client = await admin.AccountAsync(new { format = "jwt", alg });
        var token = await admin.TokenAsync(client, ("scope", "read"), ("resource", _dev.Api.Identifier));

        var verified = await JoseAsync(token, _dev.Api.Identifier);

        Assert.Equal(alg, verified.GetProperty("header").Text("alg"));
        Assert.Equal("at+jwt", verified.GetProperty("header").Text("typ"));
        var payload = verified.GetProperty("payload");
        Assert.Equal(client.Id, payload.Text("sub"));
        Assert.Equal(client.ClientId, payload.Text("client_id"));
        Assert.Equal("read", payload.Text("scope"));
    }

    [Fact]
    public async Task Jose_refuses_a_token_for_another_audience()
    {
        using var admin = new AdminApi(_dev);
        var token = await admin.TokenAsync(_dev.ServiceAccount, ("resource", _dev.Api.Identifier));

        var refused = await JoseAsync(token, "urn:another:api");

        Assert.Equal("ERR_JWT_CLAIM_VALIDATION_FAILED", refused.Text("code"));
        Assert.Equal("aud", refused.Text("claim"));
    }

    [Theory]
    [InlineData("ES256", "openid-configuration")]
    [InlineData("RS256", "openid-configuration")]
    [InlineData("ES256", "oauth-authorization-server")]
    [Trait("R", "122")]
    [Trait("R", "164")]
    public async Task Microsoft_IdentityModel_discovers_the_keys_and_accepts_a_token(string alg, string document)
    {
        using var admin = new AdminApi(_dev);
        var client = await admin.AccountAsync(new { format = "jwt", alg });
        var token = await admin.TokenAsync(client, ("scope", "read"), ("resource", _dev.Api.Identifier));

        var result = await MicrosoftAsync(token, _dev.Api.Identifier, document);

        Assert.True(result.IsValid, result.Exception?.Message);
        var jwt = Assert.IsType<JsonWebToken>(result.SecurityToken);
        Assert.Equal(alg, jwt.Alg);
        Assert.Equal(client.Id, jwt.Subject);
        Assert.Equal(client.ClientId, jwt.GetClaim("client_id").Value);
        Assert.Equal("read", jwt.GetClaim("scope").Value);
    }

    [Fact]
    public async Task Microsoft_IdentityModel_refuses_another_audience_and_a_changed_token()
    {
        using var admin = new AdminApi(_dev);
        var token = await admin.TokenAsync(_dev.ServiceAccount, ("resource", _dev.Api.Identifier));
        var parts = token.Split('.');
        var claims = Base64UrlEncoder.Decode(parts[1]).Replace("read", "root", StringComparison.Ordinal);
        var changed = $"{parts[0]}.{Base64UrlEncoder.Encode(claims)}.{parts[2]}";

        var elsewhere = await MicrosoftAsync(token, "urn:another:api");
        var forged = await MicrosoftAsync(changed, _dev.Api.Identifier);

        Assert.IsType<SecurityTokenInvalidAudienceException>(elsewhere.Exception);
        Assert.IsType<SecurityTokenInvalidSignatureException>(forged.Exception);
    }

    private Task<JsonElement> JoseAsync(string token, string audience) =>
        ClientProgram.ScriptAsync("jose", "verify", ("ISSUER", _dev.Issuer), ("AUDIENCE", audience), ("TOKEN", token));

    private Task<TokenValidationResult> MicrosoftAsync(string token, string audience, string document = "openid-configuration")
    {
        var discovery = new ConfigurationManager<OpenIdConnectConfiguration>(
            $"{_dev.Issuer}/.well-known/{document}",
            new OpenIdConnectConfigurationRetriever(),
            new HttpDocumentRetriever { RequireHttps = false });

        // The issuer to trust and the keys both come from discovery, as in an ASP.NET Core API.
        return new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ConfigurationManager = discovery,
            ValidAudience = audience,
            ValidTypes = ["at+jwt"],
        });
    }
}

using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>
/// Clients that sign with keys of their own, each in its library's way. openid-client and oauth4webapi name the issuer as audience by themselves;
/// jose and curl say what they are told. Authlib names the token endpoint and signs for an hour, unless it is told otherwise.
/// </summary>
public sealed class AssertionTests(CountersignDev countersign)
{
    private const string JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    private static readonly string[] s_algorithms = ["RS256", "PS256", "ES256", "ES384"];

    private readonly DevFile _dev = countersign.Dev;

    public static TheoryData<string> Algorithms { get; } = [.. s_algorithms];

    public static MatrixTheoryData<string, string> LibrariesAndAlgorithms { get; } = new(["openid-client", "oauth4webapi", "authlib"], s_algorithms);

    [Theory, MemberData(nameof(LibrariesAndAlgorithms))]
    [Trait("R", "52")]
    public async Task A_token_is_obtained_introspected_revoked_and_inactive_by_private_key_jwt(string library, string alg)
    {
        using var admin = new AdminApi(_dev);
        var key = ClientKey.New(alg);
        var (client, _) = await admin.SignerAsync(new { jwk = key.Jwk });

        var life = await ClientProgram.ScriptAsync(
            library, "life", Environment(client, key, ("SCOPE", "read write"), ("RESOURCE", _dev.Api.Identifier)));

        Answers.ShowAWholeLife(life, _dev, client);
    }

    [Fact]
    [Trait("R", "53")]
    public async Task Authlib_as_it_comes_needs_the_token_endpoint_as_audience_and_an_hour()
    {
        // A server of its own, because how far ahead an assertion may expire is a setting of the tenant.
        await using var lenient = new CountersignDev();
        await lenient.InitializeAsync();
        using var admin = new AdminApi(lenient.Dev);

        foreach (var alg in s_algorithms)
        {
            var key = ClientKey.New(alg);
            var (client, _) = await admin.SignerAsync(new { jwk = key.Jwk }, new { audience = "issuer-or-token-endpoint" });
            var environment = Environment(client, key, ("ISSUER", lenient.Dev.Issuer), ("SCOPE", "read write"), ("AUDIENCE", "token-endpoint"));

            await admin.SetTenantAsync(new { assertion_max_age_seconds = 600 });
            Answers.ShowARefusal(await ClientProgram.ScriptAsync("authlib", "ask", environment), "invalid_client");

            await admin.SetTenantAsync(new { assertion_max_age_seconds = 3600 });
            Answers.ShowAWholeLife(await ClientProgram.ScriptAsync("authlib", "life", environment), lenient.Dev, client);
        }
    }

    [Theory, MemberData(nameof(Algorithms))]
    public async Task Jose_signs_what_authenticates_the_client(string alg)
    {
        using var admin = new AdminApi(_dev);
        var key = ClientKey.New(alg);
        var (client, _) = await admin.SignerAsync(new { jwk = key.Jwk });

        var answer = await ClientProgram.ScriptAsync("jose", "assertion", Environment(client, key, ("SCOPE", "read")));

        Assert.Equal("read", answer.GetProperty("token").Text("scope"));
    }

    [Theory, MemberData(nameof(Algorithms))]
    public async Task Jose_signs_what_is_exchanged_for_a_token(string alg)
    {
        using var admin = new AdminApi(_dev);
        var key = ClientKey.New(alg);
        var (client, _) = await admin.SignerAsync(new { jwk = key.Jwk });

        var answer = await ClientProgram.ScriptAsync("jose", "assertion", Environment(client, key, ("SCOPE", "read"), ("GRANT", JwtBearer)));

        Assert.Equal("read", answer.GetProperty("token").Text("scope"));
    }

    [Theory, MemberData(nameof(Algorithms))]
    public async Task Authlibs_assertion_session_gets_a_token_where_no_jti_is_required(string alg)
    {
        using var admin = new AdminApi(_dev);
        var key = ClientKey.New(alg);
        var (client, _) = await admin.SignerAsync(new { jwk = key.Jwk }, new { require_jti = false });

        var answer = await ClientProgram.ScriptAsync("authlib", "bearer", Environment(client, key, ("SCOPE", "read")));

        Assert.Equal("read", answer.GetProperty("token").Text("scope"));
    }

    [Theory]
    [InlineData("openid-client")]
    [InlineData("oauth4webapi")]
    [InlineData("authlib")]
    [Trait("R", "37")]
    public async Task A_signature_by_another_key_is_reported_as_invalid_client(string library)
    {
        using var admin = new AdminApi(_dev);
        var key = ClientKey.New("ES256");
        var (client, _) = await admin.SignerAsync(new { jwk = key.Jwk });
        var impostor = ClientKey.New("ES256") with { Kid = key.Kid };

        var refusal = await ClientProgram.ScriptAsync(library, "ask", Environment(client, impostor, ("SCOPE", "read")));

        Answers.ShowARefusal(refusal, "invalid_client");
    }

    [Theory]
    [InlineData("RS256", """{"kty":"RSA","size":2048}""")]
    [InlineData("ES256", """{"kty":"EC","crv":"P-256"}""")]
    public async Task A_key_file_that_the_server_has_made_holds_all_that_a_client_needs(string alg, string generate)
    {
        using var admin = new AdminApi(_dev);
        var (_, key) = await admin.SignerAsync(new { generate = JsonSerializer.Deserialize<JsonElement>(generate) });
        var file = Path.Combine(Directory.CreateTempSubdirectory("countersign-key-").FullName, "key.json");
        await File.WriteAllTextAsync(file, key.GetProperty("key_file").GetRawText(), TestContext.Current.CancellationToken);

        var answer = await ClientProgram.ScriptAsync("jose", "assertion", ("KEY_FILE", file), ("ALG", alg), ("SCOPE", "read"));

        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        Assert.Equal("read", answer.GetProperty("token").Text("scope"));
    }

    private (string, string?)[] Environment(Client client, ClientKey key, params (string, string?)[] more) =>
        [("ISSUER", _dev.Issuer), ("CLIENT_ID", client.ClientId), .. key.Environment, .. more];
}

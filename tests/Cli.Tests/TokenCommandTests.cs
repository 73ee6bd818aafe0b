using System.Text;
using Countersign.OAuth;

namespace Countersign.Cli.Tests;

public sealed class TokenCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SigningKey _key = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "k-1");

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_secret_from_standard_input_or_a_file_gets_a_token()
    {
        await using var server = new StubServer();
        string[] args = ["token", "--issuer", server.Issuer, "--client-id", "ci", "--scope", "read", "--scope", "write", "--resource", "urn:a"];

        var typed = await Ran.WithAsync([], "a secret\n", args);
        var filed = await Ran.WithAsync([], "", [.. args, "--header", "--secret-file", _folder.Write("secret", "a secret")]);

        Assert.Equal((0, "the-token\n", ""), (typed.Code, typed.Out, typed.Error));
        Assert.Equal("Authorization: Bearer the-token\n", filed.Out);
        var asked = server.Requests.Last();
        Assert.Equal("ci:a%20secret", Encoding.UTF8.GetString(Convert.FromBase64String(asked.Authorization!["Basic ".Length..])));
        Assert.Equal("grant_type=client_credentials&scope=read+write&resource=urn%3Aa", asked.Body);
    }

    [Theory]
    [InlineData("pem")]
    [InlineData("jwk")]
    [InlineData("key-file")]
    public async Task A_key_signs_in_place_of_a_secret(string form)
    {
        await using var server = new StubServer();
        var file = new KeyFile { KeyId = "k-1", Key = PrivateKeyText.TraditionalPem(_key), ClientId = "ci", Issuer = server.Issuer };
        string[] args = form switch
        {
            "pem" => ["--key", _folder.Write("k", PrivateKeyText.Pem(_key)), "--kid", "k-1", "--client-id", "ci", "--issuer", server.Issuer],
            "jwk" => ["--key", _folder.Write("k", PrivateKeyText.Jwk(_key)), "--client-id", "ci", "--issuer", server.Issuer],
            _ => ["--key", _folder.Write("k", file.ToJson())],
        };

        var ran = await Ran.WithAsync([], "", ["token", .. args]);

        Assert.Equal((0, "the-token\n", ""), (ran.Code, ran.Out, ran.Error));
        var (form1, jws) = Sent(server, "client_assertion");
        Assert.Equal("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", form1["client_assertion_type"]);
        Assert.Null(server.Requests.Last().Authorization);
        AssertSigned(jws, server.Issuer);
    }

    [Fact]
    public async Task The_assertion_is_the_grant_itself_when_that_is_asked_for()
    {
        await using var server = new StubServer();
        var key = _folder.Write("k", PrivateKeyText.Jwk(_key));

        var ran = await Ran.WithAsync(
            [], "", "token", "--issuer", server.Issuer, "--client-id", "ci", "--key", key, "--grant", "jwt-bearer", "--scope", "read");

        Assert.Equal((0, "the-token\n"), (ran.Code, ran.Out));
        var (form, jws) = Sent(server, "assertion");
        Assert.Equal(("urn:ietf:params:oauth:grant-type:jwt-bearer", "read"), (form["grant_type"], form["scope"]));
        Assert.False(form.ContainsKey("client_assertion"));
        AssertSigned(jws, server.Issuer);
    }

    [Theory]
    [InlineData("", "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b.c")]
    [InlineData(
        "--assertion-type jwt-spiffe --client-id ci",
        "grant_type=client_credentials&client_id=ci&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-spiffe&client_assertion=a.b.c")]
    [InlineData("--grant jwt-bearer --scope read", "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&scope=read&assertion=a.b.c")]
    public async Task A_JWT_of_another_issuer_says_who_the_client_is(string options, string form)
    {
        await using var server = new StubServer();
        string[] args = ["token", "--issuer", server.Issuer, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

        var piped = await Ran.WithAsync([], "a.b.c\n", [.. args, "--jwt", "-"]);
        var filed = await Ran.WithAsync([], "", [.. args, "--jwt", _folder.Write("jwt", "a.b.c")]);

        Assert.Equal((0, "the-token\n", ""), (piped.Code, piped.Out, piped.Error));
        Assert.Equal((0, "the-token\n", ""), (filed.Code, filed.Out, filed.Error));
        Assert.Equal([form, form], server.Requests.Where(seen => seen.Method == "POST").Select(seen => seen.Body));
        Assert.Null(server.Requests.Last().Authorization);
    }

    [Fact]
    public async Task A_token_URL_needs_no_metadata_and_is_the_audience_unless_another_is_given()
    {
        await using var server = new StubServer();
        var key = _folder.Write("k", PrivateKeyText.Jwk(_key));
        string[] args = ["token", "--token-url", server.Issuer + "/oauth2/token", "--client-id", "ci", "--key", key];

        await Ran.WithAsync([], "", args);
        AssertSigned(Sent(server, "client_assertion").Jws, server.Issuer + "/oauth2/token");
        await Ran.WithAsync([], "", [.. args, "--aud", "urn:other"]);
        AssertSigned(Sent(server, "client_assertion").Jws, "urn:other");
        Assert.All(server.Requests, seen => Assert.Equal("POST", seen.Method));
    }

    [Fact]
    public async Task Metadata_of_OpenID_Connect_will_do()
    {
        await using var server = new StubServer();
        server.On("GET /.well-known/oauth-authorization-server", "no", 404);
        server.On("GET /.well-known/openid-configuration", $$"""{"issuer":"{{server.Issuer}}","token_endpoint":"{{server.Issuer}}/t"}""");
        server.On("POST /t", """{"access_token":"from-there","token_type":"bearer"}""");

        var ran = await Ran.WithAsync([], "s\n", "token", "--issuer", server.Issuer, "--client-id", "ci");

        Assert.Equal((0, "from-there\n"), (ran.Code, ran.Out));
    }

    [Fact]
    public async Task An_issuer_with_a_path_is_looked_for_in_both_places()
    {
        await using var server = new StubServer();
        var issuer = server.Issuer + "/tenants/a";
        server.On("GET /.well-known/oauth-authorization-server/tenants/a", $$"""{"issuer":"{{issuer}}","token_endpoint":"{{server.Issuer}}/oauth2/token"}""");

        Assert.Equal(0, (await Ran.WithAsync([], "s\n", "token", "--issuer", issuer, "--client-id", "ci")).Code);

        server.On("GET /.well-known/oauth-authorization-server/tenants/a", "", 404);
        server.On("GET /tenants/a/.well-known/openid-configuration", $$"""{"issuer":"{{issuer}}","token_endpoint":"{{server.Issuer}}/oauth2/token"}""");
        Assert.Equal(0, (await Ran.WithAsync([], "s\n", "token", "--issuer", issuer, "--client-id", "ci")).Code);
    }

    [Fact]
    public async Task A_server_that_calls_itself_something_else_gets_nothing()
    {
        await using var server = new StubServer();
        server.On("GET /.well-known/oauth-authorization-server", $$"""{"issuer":"https://other.example","token_endpoint":"{{server.Issuer}}/oauth2/token"}""");

        var ran = await Ran.WithAsync([], "canary\n", "token", "--issuer", server.Issuer, "--client-id", "ci");

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Single(server.Requests);
        Assert.DoesNotContain("canary", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--issuer", "http://auth.example.com", "--client-id", "ci")]
    [InlineData("--token-url", "http://auth.example.com/token", "--client-id", "ci")]
    [InlineData("--issuer", "https://auth.example.com")]
    [InlineData("--client-id", "ci")]
    [InlineData("--client-id", "ci", "--issuer", "https://auth.example.com", "--grant", "jwt-bearer")]
    [InlineData("--issuer", "https://auth.example.com", "--jwt", "-", "--secret-file", "s")]
    [InlineData("--issuer", "https://auth.example.com", "--client-id", "ci", "--assertion-type", "jwt-spiffe")]
    public async Task What_cannot_be_asked_for_safely_is_not_asked_for(params string[] args)
    {
        var ran = await Ran.WithAsync([], "canary\n", ["token", .. args]);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.DoesNotContain("canary", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_shows_error_and_description_and_neither_secret_nor_assertion()
    {
        await using var server = new StubServer();
        server.On("POST /oauth2/token", """{"error":"invalid_client","error_description":"client authentication failed"}""", 401);
        var key = _folder.Write("k", PrivateKeyText.Jwk(_key));

        var secret = await Ran.WithAsync([], "canary\n", "token", "--issuer", server.Issuer, "--client-id", "ci");
        var signed = await Ran.WithAsync([], "", "token", "--issuer", server.Issuer, "--client-id", "ci", "--key", key);

        foreach (var ran in (Ran[])[secret, signed])
        {
            Assert.Equal((4, ""), (ran.Code, ran.Out));
            Assert.Contains("invalid_client: client authentication failed", ran.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("canary", ran.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("eyJ", ran.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"access_token":"a\u001b[2Jb","token_type":"Bearer"}""")]
    [InlineData("""{"access_token":"a","token_type":"DPoP"}""")]
    [InlineData("""{"token_type":"Bearer"}""")]
    public async Task What_is_no_bearer_token_is_not_printed_as_one(string answer)
    {
        await using var server = new StubServer();
        server.On("POST /oauth2/token", answer);

        var ran = await Ran.WithAsync([], "s\n", "token", "--issuer", server.Issuer, "--client-id", "ci", "--header");

        Assert.Equal((1, ""), (ran.Code, ran.Out));
    }

    [Fact]
    public async Task The_whole_answer_is_printed_as_JSON()
    {
        await using var server = new StubServer();

        var ran = await Ran.WithAsync([], "s\n", "token", "--issuer", server.Issuer, "--client-id", "ci", "--json");

        Assert.Equal(3600, ran.Json.GetProperty("expires_in").GetInt32());
    }

    private static (Dictionary<string, string> Form, CompactJws Jws) Sent(StubServer server, string member)
    {
        var form = server.Requests.Last().Body.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));

        return (form, CompactJws.Parse(Encoding.ASCII.GetBytes(form[member]), out _)!);
    }

    private void AssertSigned(CompactJws jws, string audience)
    {
        Assert.True(_key.Verify(jws.SigningInput.Span, jws.Signature.Span));
        Assert.Equal("k-1", jws.Kid);
        var rules = new AssertionRules
        {
            Types = AssertionRules.ClientAuthentication,
            ClientId = "ci",
            Audiences = [audience],
            MaxAge = TimeSpan.FromMinutes(1),
            ClockSkew = TimeSpan.Zero,
        };
        Assert.Null(rules.Check(jws, JwtClaims.Read(jws, out _)!, Ran.Now, (_, _) => { }));
    }
}

using System.Text;
using System.Text.Json;
using Countersign.OAuth;

namespace Countersign.Cli.Tests;

public sealed class JwtTests : IDisposable
{
    private const string Issuer = "https://auth.example.com";

    private readonly TemporaryFolder _folder = new();
    private readonly SigningKey _key = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "k-1");
    private readonly string _private;
    private readonly string _public;

    public JwtTests()
    {
        _private = _folder.Write("private.jwk", PrivateKeyText.Jwk(_key));
        _public = _folder.Write("public.jwk", Encoding.UTF8.GetString(_key.PublicJwk));
    }

    /// <summary>What is signed wrongly, and words of what is said of it.</summary>
    public static TheoryData<string, string> Faults => new()
    {
        { "--claim exp:=1795521500", "it expired 100 s ago" },
        { "--claim exp:=1795525200", "exp is 3600 s ahead" },
        { "--claim iat:=1795521700", "iat is 100 s ahead" },
        { "--claim nbf:=1795521700", "nbf is 100 s ahead" },
        { "--claim exp:=\"soon\"", "the claim exp is not of its type" },
        { "--claim exp:=1e9", "the claim exp is not of its type" },
        { "--claim sub=other", "iss is not the client id" },
        { "--claim aud:=[\"https://auth.example.com\",\"https://other.example\"]", "aud names more than one server" },
        { "--no-jti", "jti is absent" },
        { "--claim jti=", "jti is empty" },
        { "--typ at+jwt", "the typ of the header is of another kind" },
    };

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_assertion_has_the_claims_that_a_server_asks_for()
    {
        var jwt = await SignAsync("--kid", "k-1");
        var jws = CompactJws.Parse(Encoding.ASCII.GetBytes(jwt), out _)!;
        var claims = JwtClaims.Read(jws, out _)!;

        Assert.Equal(("ES256", "k-1", "JWT"), (jws.Algorithm.Name, jws.Kid, jws.Type));
        Assert.True(_key.Verify(jws.SigningInput.Span, jws.Signature.Span));
        Assert.Equal(("ci", "ci"), (claims.Issuer, claims.Subject));
        Assert.Equal([Issuer], claims.Audience);
        Assert.Equal((Ran.Now.ToUnixTimeSeconds(), Ran.Now.ToUnixTimeSeconds() + 60), (claims.IssuedAt, claims.ExpiresAt));
        Assert.NotEqual(claims.Id, JwtClaims.Read(CompactJws.Parse(Encoding.ASCII.GetBytes(await SignAsync()), out _)!, out _)!.Id);
    }

    [Theory]
    [InlineData("ci", null, "ci")]
    [InlineData(null, "u-1", "u-1")]
    public async Task A_key_file_says_who_signs_and_for_whom(string? clientId, string? userId, string expected)
    {
        var file = new KeyFile { KeyId = "k-1", Key = PrivateKeyText.TraditionalPem(_key), ClientId = clientId, UserId = userId, Issuer = Issuer };

        var ran = await RunAsync("jwt", "sign", "--key", _folder.Write("key.json", file.ToJson()), "--json");

        Assert.Equal(0, ran.Code);
        Assert.Equal((expected, Issuer), (ran.Json.GetProperty("claims").GetProperty("iss").GetString(), ran.Json.GetProperty("claims").GetProperty("aud").GetString()));
    }

    [Fact]
    public async Task Claims_are_added_and_replaced()
    {
        var ran = await RunAsync(
            "jwt", "sign", "--key", _private, "--client-id", "ci", "--aud", Issuer, "--lifetime", "5m", "--no-kid", "--typ", "client-authentication+jwt",
            "--claim", "sub=7", "--claim", "n:=7", "--claim", "url=https://a.example/?a=b", "--json");
        var claims = ran.Json.GetProperty("claims");

        Assert.Equal(("7", 7), (claims.GetProperty("sub").GetString(), claims.GetProperty("n").GetInt32()));
        Assert.Equal("https://a.example/?a=b", claims.GetProperty("url").GetString());
        Assert.Equal(300, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
        var jws = CompactJws.Parse(Encoding.ASCII.GetBytes(ran.Json.GetProperty("jwt").GetString()!), out _)!;
        Assert.Equal((null, "client-authentication+jwt"), (jws.Kid, jws.Type));
    }

    [Theory]
    [InlineData("--client-id", "ci")]
    [InlineData("--aud", Issuer)]
    [InlineData("--client-id", "ci", "--aud", Issuer, "--claim", "nonsense")]
    [InlineData("--client-id", "ci", "--aud", Issuer, "--claim", "n:={")]
    [InlineData("--client-id", "ci", "--aud", Issuer, "--lifetime", "long")]
    public async Task What_is_missing_is_asked_for(params string[] args) =>
        Assert.Equal((2, ""), await RunAsync(["jwt", "sign", "--key", _private, .. args]) is var ran ? (ran.Code, ran.Out) : default);

    [Fact]
    public async Task A_public_key_signs_nothing()
    {
        var ran = await RunAsync("jwt", "sign", "--key", _public, "--client-id", "ci", "--aud", Issuer);

        Assert.Equal(2, ran.Code);
        Assert.Contains("holds a public key", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sound_assertion_is_told_claim_by_claim_without_its_signature()
    {
        var jwt = await SignAsync();

        var ran = await InspectAsync(jwt, "--keys", _public);

        Assert.Equal(0, ran.Code);
        Assert.Contains("  iss  ci\n", ran.Out, StringComparison.Ordinal);
        Assert.Contains("  exp  2026-11-24T12:01:00Z, in 60 s\n", ran.Out, StringComparison.Ordinal);
        Assert.Contains("✓ signature\n", ran.Out, StringComparison.Ordinal);
        Assert.Contains("? assertion-audience  give --server", ran.Out, StringComparison.Ordinal);
        Assert.EndsWith("Nothing is wrong with it.\n", ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(jwt.Split('.')[2], ran.Out + ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Each_fault_is_said_in_the_words_of_the_server(string args, string words)
    {
        Assert.Equal(1795521600, Ran.Now.ToUnixTimeSeconds());

        var ran = await InspectAsync(await SignAsync(args.Split(' ')), "--keys", _public);

        Assert.Equal(1, ran.Code);
        Assert.Contains("✗ ", ran.Out, StringComparison.Ordinal);
        Assert.Contains(words, ran.Out, StringComparison.Ordinal);
        Assert.EndsWith("It would be refused.\n", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_are_said_at_once()
    {
        var ran = await InspectAsync(await SignAsync("--no-jti", "--typ", "at+jwt", "--claim", "exp:=1"), "--client-id", "other", "--json");

        var failed = ran.Json.GetProperty("checks").EnumerateArray()
            .Where(check => check.GetProperty("passed").ValueKind == JsonValueKind.False)
            .Select(check => check.GetProperty("check").GetString());
        Assert.Equal((1, false), (ran.Code, ran.Json.GetProperty("sound").GetBoolean()));
        Assert.Equal(["assertion-type", "assertion-issuer", "assertion-time", "assertion-id"], failed);
    }

    [Theory]
    [InlineData("eyJhbGciOiJub25lIn0.e30.AA", "not one that is taken")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.e30.AA", "HS256")]
    [InlineData("nonsense", "not three segments")]
    [InlineData("a.b.c.d.e", "encrypted")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30=.AA", "base64url")]
    [InlineData("eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYiJdfQ.e30.AA", "member that is not taken")]
    public async Task What_cannot_be_read_is_told_too(string jwt, string words)
    {
        var ran = await InspectAsync(jwt);

        Assert.Equal(1, ran.Code);
        Assert.Contains(words, ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_not_known_and_a_wrong_signature_are_told_apart()
    {
        using var other = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "k-1");
        var sameName = _folder.Write("other.jwk", Encoding.UTF8.GetString(other.PublicJwk));

        var unknown = await InspectAsync(await SignAsync("--kid", "k-2"), "--keys", _public);
        var wrong = await InspectAsync(await SignAsync(), "--keys", sameName);

        Assert.Contains("the kid is none of the known keys'", unknown.Out, StringComparison.Ordinal);
        Assert.Contains("the signature is not this key's", wrong.Out, StringComparison.Ordinal);
        Assert.Equal((1, 1), (unknown.Code, wrong.Code));
    }

    [Fact]
    public async Task The_audience_and_the_algorithm_are_compared_with_the_servers_metadata()
    {
        await using var server = new StubServer();
        server.On(
            "GET /.well-known/oauth-authorization-server",
            $$"""{"issuer":"{{server.Issuer}}","token_endpoint":"{{server.Issuer}}/t","token_endpoint_auth_signing_alg_values_supported":["RS256"]}""");

        var ran = await InspectAsync(await SignAsync("--aud", server.Issuer + "/oauth2/token"), "--server", server.Issuer);
        var good = await InspectAsync(await SignAsync("--aud", server.Issuer), "--server", server.Issuer, "--json");

        Assert.Equal(1, ran.Code);
        Assert.Contains("aud is not this server", ran.Out, StringComparison.Ordinal);
        Assert.Contains("issuer-or-token-endpoint", ran.Out, StringComparison.Ordinal);
        Assert.Contains("the server takes no such signature", ran.Out, StringComparison.Ordinal);
        var audience = good.Json.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("check").GetString() == "assertion-audience");
        Assert.True(audience.GetProperty("passed").GetBoolean());
    }

    [Theory]
    [InlineData("--no-jti", "--require-jti false")]
    [InlineData("--lifetime 1h", "--assertion-max-age 1h")]
    [InlineData("--claim exp:=1795521570", "--clock-skew 60s")]
    [InlineData("--aud SERVER/oauth2/token", "--assertion-audience issuer-or-token-endpoint")]
    public async Task What_account_and_tenant_are_set_to_can_be_told(string sign, string settings)
    {
        await using var server = new StubServer();
        string[] audience = sign.StartsWith("--aud", StringComparison.Ordinal) ? [] : ["--aud", server.Issuer];
        var jwt = await SignAsync([.. sign.Replace("SERVER", server.Issuer, StringComparison.Ordinal).Split(' '), .. audience]);

        Assert.Equal(1, (await InspectAsync(jwt, "--server", server.Issuer)).Code);
        Assert.Equal(0, (await InspectAsync(jwt, ["--server", server.Issuer, .. settings.Split(' ')])).Code);
    }

    [Fact]
    public async Task A_good_JWT_is_verified_and_its_claims_are_printed()
    {
        await using var server = new StubServer();
        server.On("GET /jwks", $$"""{"keys":[{{Encoding.UTF8.GetString(_key.PublicJwk)}}]}""");
        var file = _folder.Write("jwt", await SignAsync("--claim", "n:=1") + "\n");

        foreach (var keys in (string[])[_public, _private, server.Issuer + "/jwks"])
        {
            var ran = await RunAsync("jwt", "verify", "--keys", keys, "--aud", Issuer, "--iss", "ci", file);

            Assert.Equal((0, ""), (ran.Code, ran.Error));
            Assert.Equal(1, ran.Json.GetProperty("n").GetInt32());
        }
    }

    [Theory]
    [InlineData("--claim exp:=1795521500", "", "it expired 100 s ago")]
    [InlineData("--claim nbf:=1795521700", "", "not good for another 100 s")]
    [InlineData("--kid k-2", "", "the kid is none of the known keys'")]
    [InlineData("--no-jti", "--aud https://other.example", "it is for somebody else")]
    [InlineData("--no-jti", "--iss other", "it is from somebody else")]
    public async Task A_JWT_that_is_not_good_ends_with_1_and_prints_no_claims(string sign, string verify, string words)
    {
        var jwt = await SignAsync(sign.Split(' '));

        var ran = await Ran.WithAsync([], jwt, ["jwt", "verify", "--keys", _public, .. verify.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(jwt[^20..], ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_JWT_is_not_verified()
    {
        var parts = (await SignAsync()).Split('.');
        var changed = $"{parts[0]}.{StrictBase64Url.Encode("""{"iss":"root"}"""u8)}.{parts[2]}";

        var ran = await Ran.WithAsync([], changed, "jwt", "verify", "--keys", _public);

        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Contains("the signature is not this key's", ran.Error, StringComparison.Ordinal);
    }

    private static Task<Ran> RunAsync(params string[] args) => Ran.WithAsync([], "", args);

    private static Task<Ran> InspectAsync(string jwt, params string[] args) => Ran.WithAsync([], jwt + "\n", ["jwt", "inspect", .. args]);

    private async Task<string> SignAsync(params string[] args)
    {
        string[] audience = args.Contains("--aud") ? [] : ["--aud", Issuer];
        var ran = await RunAsync(["jwt", "sign", "--key", _private, "--client-id", "ci", .. audience, .. args]);

        Assert.Equal((0, ""), (ran.Code, ran.Error));

        return ran.Out.Trim();
    }
}

using System.Buffers.Text;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Assertions;

/// <summary>RFC 7523 §2.2: a client proves itself by an assertion that it signed.</summary>
public sealed class PrivateKeyJwtTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    public static TheoryData<string> Algorithms => [.. SigningAlgorithm.All.Select(a => a.Name)];

    [Theory]
    [MemberData(nameof(Algorithms))]
    [Trait("R", "76")]
    public async Task Each_algorithm_of_the_table_gets_a_token(string alg)
    {
        var signer = await Signer.CreateAsync(_server, alg);

        var answer = await signer.TokenAsync();

        Assert.True(answer.Status == 200, answer.Body);
        Assert.Equal("read", answer["scope"]);
        var introspected = await _server.IntrospectAsync(answer["access_token"]);
        Assert.Equal(("True", signer.Id.ToString(), signer.ClientId), (introspected["active"], introspected["sub"], introspected["client_id"]));
    }

    [Fact]
    public async Task Introspection_and_revocation_take_it_too()
    {
        var signer = await Signer.CreateAsync(_server);
        var token = (await signer.TokenAsync())["access_token"];

        // The account acts as no API, so it learns nothing of the token; that it may ask is what counts.
        var introspected = await signer.PostAsync(_server, "/oauth2/introspect", null, ("token", token));
        var revoked = await signer.PostAsync(_server, "/oauth2/revoke", null, ("token", token));

        Assert.Equal((200, "False", 200), (introspected.Status, introspected["active"], revoked.Status));
        Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);
    }

    [Fact]
    public async Task The_token_names_the_key_and_ends_with_it()
    {
        var signer = await Signer.CreateAsync(_server);
        var token = (await signer.TokenAsync())["access_token"];
        Assert.Equal(signer.KeyId.ToString(), JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!["cred"]!.ToString());

        await signer.AdminAsync(HttpMethod.Delete, $"/keys/{signer.KeyId}");

        Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);
        await signer.AssertRefusedAsync(await signer.TokenAsync(), "key-known");
    }

    [Theory]
    [InlineData("urn:ietf:params:oauth:client-assertion-type:jwt-bearer ")]
    [InlineData("URN:ietf:params:oauth:client-assertion-type:jwt-bearer")]
    [InlineData("urn:ietf:params:oauth:client-assertion-type:saml2-bearer")]
    [InlineData("private_key_jwt")]
    [Trait("R", "50")]
    public async Task The_assertion_type_is_taken_letter_by_letter(string type)
    {
        var signer = await Signer.CreateAsync(_server);

        var answer = await _server.PostAsync(
            "/oauth2/token", ("grant_type", "client_credentials"), ("client_assertion_type", type), ("client_assertion", signer.Assertion()));

        await signer.AssertRefusedAsync(answer, "client-assertion-type");
    }

    public static TheoryData<string, string, string> Claims => new()
    {
        // R51
        { "iss", "-", "assertion-issuer" },
        { "iss", "\"other\"", "assertion-issuer" },
        { "iss", "\"<id> \"", "assertion-issuer" },
        { "sub", "\"<ID>\"", "client-known" },
        { "iss", "7", "claims-form" },
        { "iss", "[\"<id>\"]", "claims-form" },
        { "sub", "null", "claims-form" },
        { "sub", "12", "claims-form" },

        // R52, R91
        { "aud", "-", "assertion-audience" },
        { "aud", "\"https://as.example/\"", "assertion-audience" },
        { "aud", "\"https://AS.example\"", "assertion-audience" },
        { "aud", "\"http://as.example\"", "assertion-audience" },
        { "aud", "\"https://as.example:443\"", "assertion-audience" },
        { "aud", "\"https://as.example.evil\"", "assertion-audience" },
        { "aud", "\"https://as.exampl\"", "assertion-audience" },
        { "aud", "\"https://as.ex\u0430mple\"", "assertion-audience" },
        { "aud", "\"https://as%2Eexample\"", "assertion-audience" },
        { "aud", "\"https://as.example/oauth2/token\"", "assertion-audience" },
        { "aud", "\"https://as.example/oauth2/introspect\"", "assertion-audience" },
        { "aud", "[\"https://as.example\",\"https://rs.example\"]", "assertion-audience" },
        { "aud", "[\"https://as.example\",\"https://as.example/oauth2/token\"]", "assertion-audience" },
        { "aud", "[]", "claims-form" },
        { "aud", "[\"https://as.example\",7]", "claims-form" },
        { "aud", "[[\"https://as.example\"]]", "claims-form" },
        { "aud", "{\"https://as.example\":1}", "claims-form" },
        { "aud", "\"\"", "assertion-audience" },

        // R55, R92, R93
        { "exp", "-", "assertion-time" },
        { "exp", "<now-11>", "assertion-time" },
        { "exp", "<now+700>", "assertion-time" },
        { "exp", "\"<now+60>\"", "claims-form" },
        { "exp", "9223372036854775807", "claims-form" },
        { "exp", "9223372036854775808", "claims-form" },
        { "exp", "-1", "claims-form" },
        { "exp", "1e20", "claims-form" },
        { "exp", "true", "claims-form" },
        { "exp", "null", "claims-form" },
        { "nbf", "<now+70>", "assertion-time" },
        { "nbf", "<now+20>", "assertion-time" },
        { "iat", "<now+70>", "assertion-time" },
        { "iat", "<now-700>", "assertion-time" },

        // R56
        { "jti", "-", "assertion-id" },
        { "jti", "\"\"", "assertion-id" },
        { "jti", "7", "claims-form" },
        { "jti", "\"<256>\"", "assertion-id" },
    };

    [Theory]
    [MemberData(nameof(Claims))]
    [Trait("R", "51")]
    [Trait("R", "52")]
    [Trait("R", "55")]
    [Trait("R", "56")]
    [Trait("R", "89")]
    [Trait("R", "90")]
    [Trait("R", "91")]
    [Trait("R", "92")]
    [Trait("R", "93")]
    public async Task A_claim_that_is_wrong_is_refused_for_itself(string claim, string value, string check)
    {
        var signer = await Signer.CreateAsync(_server);

        await signer.AssertRefusedAsync(await signer.TokenAsync(With(signer, claim, value)), check);

        Assert.Equal(200, (await signer.TokenAsync()).Status);
    }

    public static TheoryData<string, string> Accepted => new()
    {
        { "aud", "[\"https://as.example\"]" },
        { "exp", "<now-9>" },
        { "exp", "<now+599>" },
        { "exp", "<now+30>.75" },
        { "nbf", "<now+9>" },
        { "iat", "<now+9>" },
        { "iat", "<now-590>" },
        { "iat", "-" },
        { "jti", "\"<255>\"" },
        { "scope", "\"write\"" },
        { "nested", "{\"a\":[{\"b\":null}]}" },
    };

    [Theory]
    [MemberData(nameof(Accepted))]
    [Trait("R", "52")]
    [Trait("R", "55")]
    [Trait("R", "94")]
    public async Task A_claim_at_the_edge_of_what_is_right_is_taken(string claim, string value)
    {
        var signer = await Signer.CreateAsync(_server);

        var answer = await signer.TokenAsync(With(signer, claim, value));

        Assert.True(answer.Status == 200, answer.Body);
        Assert.Equal("read", answer["scope"]);
    }

    [Theory]
    [InlineData("JWT", true)]
    [InlineData("jwt", true)]
    [InlineData("application/JWT", true)]
    [InlineData("client-authentication+jwt", true)]
    [InlineData("Application/Client-Authentication+JWT", true)]
    [InlineData("at+jwt", false)]
    [InlineData("dpop+jwt", false)]
    [InlineData("logout+jwt", false)]
    [InlineData("secevent+jwt", false)]
    [InlineData("token-introspection+jwt", false)]
    [InlineData("authorization-grant+jwt", false)]
    [InlineData("application/application/jwt", false)]
    [InlineData("", false)]
    [Trait("R", "54")]
    [Trait("R", "61")]
    public async Task The_type_says_what_the_jwt_is_for(string type, bool taken)
    {
        var signer = await Signer.CreateAsync(_server);

        var answer = await signer.TokenAsync(signer.Assertion(type: type));

        if (taken)
        {
            Assert.Equal(200, answer.Status);
        }
        else
        {
            await signer.AssertRefusedAsync(answer, "assertion-type");
        }
    }

    [Fact]
    [Trait("R", "54")]
    public async Task No_type_is_taken() => await WithSignerAsync(async s => Assert.Equal(200, (await s.TokenAsync(s.AssertionWithHeader(s.Header()))).Status));

    [Theory]
    [InlineData(",\"crit\":[]", "assertion-header")]
    [InlineData(",\"crit\":[\"exp\"]", "assertion-header")]
    [InlineData(",\"b64\":true", "assertion-header")]
    [InlineData(",\"zip\":\"DEF\"", "assertion-header")]
    [InlineData(",\"cty\":\"JWT\"", "assertion-header")]
    [InlineData(",\"kid\":\"twice\"", "assertion-header")]
    [InlineData(",\"\\u006bid\":\"twice\"", "assertion-header")]
    [Trait("R", "74")]
    [Trait("R", "82")]
    [Trait("R", "87")]
    public async Task A_header_that_asks_for_more_is_refused(string more, string check) =>
        await WithSignerAsync(async s => await s.AssertRefusedAsync(await s.TokenAsync(s.AssertionWithHeader(s.Header(more))), check));

    [Fact]
    [Trait("R", "83")]
    public async Task Keys_and_addresses_in_the_header_have_no_effect()
    {
        var signer = await Signer.CreateAsync(_server);
        using var other = Signer.NewKey();
        var jwk = System.Text.Encoding.UTF8.GetString(other.PublicJwk);
        var header = $$"""{"alg":"ES256","kid":"{{signer.Key.Kid}}","jwk":{{jwk}},"jku":"http://127.0.0.1:1/keys","x5u":"http://127.0.0.1:1/x","x5c":["AA=="],"x5t":"AA"}""";

        Assert.Equal(200, (await signer.TokenAsync(signer.AssertionWithHeader(header))).Status);
        await signer.AssertRefusedAsync(await signer.TokenAsync(signer.AssertionWithHeader(header, other)), "signature");
        await signer.AssertRefusedAsync(
            await signer.TokenAsync(signer.AssertionWithHeader($$"""{"alg":"ES256","kid":"{{other.Kid}}","jwk":{{jwk}}}""", other)), "key-known");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    [InlineData("RS256")]
    [InlineData("ES384")]
    [InlineData("es256")]
    [InlineData("EdDSA")]
    [Trait("R", "75")]
    [Trait("R", "77")]
    public async Task Another_algorithm_than_the_keys_is_refused(string alg)
    {
        var signer = await Signer.CreateAsync(_server);

        var answer = await signer.TokenAsync(signer.AssertionWithHeader($$"""{"alg":"{{alg}}","kid":"{{signer.Key.Kid}}"}"""));

        await signer.AssertRefusedAsync(answer, alg is "RS256" or "ES384" ? "key-algorithm" : "assertion-algorithm");
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("' OR 1=1--")]
    [InlineData("<script>")]
    [Trait("R", "84")]
    [Trait("R", "85")]
    public async Task A_kid_is_nothing_but_a_name(string kid)
    {
        var signer = await Signer.CreateAsync(_server);

        await signer.AssertRefusedAsync(await signer.TokenAsync(signer.AssertionWithHeader($$"""{"alg":"ES256","kid":"{{kid}}"}""")), "key-known");
        await signer.AssertRefusedAsync(
            await signer.TokenAsync(signer.AssertionWithHeader($$"""{"alg":"ES256","kid":"{{new string('k', 10_240)}}"}""")), "assertion-header");
        await signer.AssertRefusedAsync(await signer.TokenAsync(signer.AssertionWithHeader("""{"alg":"ES256","kid":{"a":1}}""")), "assertion-header");
    }

    [Fact]
    [Trait("R", "85")]
    public async Task Without_a_kid_the_one_key_of_the_algorithm_is_meant_and_of_two_none()
    {
        var signer = await Signer.CreateAsync(_server);
        await signer.AddKeyAsync(Signer.NewKey("RS256"));
        Assert.Equal(200, (await signer.TokenAsync(signer.AssertionWithHeader("""{"alg":"ES256"}"""))).Status);

        await signer.AddKeyAsync(Signer.NewKey());

        await signer.AssertRefusedAsync(await signer.TokenAsync(signer.AssertionWithHeader("""{"alg":"ES256"}""")), "key-known");
        Assert.Equal(200, (await signer.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "58")]
    [Trait("R", "88")]
    public async Task Only_a_key_of_the_client_itself_counts()
    {
        var signer = await Signer.CreateAsync(_server);
        var other = await Signer.CreateAsync(_server);
        var claims = signer.Claims().ToJsonString();

        await signer.AssertRefusedAsync(await signer.TokenAsync(Signer.Signed(other.Header(), claims, other.Key)), "key-known");
        var answer = await signer.TokenAsync(Signer.Signed(signer.Header(), claims, other.Key));
        await signer.AssertRefusedAsync(answer, "signature");

        // What an unsigned assertion says is nobody's word: none of it stands in the record but the client id.
        var lying = Signer.Signed(signer.Header(), signer.Claims(c => c["jti"] = "canary-unsigned").ToJsonString(), other.Key);
        Assert.DoesNotContain("canary-unsigned", (await _server.ExplainAsync(await signer.TokenAsync(lying))).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("R", "71")]
    [Trait("R", "72")]
    public async Task What_is_not_three_strict_segments_is_refused()
    {
        var signer = await Signer.CreateAsync(_server);
        var good = signer.Assertion();
        var parts = good.Split('.');
        string[] bad =
        [
            "x", "a.b", "a.b.c.d", "a.b.c.d.e", "..", $"{parts[0]}.{parts[1]}.", $"{parts[0]}..{parts[2]}", $".{parts[1]}.{parts[2]}", good + "=", good + ".", $" {good}", $"{good}\u00a0",
            good.Replace('.', ' '), $"{parts[0]}=.{parts[1]}.{parts[2]}", $$"""{"payload":"{{parts[1]}}","signatures":[{"protected":"{{parts[0]}}","signature":"{{parts[2]}}"}]}""",
            new string('.', 15_000), good + new string('A', 17_000),
        ];

        foreach (var assertion in bad)
        {
            var answer = await _server.PostAsync(
                "/oauth2/token", ("grant_type", "client_credentials"), ("client_id", signer.ClientId), ("client_assertion_type", Signer.AssertionType), ("client_assertion", assertion));
            await signer.AssertRefusedAsync(answer, "assertion-form");
        }

        Assert.Equal(200, (await signer.TokenAsync(good)).Status);
    }

    [Fact]
    [Trait("R", "78")]
    [Trait("R", "79")]
    public async Task A_signature_of_another_form_is_refused()
    {
        var ec = await Signer.CreateAsync(_server);
        var rsa = await Signer.CreateAsync(_server, "PS256");
        var text = ec.Assertion();
        var input = text[..text.LastIndexOf('.')];

        foreach (var signature in new[] { new byte[64], new byte[63], new byte[65], [.. Base64Url.DecodeFromChars(text.Split('.')[2]), 0] })
        {
            await ec.AssertRefusedAsync(await ec.TokenAsync($"{input}.{Base64Url.EncodeToString(signature)}"), "signature");
        }

        // The same RSA key signs PKCS #1 in place of PSS.
        using var pkcs1 = SigningKey.Import(SigningAlgorithm.ByName("RS256")!, rsa.Key.Kid, rsa.Key.ExportPkcs8());
        await rsa.AssertRefusedAsync(await rsa.TokenAsync(rsa.AssertionWithHeader(rsa.Header(), pkcs1)), "signature");
        await rsa.AssertRefusedAsync(await rsa.TokenAsync(rsa.AssertionWithHeader($$"""{"alg":"RS256","kid":"{{rsa.Key.Kid}}"}""", pkcs1)), "key-algorithm");
    }

    [Fact]
    [Trait("R", "59")]
    public async Task The_registered_algorithm_is_enforced()
    {
        var signer = await Signer.CreateAsync(_server, "RS256");
        await signer.AdminAsync(HttpMethod.Patch, "", new { assertions = new { signing_alg = "PS256" } });

        await signer.AssertRefusedAsync(await signer.TokenAsync(), "assertion-algorithm");

        await signer.AdminAsync(HttpMethod.Patch, "", new { assertions = new { signing_alg = "RS256" } });
        Assert.Equal(200, (await signer.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "53")]
    public async Task The_token_endpoint_is_an_audience_only_where_the_account_says_so()
    {
        var signer = await Signer.CreateAsync(_server);
        await signer.AdminAsync(HttpMethod.Patch, "", new { assertions = new { audience = "issuer-or-token-endpoint" } });
        Action<JsonObject> endpoint = c => c["aud"] = TestServer.Issuer + "/oauth2/token";

        Assert.Equal((200, 200), ((await signer.TokenAsync(signer.Assertion(endpoint))).Status, (await signer.TokenAsync()).Status));
        await signer.AssertRefusedAsync(await signer.TokenAsync(signer.Assertion(c => c["aud"] = TestServer.Issuer + "/oauth2/revoke")), "assertion-audience");
        var listed = await _server.AdminAsync(HttpMethod.Get, "/reports/relaxed-assertions");
        Assert.Contains(listed.Json.GetProperty("items").EnumerateArray(), r => r.GetProperty("account").GetGuid() == signer.Id);
        var other = await Signer.CreateAsync(_server);
        await other.AssertRefusedAsync(await other.TokenAsync(other.Assertion(endpoint)), "assertion-audience");
    }

    [Fact]
    [Trait("R", "32")]
    [Trait("R", "34")]
    public async Task A_client_of_keys_has_no_secret_and_a_client_of_secrets_no_key()
    {
        var signer = await Signer.CreateAsync(_server);
        var secret = await TestAccount.CreateAsync(_server);

        Assert.Equal(409, (await _server.AdminAsync(HttpMethod.Post, $"{signer.Path}/secrets", new { })).Status);
        var borrowed = signer with { ClientId = secret.ClientId };
        await signer.AssertRefusedAsync(await signer.TokenAsync(borrowed.Assertion()), "method-registered");
        var basic = await _server.PostAsAsync(signer.ClientId, secret.Secret, "/oauth2/token", ("grant_type", "client_credentials"));
        await _server.AssertRefusedAsync(basic, 401, "invalid_client", "method-registered");
    }

    [Fact]
    [Trait("R", "33")]
    public async Task An_assertion_beside_another_method_is_refused()
    {
        var signer = await Signer.CreateAsync(_server);
        var request = TestServer.Form(
            "/oauth2/token", ("grant_type", "client_credentials"), ("client_assertion_type", Signer.AssertionType), ("client_assertion", signer.Assertion()));
        request.Headers.Authorization = TestServer.Basic(signer.ClientId, "x");

        await _server.AssertRefusedAsync(await _server.SendAsync(request), 400, "invalid_request", "one-method");
        await _server.AssertRefusedAsync(await signer.TokenAsync(null, ("client_secret", "x")), 400, "invalid_request", "one-method");
    }

    [Fact]
    [Trait("R", "35")]
    public async Task A_client_id_beside_the_assertion_must_be_its_own()
    {
        var signer = await Signer.CreateAsync(_server);

        Assert.Equal(200, (await signer.TokenAsync(null, ("client_id", signer.ClientId))).Status);
        await _server.AssertRefusedAsync(await signer.TokenAsync(null, ("client_id", "another")), 400, "invalid_request", "client-id-agrees");
    }

    [Fact]
    [Trait("R", "39")]
    [Trait("R", "40")]
    public async Task What_is_disabled_or_expired_ends_at_the_next_request()
    {
        var signer = await Signer.CreateAsync(_server);
        Assert.Equal(200, (await signer.TokenAsync()).Status);

        await signer.AdminAsync(HttpMethod.Patch, $"/keys/{signer.KeyId}", new { disabled = true });
        await signer.AssertRefusedAsync(await signer.TokenAsync(), "key-enabled");
        await signer.AdminAsync(HttpMethod.Patch, $"/keys/{signer.KeyId}", new { disabled = false });
        Assert.Equal(200, (await signer.TokenAsync()).Status);

        await signer.AdminAsync(HttpMethod.Patch, "", new { disabled = true });
        await signer.AssertRefusedAsync(await signer.TokenAsync(), "account-enabled");
        await signer.AdminAsync(HttpMethod.Patch, "", new { disabled = false });

        var second = signer with { Key = Signer.NewKey() };
        await second.AddKeyAsync(second.Key, _server.Clock.GetUtcNow().AddMinutes(1));
        Assert.Equal(200, (await second.TokenAsync()).Status);
        await _server.ElapseAsync(TimeSpan.FromSeconds(61));
        await signer.AssertRefusedAsync(await second.TokenAsync(), "key-not-expired");
        Assert.Equal(200, (await signer.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "37")]
    [Trait("R", "38")]
    public async Task Every_refusal_reads_the_same_and_takes_as_long()
    {
        var signer = await Signer.CreateAsync(_server);
        var secret = await TestAccount.CreateAsync(_server);
        using var other = Signer.NewKey(kid: signer.Key.Kid);
        var unknown = signer with { ClientId = Guid.NewGuid().ToString() };
        string[] assertions =
        [
            unknown.Assertion(), (signer with { ClientId = secret.ClientId }).Assertion(), signer.AssertionWithHeader(signer.Header(), other),
            signer.Assertion(c => c["aud"] = "x"), signer.Assertion(c => c["exp"] = 1), signer.AssertionWithHeader("""{"alg":"ES256","kid":"x"}"""),
        ];

        foreach (var assertion in assertions)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await signer.TokenAsync(assertion);

            Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(18));
            Assert.Equal(
                (401, "invalid_client", "client authentication failed", "no-store"),
                (answer.Status, answer["error"], answer["error_description"].Split(" (trace")[0], answer.Headers["Cache-Control"]));
            Assert.StartsWith("Basic ", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_operator_reads_what_was_seen_and_what_was_expected()
    {
        var signer = await Signer.CreateAsync(_server);

        var aud = await FailedAsync(await signer.TokenAsync(signer.Assertion(c => c["aud"] = "https://as.example/oauth2/token")));
        var kid = await FailedAsync(await signer.TokenAsync(signer.AssertionWithHeader("""{"alg":"ES256","kid":"old-one"}""")));
        var clock = await FailedAsync(await signer.TokenAsync(signer.Assertion(c =>
        {
            c["iat"] = c["iat"]!.GetValue<long>() + 312;
            c["exp"] = c["exp"]!.GetValue<long>() + 312;
        })));

        Assert.Equal(("assertion-audience", "https://as.example/oauth2/token", "https://as.example"), (Text(aud, "check"), Text(aud, "got"), Text(aud, "expected")));
        Assert.Contains("issuer-or-token-endpoint", Text(aud, "hint"), StringComparison.Ordinal);
        Assert.Equal(("key-known", "old-one", $"{signer.Key.Kid} (ES256)"), (Text(kid, "check"), Text(kid, "got"), Text(kid, "expected")));
        Assert.StartsWith("iat is 31", Text(clock, "detail"), StringComparison.Ordinal);
        Assert.Contains("clock is fast", Text(clock, "hint"), StringComparison.Ordinal);

        async Task<System.Text.Json.JsonElement> FailedAsync(Answer answer) => (await _server.ExplainAsync(answer)).GetProperty("checks").EnumerateArray().Last();
        static string Text(System.Text.Json.JsonElement check, string member) => check.GetProperty(member).GetString()!;
    }

    [Fact]
    [Trait("R", "239")]
    public async Task Neither_assertion_nor_signature_is_kept()
    {
        var signer = await Signer.CreateAsync(_server);
        var good = signer.Assertion();
        Assert.Equal(200, (await signer.TokenAsync(good)).Status);
        var again = await signer.TokenAsync(good);

        var explanation = (await _server.ExplainAsync(again)).GetRawText();

        Assert.All(good.Split('.'), part => Assert.DoesNotContain(part, explanation, StringComparison.Ordinal));
        Assert.All(good.Split('.'), part => Assert.DoesNotContain(_server.Log.All, line => line.Contains(part, StringComparison.Ordinal)));
    }

    private async Task WithSignerAsync(Func<Signer, Task> test) => await test(await Signer.CreateAsync(_server));

    private string With(Signer signer, string claim, string value)
    {
        var now = _server.Clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = signer.Claims(c => c.Remove(claim));
        value = value.Replace("<id>", signer.ClientId, StringComparison.Ordinal)
            .Replace("<ID>", signer.ClientId.ToUpperInvariant(), StringComparison.Ordinal)
            .Replace("<256>", Fill(256), StringComparison.Ordinal)
            .Replace("<255>", Fill(255), StringComparison.Ordinal);
        value = System.Text.RegularExpressions.Regex.Replace(
            value, "<now([+-][0-9]+)>", m => (now + long.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToString(System.Globalization.CultureInfo.InvariantCulture));
        var text = claims.ToJsonString();

        return Signer.Signed(signer.Header(), value == "-" ? text : $"{text[..^1]},\"{claim}\":{value}}}", signer.Key);
    }

    private static string Fill(int length) => Guid.NewGuid().ToString().PadRight(length, 'j');
}

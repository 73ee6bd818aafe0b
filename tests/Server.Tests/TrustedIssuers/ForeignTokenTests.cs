using System.Text.Json.Nodes;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>What the token of a trusted issuer must be before any rule is asked: of that issuer, for this server, of the right kind and time.</summary>
public sealed class ForeignTokenTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    [InlineData("PS384")]
    [InlineData("ES512")]
    [Trait("R", "103")]
    public async Task A_token_stands_for_the_account_of_its_rule_in_each_place(string alg)
    {
        var issuer = await ForeignIssuer.CreateAsync(_server, key: Signer.NewKey(alg));
        var account = await TestAccount.CreateAsync(_server);
        await issuer.RuleAsync(account.ClientId);

        foreach (var answer in new[] { await issuer.SendAsync(), await issuer.ByGrantAsync(null, ("scope", "write")), await issuer.AsSubjectAsync(), await issuer.SendAsync(null, ("client_id", account.ClientId)) })
        {
            Assert.True(answer.Status == 200, answer.Body);
            Assert.False(answer.Json.TryGetProperty("refresh_token", out _));
            var introspected = await _server.IntrospectAsync(answer["access_token"]);
            Assert.Equal(("True", account.Id.ToString(), account.ClientId), (introspected["active"], introspected["sub"], introspected["client_id"]));
        }
    }

    [Fact]
    [Trait("R", "88")]
    [Trait("R", "102")]
    [Trait("R", "204")]
    public async Task An_issuers_key_is_nothing_to_anothers_token()
    {
        var (a, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        var (b, _, _) = await ForeignIssuer.WithRuleAsync(_server);

        // B's own key, B's own kid, and the name of A.
        await a.RefusedAsync("key-known", () => a.Token(key: b.Key));

        // B's key under A's kid.
        using var disguised = Signer.NewKey(kid: a.Key.Kid);
        await a.RefusedAsync("signature", () => a.Token(key: disguised));
        await b.TakenAsync();
    }

    [Fact]
    [Trait("R", "88")]
    [Trait("R", "204")]
    public async Task Two_issuers_of_one_key_set_stay_two()
    {
        var key = Signer.NewKey();
        var a = await ForeignIssuer.CreateAsync(_server, key: key);
        var b = await ForeignIssuer.CreateAsync(_server, key: key);
        var (ours, theirs) = (await TestAccount.CreateAsync(_server), await TestAccount.CreateAsync(_server));
        await a.RuleAsync(ours.ClientId);
        await b.RuleAsync(theirs.ClientId);
        var jti = $"{Guid.NewGuid()}";

        Assert.Equal((ours.ClientId, theirs.ClientId), (await ClientOfAsync(a.Token(c => c["jti"] = jti)), await ClientOfAsync(b.Token(c => c["jti"] = jti))));

        async Task<string> ClientOfAsync(string token) => (await _server.IntrospectAsync(await a.TakenAsync(token)))["client_id"];
    }

    [Theory]
    [InlineData("/")]
    [InlineData("upper")]
    [InlineData(" ")]
    [InlineData("\0")]
    [InlineData("?")]
    [Trait("R", "88")]
    [Trait("R", "100")]
    public async Task The_issuer_is_compared_letter_by_letter(string change)
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        var iss = change == "upper" ? issuer.Issuer.ToUpperInvariant() : issuer.Issuer + change;

        await _server.AssertRefusedAsync(await issuer.AsSubjectAsync(issuer.Token(c => c["iss"] = iss)), 400, "invalid_request", change == "\0" ? "claims-form" : "issuer-known");
        Assert.Equal(401, (await issuer.SendAsync(issuer.Token(c => c["iss"] = iss))).Status);
        Assert.Equal(400, (await issuer.ByGrantAsync(issuer.Token(c => c["iss"] = iss))).Status);
    }

    public static TheoryData<string, bool, bool> Audiences => new()
    {
        { $"\"{TestServer.Issuer}\"", true, true },
        { $"[\"{TestServer.Issuer}\"]", true, true },
        { $"[\"{TestServer.Issuer}\",\"https://other.example\"]", false, true },
        { $"[\"https://other.example\",\"{TestServer.Issuer}\"]", false, true },
        { "\"\"", false, false },
        { "[\"\"]", false, false },
        { "\"https://other.example\"", false, false },
        { $"\"{TestServer.Issuer}/\"", false, false },
        { $"\"{TestServer.Issuer.ToUpperInvariant()}\"", false, false },
        { $"\"{TestServer.Issuer} https://other.example\"", false, false },
        { $"\"{TestServer.Issuer}/oauth2/token\"", false, false },
    };

    [Theory]
    [MemberData(nameof(Audiences))]
    [Trait("R", "101")]
    [Trait("R", "201")]
    public async Task The_audience_is_this_server_alone_unless_others_may_stand_beside(string aud, bool taken, bool takenBeside)
    {
        foreach (var (beside, good) in new[] { (false, taken), (true, takenBeside) })
        {
            var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server, b => b["allow_extra_audiences"] = beside);

            if (good)
            {
                await issuer.TakenAsync(issuer.Token(c => c["aud"] = JsonNode.Parse(aud)));
            }
            else
            {
                await issuer.RefusedAsync("assertion-audience", () => issuer.Token(c => c["aud"] = JsonNode.Parse(aud)));
            }
        }
    }

    [Fact]
    [Trait("R", "201")]
    public async Task No_audience_is_none_and_one_of_another_type_is_no_audience()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        await issuer.RefusedAsync("assertion-audience", issuer.Token(c => c.Remove("aud")));

        foreach (var aud in new[] { "1", "{}", "null", "[]", "[1]", "[null]", "true" })
        {
            Assert.Equal((aud, 401), (aud, (await issuer.SendAsync(issuer.Token(c => c["aud"] = JsonNode.Parse(aud)))).Status));
        }
    }

    [Theory]
    [InlineData("at+jwt")]
    [InlineData("application/at+jwt")]
    [InlineData("AT+JWT")]
    [InlineData("logout+jwt")]
    [InlineData("secevent+jwt")]
    [InlineData("dpop+jwt")]
    [InlineData("")]
    [Trait("R", "206")]
    public async Task A_JWT_of_another_kind_is_no_proof(string type)
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);

        await issuer.RefusedAsync("assertion-type", () => issuer.Token(type: type));
    }

    [Fact]
    [Trait("R", "61")]
    [Trait("R", "206")]
    public async Task A_type_made_for_one_place_is_taken_in_that_place_alone()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);

        Assert.Equal((200, 400, 400), (
            (await issuer.SendAsync(issuer.Token(type: "client-authentication+jwt"))).Status, (await issuer.ByGrantAsync(issuer.Token(type: "client-authentication+jwt"))).Status, (await issuer.AsSubjectAsync(issuer.Token(type: "client-authentication+jwt"))).Status));
        Assert.Equal((401, 200, 400), (
            (await issuer.SendAsync(issuer.Token(type: "authorization-grant+jwt"))).Status, (await issuer.ByGrantAsync(issuer.Token(type: "authorization-grant+jwt"))).Status, (await issuer.AsSubjectAsync(issuer.Token(type: "authorization-grant+jwt"))).Status));

        // Many platforms say nothing.
        await issuer.TakenAsync(issuer.TokenOf(issuer.Claims().ToJsonString()));
    }

    [Fact]
    [Trait("R", "204")]
    public async Task Algorithms_are_the_issuers_own()
    {
        var key = Signer.NewKey("RS256");
        var jwk = ForeignIssuer.Set(key);
        jwk["keys"]![0]!.AsObject().Remove("alg");
        var issuer = await ForeignIssuer.CreateAsync(_server, b => (b["algorithms"], b["jwks"]) = (new JsonArray("ES256", "PS256"), jwk), key);
        await issuer.RuleAsync((await TestAccount.CreateAsync(_server)).ClientId);

        Assert.Contains("ES256, PS256", await issuer.RefusedAsync("issuer-algorithm", () => issuer.Token()), StringComparison.Ordinal);

        foreach (var header in new[] { """{"alg":"none"}""", $$"""{"alg":"HS256","kid":"{{key.Kid}}"}""", """{"alg":"RS256","crit":["b64"],"b64":false}""" })
        {
            Assert.Equal(401, (await issuer.SendAsync(Signer.Signed(header, issuer.Claims().ToJsonString(), key))).Status);
        }

        await issuer.PatchAsync(issuer.Path, new { algorithms = (string[]?)null });
        await issuer.TakenAsync();
    }

    [Theory]
    [InlineData("""{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}""")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task A_token_that_is_bound_to_a_key_proves_nothing_without_it(string cnf)
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);

        await issuer.RefusedAsync("token-unbound", () => issuer.TokenOf(issuer.Claims().ToJsonString()[..^1] + $",\"cnf\":{cnf}}}"));
    }

    [Theory]
    [InlineData(-100, -6, null)]
    [InlineData(-7200, 300, null)]
    [InlineData(0, 7200, null)]
    [InlineData(60, 300, null)]
    [InlineData(-10, 300, 60)]
    [InlineData(-10, 300, 310)]
    [Trait("R", "102")]
    public async Task A_token_is_good_in_its_time(int iat, int exp, int? nbf)
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server, b => b["clock_skew_seconds"] = 5);
        await issuer.TakenAsync();

        await issuer.RefusedAsync("assertion-time", () => issuer.Token(c => Set(c, iat, exp, nbf)));
    }

    [Fact]
    [Trait("R", "102")]
    public async Task How_old_a_token_may_be_is_the_issuers_own()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server, b => (b["max_token_age_seconds"], b["clock_skew_seconds"]) = (120, 0));

        await issuer.TakenAsync(issuer.Token(c => Set(c, -60, 60, null)));
        await issuer.RefusedAsync("assertion-time", () => issuer.Token(c => Set(c, -130, 60, null)));
        await issuer.RefusedAsync("assertion-time", issuer.Token(c => Set(c, 0, 130, null)));
        await issuer.RefusedAsync("assertion-time", issuer.Token(c => c.Remove("exp")));
        await issuer.PatchAsync(issuer.Path, new { max_token_age_seconds = 86400 });
        await issuer.TakenAsync(issuer.Token(c => Set(c, -40_000, 40_000, null)));
    }

    [Fact]
    [Trait("R", "35")]
    public async Task A_client_id_beside_the_token_is_that_of_the_rule()
    {
        var (issuer, account, _) = await ForeignIssuer.WithRuleAsync(_server);
        var other = await TestAccount.CreateAsync(_server);
        var token = issuer.Token();

        foreach (var named in new[] { other.ClientId, "nobody" })
        {
            await _server.AssertRefusedAsync(await issuer.SendAsync(token, ("client_id", named)), 400, "invalid_request", "client-id-agrees");
        }

        await _server.AssertRefusedAsync(await issuer.ByGrantAsync(token, ("client_id", other.ClientId)), 400, "invalid_request", "client-id-agrees");

        // It was not used up by that.
        await issuer.TakenAsync(token, ("client_id", account.ClientId));
    }

    [Fact]
    [Trait("R", "103")]
    public async Task Who_authenticates_beside_a_grant_is_the_account_of_the_rule()
    {
        var (issuer, account, _) = await ForeignIssuer.WithRuleAsync(_server);
        var other = await TestAccount.CreateAsync(_server);

        await _server.AssertRefusedAsync(
            await _server.PostAsAsync(other.ClientId, other.Secret, "/oauth2/token", ("grant_type", Signer.JwtBearer), ("assertion", issuer.Token())), 400, "invalid_grant", "assertion-client");
        await _server.AssertRefusedAsync(
            await _server.PostAsAsync(account.ClientId, "wrong", "/oauth2/token", ("grant_type", Signer.JwtBearer), ("assertion", issuer.Token())), 401, "invalid_client", "secret-matches");
        Assert.Equal(200, (await _server.PostAsAsync(account.ClientId, account.Secret, "/oauth2/token", ("grant_type", Signer.JwtBearer), ("assertion", issuer.Token()))).Status);
    }

    [Fact]
    [Trait("R", "102")]
    [Trait("R", "201")]
    public async Task What_one_tenant_trusts_is_nothing_to_another()
    {
        var (ours, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        var host = $"t{ours.Id:n}.example";
        var tenant = await ours.Root.MakeAsync("/tenants", new { name = host, issuer = $"https://{host}" });
        var admin = tenant.Json.GetProperty("admin");
        var other = await _server.SignInAsync(admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!, host);
        var there = ours with { Host = host };

        // Trusted here alone.
        Assert.Equal((401, 400, 400), ((await there.SendAsync()).Status, (await there.ByGrantAsync()).Status, (await there.AsSubjectAsync()).Status));

        // Trusted in both, each for its own audience.
        var theirs = await ForeignIssuer.CreateAsync(other, b => (b["issuer"], b["audiences"]) = (ours.Issuer, new JsonArray($"https://{host}")), ours.Key) with { Host = host };
        var api = (await other.MakeAsync("/apis", new { identifier = "urn:example:theirs", name = "theirs", scopes = new[] { new { name = "theirs" } } }))["id"];
        var account = await other.MakeAsync("/service-accounts", new { name = "a" });
        await other.MakeAsync($"/service-accounts/{account["id"]}/grants", new { api, scopes = new[] { "theirs" }, default_scopes = new[] { "theirs" } });
        await theirs.RuleAsync(account["id"]);

        var ownAudience = theirs.Token(c => c["aud"] = $"https://{host}");
        Assert.Equal((401, 401), ((await theirs.SendAsync(ours.Token())).Status, (await ours.SendAsync(ownAudience)).Status));
        await ours.TakenAsync();
        Assert.Equal("theirs", (await theirs.SendAsync(ownAudience))["scope"]);
    }

    [Fact]
    [Trait("R", "100")]
    public async Task A_disabled_issuer_is_none_until_it_is_enabled()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        await issuer.PatchAsync(issuer.Path, new { disabled = true });
        await issuer.RefusedAsync("issuer-enabled", () => issuer.Token());

        await issuer.PatchAsync(issuer.Path, new { disabled = false });
        await issuer.TakenAsync();
    }

    [Fact]
    [Trait("R", "38")]
    public async Task Every_refusal_reads_the_same()
    {
        var (issuer, account, rule) = await ForeignIssuer.WithRuleAsync(_server);
        using var other = Signer.NewKey(kid: issuer.Key.Kid);
        var bodies = new List<string>();

        foreach (var token in new[]
        {
            issuer.Token(key: other), issuer.Token(c => c["aud"] = "x"), issuer.Token(c => c["exp"] = 1), issuer.Token(c => c["sub"] = "job:2"), issuer.Token(c => c["cnf"] = new JsonObject()), issuer.Token(type: "at+jwt"),
            issuer.Token(c => c["iss"] = "https://nobody.example"), "x.y.z",
        })
        {
            bodies.Add(await BodyAsync(token));
        }

        await account.AdminAsync(HttpMethod.Patch, "", new { disabled = true });
        bodies.Add(await BodyAsync(issuer.Token()));
        await issuer.PatchAsync($"/trust-rules/{rule}", new { disabled = true });
        bodies.Add(await BodyAsync(issuer.Token()));

        Assert.Single(bodies.Distinct());

        async Task<string> BodyAsync(string token)
        {
            var answer = await issuer.SendAsync(token);

            return answer.Status + answer.Body.Split("(trace ")[0] + answer.Headers.GetValueOrDefault("WWW-Authenticate");
        }
    }

    private void Set(JsonObject claims, int iat, int exp, int? nbf)
    {
        var now = _server.Clock.GetUtcNow().ToUnixTimeSeconds();
        (claims["iat"], claims["exp"]) = (now + iat, now + exp);

        if (nbf is { } start)
        {
            claims["nbf"] = now + start;
        }
    }
}

using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>Both formats in and out, and how long the result lives.</summary>
public sealed class ExchangeFormatTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("jwt", "jwt")]
    [InlineData("jwt", "opaque")]
    [InlineData("opaque", "jwt")]
    [InlineData("opaque", "opaque")]
    [Trait("R", "107")]
    [Trait("R", "113")]
    public async Task Either_format_is_exchanged_for_the_one_of_the_API(string before, string after)
    {
        var gateway = await FormatsAsync(before, after);

        var token = await gateway.TokenAsync();
        var answer = await gateway.ExchangeAsync(token);

        Assert.Equal(("jwt" == before, "jwt" == after), (IsJwt(token), IsJwt(Gateway.Token(answer))));
        Assert.Equal(Gateway.AccessToken, answer["issued_token_type"]);
        Assert.Equal(gateway.Client.Id.ToString(), (await gateway.ReadAsync(answer["access_token"])).GetProperty("act").GetProperty("sub").GetString());

        if (after == "jwt")
        {
            var jwt = IndependentJwt.Read(answer["access_token"]);
            var keys = (await _server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/oauth2/jwks"))).Json;
            Assert.True(jwt.IsSignedByOneOf(keys));
            Assert.Equal("at+jwt", jwt.Header.GetProperty("typ").GetString());
            Assert.Equal((TestServer.Issuer, gateway.Subject.Id.ToString(), gateway.Client.ClientId, "read"), (jwt.Claim("iss"), jwt.Claim("sub"), jwt.Claim("client_id"), jwt.Claim("scope")));
        }

        // What came out of it is read the same when it is exchanged in turn.
        Assert.Equal("read", (await gateway.NarrowAsync(answer["access_token"]))["scope"]);
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "113")]
    public async Task A_JWT_is_had_by_that_name_where_the_API_has_JWTs(string format)
    {
        var gateway = await FormatsAsync("jwt", format);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Front.Id}", new { access_token = new { format } });
        var token = await gateway.TokenAsync();

        foreach (var answer in new[] { await gateway.ExchangeAsync(token, ("requested_token_type", Gateway.Jwt)), await gateway.NarrowAsync(token, ("requested_token_type", Gateway.Jwt)) })
        {
            if (format == "jwt")
            {
                Assert.True(IsJwt(Gateway.Token(answer)));
                Assert.Equal(("Bearer", Gateway.Jwt), (answer["token_type"], answer["issued_token_type"]));
                await gateway.AssertActiveAsync(answer["access_token"]);
            }
            else
            {
                await gateway.AssertRefusedAsync(answer, "invalid_request", "the tokens for this resource are no JWTs", "requested-token-type");
            }
        }
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "109")]
    [Trait("R", "107")]
    public async Task The_result_never_outlives_the_token_that_it_was_got_by(string format)
    {
        await using var server = await TestServer.StartAsync();
        var gateway = await Gateway.MakeAsync(server);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Front.Id}", new { access_token = new { format, lifetime_seconds = 300 } });
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Orders.Id}", new { access_token = new { format, lifetime_seconds = 3600 } });
        var token = await gateway.TokenAsync();
        var end = (await gateway.ReadAsync(token)).GetProperty("exp").GetInt64();

        Assert.InRange(Lifetime(await gateway.ExchangeAsync(token)), 295, 300);
        await server.ElapseAsync(TimeSpan.FromSeconds(200));
        server.ForgetAdminToken();
        var late = await gateway.ExchangeAsync(token);
        Assert.InRange(Lifetime(late), 90, 100);
        var read = await gateway.ReadAsync(Gateway.Token(late));
        Assert.InRange(read.GetProperty("exp").GetInt64(), end - 1, end);
        Assert.Equal(Lifetime(late), read.GetProperty("exp").GetInt64() - read.GetProperty("iat").GetInt64());

        await server.ElapseAsync(TimeSpan.FromSeconds(101));
        Assert.Contains("expired", await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(token)), StringComparison.Ordinal);
        await gateway.AssertEndedAsync(late["access_token"]);
        await gateway.AssertNotTakenAsync(await gateway.NarrowAsync(late["access_token"]));
    }

    [Fact]
    [Trait("R", "104")]
    [Trait("R", "109")]
    public async Task The_rule_the_client_and_the_API_shorten_it_further()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { lifetime_seconds = 120 });
        Assert.Equal(120, Lifetime(await gateway.ExchangeAsync(token)));

        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Orders.Id}", new { access_token = new { lifetime_seconds = 90 } });
        Assert.Equal(90, Lifetime(await gateway.ExchangeAsync(token)));

        // The client's own setting stands in the API's place, and never in the rule's.
        await gateway.AdminAsync(HttpMethod.Patch, $"/service-accounts/{gateway.Client.Id}", new { access_token = new { lifetime_seconds = 600 } });
        Assert.Equal(120, Lifetime(await gateway.ExchangeAsync(token)));
        await gateway.AdminAsync(HttpMethod.Patch, gateway.RulePath, new { lifetime_seconds = (int?)null });
        Assert.Equal(600, Lifetime(await gateway.ExchangeAsync(token)));
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "107")]
    public async Task A_token_may_be_exchanged_again_and_each_result_is_another(string format)
    {
        var gateway = await FormatsAsync("jwt", format);
        var token = await gateway.TokenAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gateway.ExchangedAsync(token)));

        Assert.Equal(20, results.Distinct().Count());
        var ids = await Task.WhenAll(results.Append(token).Select(async r => (await gateway.ReadAsync(r)).GetProperty("jti").GetString()));
        Assert.Equal(21, ids.Distinct().Count());
    }

    public static TheoryData<string> Spoilt => ["", "A", ".", "..", "a.b.c", "cs_", "null", "ü"];

    [Theory]
    [MemberData(nameof(Spoilt))]
    [Trait("R", "107")]
    public async Task What_is_no_token_of_ours_or_was_altered_is_not_exchanged(string tail)
    {
        foreach (var format in new[] { "jwt", "opaque" })
        {
            var gateway = await FormatsAsync(format, "jwt");
            var token = await gateway.TokenAsync();
            var middle = token.Length / 2;

            foreach (var text in new[] { "x" + tail, token[..^8] + tail, token + tail + "A", $"{token[..middle]}{(token[middle] == 'A' ? 'B' : 'A')}{token[(middle + 1)..]}", $" {token}", $"Bearer {token}" })
            {
                await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(text));
            }
        }
    }

    [Fact]
    [Trait("R", "107")]
    public async Task A_secret_and_an_assertion_are_no_subject_tokens()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var signer = await Signer.CreateAsync(_server);
        await gateway.RuleAsync(gateway.Client, [(gateway.Orders, ["read"])], any: true);

        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(gateway.Subject.Secret));
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(signer.Assertion()));
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(signer.Assertion(type: "at+jwt")));
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(signer.Assertion(), ("subject_token_type", Gateway.Jwt)), "issuer-known");
    }

    [Fact]
    [Trait("R", "131")]
    public async Task A_token_through_eight_hands_fits_still()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();

        for (var i = 0; i < 8; i++)
        {
            token = await gateway.ExchangedAsync(token);
        }

        Assert.InRange(token.Length, 1000, 4096);
        await gateway.AssertActiveAsync(token);
    }

    private async Task<Gateway> FormatsAsync(string front, string orders)
    {
        var gateway = await Gateway.MakeAsync(_server);
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Front.Id}", new { access_token = new { format = front } });
        await gateway.AdminAsync(HttpMethod.Patch, $"/apis/{gateway.Orders.Id}", new { access_token = new { format = orders } });

        return gateway;
    }

    private static bool IsJwt(string token) => token.Split('.').Length == 3;

    private static int Lifetime(Answer answer)
    {
        Assert.True(answer.Status == 200, answer.Body);

        return answer.Json.GetProperty("expires_in").GetInt32();
    }
}

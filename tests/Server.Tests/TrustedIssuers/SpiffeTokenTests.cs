using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>JWT-SVIDs: the trust domain of the subject is the issuer, whatever else the token says.</summary>
public sealed class SpiffeTokenTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Fact]
    [Trait("R", "67")]
    public async Task A_workload_comes_in_by_its_id_and_iss_is_not_looked_at()
    {
        var (domain, account) = await DomainAsync();
        var other = await ForeignIssuer.CreateAsync(_server);

        foreach (var iss in new[] { null, "https://nobody.example", other.Issuer, TestServer.Issuer, "", account.ClientId })
        {
            var answer = await domain.AsSvidAsync(Svid(domain, iss));
            Assert.True(answer.Status == 200, $"{iss} {answer.Body}");
            Assert.Equal(account.Id.ToString(), (await _server.IntrospectAsync(answer["access_token"]))["sub"]);
        }

        // Agents hand out the same one for a while.
        var svid = Svid(domain);
        Assert.Equal((200, 200), ((await domain.AsSvidAsync(svid)).Status, (await domain.AsSvidAsync(svid)).Status));
        Assert.Equal((200, 200), ((await domain.ByGrantAsync(svid)).Status, (await domain.AsSubjectAsync(svid)).Status));
    }

    [Theory]
    [InlineData("spiffe://other.example/ns/shop/sa/app", "issuer-known")]
    [InlineData("spiffe://DOMAIN.evil/ns/shop/sa/app", "issuer-known")]
    [InlineData("spiffe://DOMAIN/ns/shop/sa/app2", "trust-rule")]
    [InlineData("spiffe://DOMAIN/ns/shop/sa", "trust-rule")]
    [InlineData("spiffe://DOMAIN", "assertion-subject")]
    [InlineData("spiffe://DOMAIN/", "assertion-subject")]
    [InlineData("spiffe://DOMAIN/ns/../ns/shop/sa/app", "assertion-subject")]
    [InlineData("spiffe://DOMAIN//ns/shop/sa/app", "assertion-subject")]
    [InlineData("spiffe://DOMAIN/ns/shop/sa/app/", "assertion-subject")]
    [InlineData("spiffe://DOMAIN/ns/shop/sa/app?x", "assertion-subject")]
    [InlineData("spiffe://DOMAIN/ns/shop/sa/%61pp", "assertion-subject")]
    [InlineData("SPIFFE://DOMAIN/ns/shop/sa/app", "assertion-subject")]
    [InlineData("spiffe://user@DOMAIN/ns/shop/sa/app", "assertion-subject")]
    [InlineData("spiffe://DOMAIN:443/ns/shop/sa/app", "assertion-subject")]
    [InlineData("job:1", "assertion-subject")]
    [InlineData("", "assertion-subject")]
    [Trait("R", "67")]
    public async Task A_subject_outside_of_the_domain_is_none(string sub, string check)
    {
        var (domain, _) = await DomainAsync();
        var answer = await domain.AsSvidAsync(Svid(domain, change: c => c["sub"] = sub.Replace("DOMAIN", domain.Issuer["spiffe://".Length..], StringComparison.Ordinal)));

        await _server.AssertRefusedAsync(answer, 401, "invalid_client", check);
    }

    [Fact]
    [Trait("R", "67")]
    public async Task Only_the_domains_keys_for_JWT_SVIDs_count()
    {
        var (x509, other) = (Signer.NewKey(), Signer.NewKey());
        var (domain, _) = await DomainAsync(b => b["jwks"]!["keys"]!.AsArray().Add(ForeignIssuer.Set(x509, "x509-svid")["keys"]![0]!.DeepClone()));
        var (neighbour, _) = await DomainAsync(null, other);

        foreach (var key in new[] { x509, other })
        {
            await _server.AssertRefusedAsync(await domain.AsSvidAsync(Svid(domain, key: key)), 401, "invalid_client", "key-known");
        }

        Assert.Equal(200, (await neighbour.AsSvidAsync(Svid(neighbour))).Status);
    }

    [Fact]
    [Trait("R", "67")]
    [Trait("R", "69")]
    public async Task An_SVID_is_for_this_server_alone_and_for_an_hour_at_most()
    {
        var (domain, _) = await DomainAsync(b => b["audiences"] = new JsonArray(TestServer.Issuer, "urn:mesh"));
        (Action<JsonObject> Change, string Check)[] cases =
        [
            (c => c["aud"] = new JsonArray(TestServer.Issuer, "https://other.example"), "assertion-audience"),
            (c => c["aud"] = "urn:mesh", "assertion-audience"),
            (c => c.Remove("aud"), "assertion-audience"),
            (c => c["exp"] = _server.Clock.GetUtcNow().ToUnixTimeSeconds() + 3700, "assertion-time"),
            (c => c["exp"] = 1, "assertion-time"),
            (c => c["cnf"] = new JsonObject { ["jkt"] = "x" }, "token-unbound"),
        ];

        foreach (var (change, check) in cases)
        {
            await _server.AssertRefusedAsync(await domain.AsSvidAsync(Svid(domain, change: change)), 401, "invalid_client", check);
        }

        await _server.AssertRefusedAsync(await domain.AsSvidAsync(Svid(domain, type: "at+jwt")), 401, "invalid_client", "assertion-type");
        Assert.Equal(200, (await domain.AsSvidAsync(Svid(domain, type: "JOSE"))).Status);
    }

    [Fact]
    [Trait("R", "50")]
    [Trait("R", "67")]
    public async Task The_type_is_for_SVIDs_alone()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        var signer = await Signer.CreateAsync(_server);

        await _server.AssertRefusedAsync(await issuer.AsSvidAsync(issuer.Token()), 401, "invalid_client", "assertion-subject");
        await _server.AssertRefusedAsync(await issuer.AsSvidAsync(signer.Assertion()), 401, "invalid_client", "assertion-subject");
        Assert.Equal(400, (await _server.PostAsync("/oauth2/token", ("grant_type", "client_credentials"), ("client_assertion_type", ForeignIssuer.Spiffe))).Status);
    }

    [Fact]
    [Trait("R", "56")]
    public async Task What_a_trust_domain_says_in_iss_uses_up_nobody_elses_token()
    {
        var (issuer, _, _) = await ForeignIssuer.WithRuleAsync(_server);
        var (domain, _) = await DomainAsync(b => b["replay"] = "once");
        var jti = $"{Guid.NewGuid()}";

        Assert.Equal(200, (await domain.AsSvidAsync(Svid(domain, issuer.Issuer, c => c["jti"] = jti))).Status);
        await issuer.TakenAsync(issuer.Token(c => c["jti"] = jti));
        Assert.Equal(401, (await domain.AsSvidAsync(Svid(domain, change: c => c["jti"] = jti))).Status);
    }

    private async Task<(ForeignIssuer Domain, TestAccount Account)> DomainAsync(Action<JsonObject>? change = null, SigningKey? key = null)
    {
        key ??= Signer.NewKey();
        var domain = await ForeignIssuer.CreateAsync(
            _server,
            b =>
            {
                (b["kind"], b["issuer"], b["jwks"]) = ("spiffe", $"spiffe://d{Guid.NewGuid():n}.example", ForeignIssuer.Set(key, "jwt-svid"));
                change?.Invoke(b);
            },
            key);
        var account = await TestAccount.CreateAsync(_server);
        await domain.RuleAsync(account, "sub", "equals", $"{domain.Issuer}/ns/shop/sa/app");

        return (domain, account);
    }

    private static string Svid(ForeignIssuer domain, string? iss = null, Action<JsonObject>? change = null, string type = "JWT", SigningKey? key = null) => domain.Token(
        c =>
        {
            c.Remove("iss");
            c.Remove("jti");
            c["sub"] = $"{domain.Issuer}/ns/shop/sa/app";

            if (iss is not null)
            {
                c["iss"] = iss;
            }

            change?.Invoke(c);
        },
        type,
        key);
}

using System.Net;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>RFC 8693 §2.1: what a request to exchange must hold.</summary>
public sealed class ExchangeFormTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Types = "urn:ietf:params:oauth:token-type:";
    private const string Needed = "subject_token and subject_token_type are needed";

    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("subject_token", null)]
    [InlineData("subject_token", "")]
    [InlineData("subject_token_type", null)]
    [InlineData("subject_token_type", "")]
    [Trait("R", "105")]
    public async Task A_subject_token_and_its_type_are_needed_and_their_lack_makes_no_plain_token(string name, string? value)
    {
        var gateway = await Gateway.MakeAsync(_server);

        // A client with grants and defaults of its own: a token for itself would be near.
        var answer = await gateway.ExchangeAsync(gateway.Subject, await gateway.TokenAsync(), (name, value));

        await gateway.AssertRefusedAsync(answer, "invalid_request", Needed, "subject-token");
    }

    [Theory]
    [InlineData("Subject_token")]
    [InlineData("subject-token")]
    [InlineData("subject_tokens")]
    [InlineData("assertion")]
    [InlineData("token")]
    [Trait("R", "105")]
    public async Task A_mistyped_name_is_no_subject_token(string name)
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();

        var answer = await gateway.ExchangeAsync(gateway.Subject, token, ("subject_token", null), (name, token));

        await gateway.AssertRefusedAsync(answer, "invalid_request", Needed, "subject-token");
    }

    [Theory]
    [InlineData("access_token")]
    [InlineData("Bearer")]
    [InlineData(Types + "Access_Token")]
    [InlineData(Types + "access_token ")]
    [InlineData(Types + "refresh_token")]
    [InlineData(Types + "saml2")]
    [InlineData(Types + "saml1")]
    [Trait("R", "105")]
    [Trait("R", "106")]
    public async Task A_type_that_is_not_one_that_is_taken_is_refused_for_either_token(string type)
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();

        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(token, ("subject_token_type", type)), "invalid_request", "the subject_token_type is not supported", "subject-token-type");
        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(token, ("actor_token", token), ("actor_token_type", type)), "invalid_request", "the actor_token_type is not supported", "actor-token-type");
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("id_token")]
    [Trait("R", "105")]
    [Trait("R", "107")]
    public async Task A_token_of_ours_is_sent_as_the_access_token_that_it_is(string type)
    {
        var gateway = await Gateway.MakeAsync(_server);

        // This server is no issuer that the tenant trusts as a foreign one.
        await gateway.AssertNotTakenAsync(await gateway.ExchangeAsync(await gateway.TokenAsync(), ("subject_token_type", Types + type)), "issuer-known");
    }

    [Fact]
    [Trait("R", "106")]
    public async Task An_actor_token_and_its_type_go_together()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();

        foreach (var change in new (string, string?)[][]
        {
            [("actor_token", token)], [("actor_token_type", Gateway.AccessToken)], [("actor_token", token), ("actor_token_type", "")], [("actor_token", ""), ("actor_token_type", Gateway.AccessToken)],
        })
        {
            await gateway.AssertRefusedAsync(await gateway.ExchangeAsync(token, change), "invalid_request", "actor_token and actor_token_type go together", "actor-token");
        }
    }

    [Theory]
    [InlineData("refresh_token")]
    [InlineData("id_token")]
    [InlineData("saml2")]
    [InlineData("access_tokens")]
    [Trait("R", "113")]
    public async Task Nothing_but_access_tokens_is_issued(string type)
    {
        var gateway = await Gateway.MakeAsync(_server);

        await gateway.AssertRefusedAsync(
            await gateway.ExchangeAsync(await gateway.TokenAsync(), ("requested_token_type", Types + type)), "invalid_request", "only access tokens are issued", "requested-token-type");
    }

    [Theory]
    [InlineData("grant_type")]
    [InlineData("subject_token")]
    [InlineData("subject_token_type")]
    [InlineData("actor_token")]
    [InlineData("actor_token_type")]
    [InlineData("requested_token_type")]
    [InlineData("scope")]
    [Trait("R", "105")]
    public async Task A_parameter_is_sent_once_even_with_the_same_value(string name)
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        var value = Gateway.Form(token, ("requested_token_type", Gateway.AccessToken), ("scope", "read"), ("actor_token", token), ("actor_token_type", Gateway.AccessToken))
            .Single(p => p.Name == name).Value;

        var answer = await gateway.ExchangeAsync(token, (name, value), (name, value));

        await gateway.AssertRefusedAsync(answer, "invalid_request", "a parameter is repeated", "form-parameter-once");
    }

    [Fact]
    [Trait("R", "107")]
    public async Task Who_exchanges_must_say_and_show_who_it_is()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        const string Failed = "client authentication failed";

        var nobody = await _server.PostAsync("/oauth2/token", Gateway.Form(token));
        await gateway.AssertRefusedAsync(nobody, "invalid_client", Failed, "credential-present");

        // The token itself proves nobody, in whatever place it stands.
        var actor = await _server.PostAsync("/oauth2/token", Gateway.Form(token, ("actor_token", token), ("actor_token_type", Gateway.AccessToken)));
        await gateway.AssertRefusedAsync(actor, "invalid_client", Failed, "credential-present");
        var named = await _server.PostAsync("/oauth2/token", Gateway.Form(token, ("client_id", gateway.Subject.ClientId)));
        Assert.Equal((401, "invalid_client"), (named.Status, named["error"]));
        var bearer = TestServer.Form("/oauth2/token", Gateway.Form(token));
        bearer.Headers.Authorization = new("Bearer", token);
        var borne = await _server.SendAsync(bearer);
        Assert.Equal((401, "invalid_client"), (borne.Status, borne["error"]));

        var wrong = await gateway.ExchangeAsync(gateway.Client with { Secret = gateway.Subject.Secret }, token);
        await gateway.AssertRefusedAsync(wrong, "invalid_client", Failed, "secret-matches");

        // Whoever is refused learns nothing of the token: a good one and rubbish read the same.
        var rubbish = await gateway.ExchangeAsync(gateway.Client with { Secret = gateway.Subject.Secret }, "rubbish");
        await gateway.AssertRefusedAsync(rubbish, "invalid_client", Failed, "secret-matches");
    }

    [Theory]
    [InlineData("client_secret_post")]
    [InlineData("private_key_jwt")]
    [Trait("R", "107")]
    public async Task The_client_may_authenticate_by_any_method(string method)
    {
        var gateway = await Gateway.MakeAsync(_server);
        var signer = await Signer.CreateAsync(_server);
        await gateway.RuleAsync(new TestAccount(_server, signer.Id, signer.ClientId, default, ""), [(gateway.Orders, ["read"])]);
        (string, string?)[] proof = method == "private_key_jwt"
            ? [("client_assertion_type", Signer.AssertionType), ("client_assertion", signer.Assertion())]
            : [("client_id", gateway.Client.ClientId), ("client_secret", gateway.Client.Secret)];

        var answer = await _server.PostAsync("/oauth2/token", Gateway.Form(await gateway.TokenAsync(), proof));

        Assert.Equal("read", (await gateway.ReadAsync(Gateway.Token(answer))).GetProperty("scope").GetString());
    }

    [Fact]
    [Trait("R", "105")]
    public async Task A_subject_token_means_nothing_to_another_grant()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var answer = await gateway.ExchangeAsync(gateway.Subject, await TokenOfClientAsync(), ("grant_type", "client_credentials"));

        var read = await gateway.ReadAsync(Gateway.Token(answer));
        Assert.Equal(gateway.Subject.Id.ToString(), read.GetProperty("sub").GetString());
        Assert.False(read.TryGetProperty("act", out _) || answer.Json.TryGetProperty("issued_token_type", out _));

        async Task<string> TokenOfClientAsync()
        {
            await gateway.Client.GrantAsync(gateway.Orders.Identifier, ["delete"]);

            return await Gateway.TokenOfAsync(gateway.Client, gateway.Orders.Identifier, "delete");
        }
    }

    [Fact]
    [Trait("R", "118")]
    public async Task Nothing_of_the_token_is_in_an_answer_a_reason_or_the_log()
    {
        var gateway = await Gateway.MakeAsync(_server);
        var token = await gateway.TokenAsync();
        const string Canary = "canary0815canary0815canary0815";
        var spoilt = token[..^30] + Canary;
        var answers = new[]
        {
            await gateway.ExchangeAsync(spoilt), await gateway.ExchangeAsync(token, ("actor_token", spoilt), ("actor_token_type", Gateway.AccessToken)),
            await gateway.ExchangeAsync(spoilt, ("subject_token_type", Gateway.Jwt)), await gateway.ExchangeAsync(token, ("subject_token_type", Canary)),
            await gateway.ExchangeAsync(token, ("requested_token_type", Canary)),
        };

        Assert.All(answers, a => Assert.Equal((int)HttpStatusCode.BadRequest, a.Status));
        Assert.All(answers, a => Assert.DoesNotContain(Canary, a.Body, StringComparison.Ordinal));
        Assert.DoesNotContain(Canary, (await gateway.AdminAsync(HttpMethod.Get, "/audit-events?limit=200")).Body, StringComparison.Ordinal);

        foreach (var answer in answers)
        {
            Assert.DoesNotContain(Canary, (await _server.ExplainAsync(answer)).GetRawText(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(_server.Log.All, line => line.Contains(Canary, StringComparison.Ordinal));
    }
}

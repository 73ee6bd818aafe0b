using System.Diagnostics;
using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class ClientCredentialsGrantTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("password")]
    [InlineData("implicit")]
    [InlineData("authorization_code")]
    [InlineData("refresh_token")]
    [InlineData("urn:ietf:params:oauth:grant-type:saml2-bearer")]
    [InlineData("CLIENT_CREDENTIALS")]
    [InlineData("client_credentials ")]
    [InlineData(" client_credentials")]
    [InlineData("client-credentials")]
    [Trait("R", "21")]
    public async Task A_grant_type_of_others_is_not_known(string grantType)
    {
        var account = _server.Demo.ServiceAccount;

        var answer = await _server.PostAsAsync(
            account.ClientId, account.ClientSecret, "/oauth2/token", ("grant_type", grantType), ("username", account.ClientId), ("password", account.ClientSecret));

        await _server.AssertRefusedAsync(answer, 400, "unsupported_grant_type", "grant-type");
    }

    [Theory]
    [InlineData(" read")]
    [InlineData("read ")]
    [InlineData("read  write")]
    [InlineData(" ")]
    [InlineData("read\u00a0write")]
    [InlineData("read\"")]
    [InlineData("read\\")]
    [InlineData("r\u00e9ad")]
    [InlineData("\u0440ead")]
    [InlineData("read\ufeff")]
    [Trait("R", "27")]
    public async Task A_malformed_scope_is_an_invalid_scope(string scope) =>
        await _server.AssertRefusedAsync(await _server.TokenAsync(("scope", scope)), 400, "invalid_scope", "scope-syntax");

    [Theory]
    [InlineData("read\twrite")]
    [InlineData("read\nwrite")]
    [InlineData("read\0")]
    [Trait("R", "27")]
    [Trait("R", "12")]
    public async Task A_control_character_in_a_scope_is_refused_by_the_form(string scope) =>
        await _server.AssertRefusedAsync(await _server.TokenAsync(("scope", scope)), 400, "invalid_request", "form-syntax");

    [Theory]
    [InlineData(4097, 1, false)]
    [InlineData(60_000, 1, true)]
    [InlineData(2, 201, true)]
    [InlineData(2, 20_000, false)]
    [Trait("R", "28")]
    public async Task An_endless_scope_is_refused_at_once_known_client_or_not(int length, int tokens, bool authenticated)
    {
        var scope = string.Join(' ', Enumerable.Range(0, tokens).Select(i => length > 10 ? new string('s', length) : "s"));
        (string, string)[] form = [("grant_type", "client_credentials"), ("scope", scope)];
        var account = _server.Demo.ServiceAccount;
        var fastest = TimeSpan.MaxValue;
        Answer? answer = null;

        // The fastest of some: what else the machine does is not meant.
        for (var i = 0; i < 20; i++)
        {
            var request = TestServer.Form("/oauth2/token", form);
            request.Headers.Authorization = TestServer.Basic(account.ClientId, authenticated ? account.ClientSecret : "wrong");
            var began = Stopwatch.GetTimestamp();
            answer = await _server.SendAsync(request);
            fastest = TimeSpan.FromTicks(Math.Min(fastest.Ticks, Stopwatch.GetElapsedTime(began).Ticks));
        }

        await _server.AssertRefusedAsync(answer!, 400, "invalid_scope", "scope-syntax");
        Assert.InRange(fastest.TotalMilliseconds, 0, 5);
    }

    [Theory]
    [InlineData("read write", "read write")]
    [InlineData("write read", "write read")]
    [InlineData("read read write read", "read write")]
    [InlineData("read", "read")]
    [Trait("R", "29")]
    public async Task Order_and_repetition_of_scopes_say_nothing(string asked, string granted)
    {
        var answer = await _server.TokenAsync(("scope", asked));

        Assert.Equal((200, granted), (answer.Status, answer["scope"]));
    }

    [Theory]
    [InlineData("Read")]
    [InlineData("READ")]
    [InlineData("read write admin")]
    [InlineData("admin")]
    [InlineData("read,write")]
    [InlineData("*")]
    [InlineData("accounts.read")]
    [InlineData("delete")]
    [Trait("R", "29")]
    [Trait("R", "30")]
    public async Task A_scope_that_is_unknown_and_one_that_is_not_granted_read_the_same(string scope)
    {
        var account = await TestAccount.CreateAsync(_server, granted: false);
        await account.GrantAsync(_server.Demo.Api.Identifier, ["read"]);

        var unknown = await account.TokenAsync(("scope", scope));
        var ungranted = await account.TokenAsync(("scope", "write"));

        Assert.Equal(unknown.Body.Replace(unknown.Trace, "", StringComparison.Ordinal), ungranted.Body.Replace(ungranted.Trace, "", StringComparison.Ordinal));
        await _server.AssertRefusedAsync(unknown, 400, "invalid_scope", "scope-granted");
        await _server.AssertRefusedAsync(ungranted, 400, "invalid_scope", "scope-granted");
    }

    [Fact]
    [Trait("R", "30")]
    public async Task The_private_reason_tells_what_the_account_holds_and_what_to_do()
    {
        var account = await TestAccount.CreateAsync(_server);

        var explanation = await _server.ExplainAsync(await account.TokenAsync(("scope", "delete")));

        Assert.Equal(
            ("token", "refused", "invalid_scope", account.ClientId, account.Id.ToString(), account.SecretId.ToString(), "127.0.0.1", "client_secret_basic"),
            (Text("kind"), Text("outcome"), Text("error"), Text("client_id"), Text("account"), Text("credential"), Text("source"), Text("method")));
        var failed = explanation.GetProperty("checks").EnumerateArray().Last();
        Assert.Equal(("scope-granted", "delete", "read write"), (Of(failed, "check"), Of(failed, "got"), Of(failed, "expected")));
        Assert.Equal(Of(failed, "hint"), Text("hint"));
        Assert.Equal(
            ["request-form", "client-known", "method-registered", "secret-matches", "secret-not-expired", "secret-not-retired", "account-enabled", "scope-granted"],
            explanation.GetProperty("checks").EnumerateArray().Select(c => Of(c, "check")));

        string? Text(string member) => Of(explanation, member);
        static string? Of(JsonElement json, string member) => json.GetProperty(member).GetString();
    }

    [Fact]
    [Trait("R", "30")]
    public async Task A_malformed_request_is_explained_with_the_client_that_it_claims_to_be()
    {
        var account = await TestAccount.CreateAsync(_server);

        var explanation = await _server.ExplainAsync(await account.TokenAsync(("scope", "read  write")));

        Assert.Equal(account.ClientId, explanation.GetProperty("client_id").GetString());
    }

    [Fact]
    [Trait("R", "31")]
    public async Task Without_a_scope_the_default_is_granted_and_where_none_is_nothing()
    {
        var some = await TestAccount.CreateAsync(_server);
        var none = await TestAccount.CreateAsync(_server, granted: false);
        await none.GrantAsync(_server.Demo.Api.Identifier, ["read", "write"]);
        var nothing = await TestAccount.CreateAsync(_server, granted: false);

        foreach (var asked in new (string, string)[][] { [], [("scope", "")], [("resource", _server.Demo.Api.Identifier)] })
        {
            var answer = await some.TokenAsync(asked);
            Assert.Equal((200, "read"), (answer.Status, answer["scope"]));

            await _server.AssertRefusedAsync(await none.TokenAsync(asked), 400, "invalid_scope", "scope-asked");
        }

        await _server.AssertRefusedAsync(await nothing.TokenAsync(), 400, "invalid_scope", "scope-asked");
        await _server.AssertRefusedAsync(await nothing.TokenAsync(("resource", _server.Demo.Api.Identifier)), 400, "invalid_target", "resource-granted");
    }

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("R", "96")]
    [Trait("R", "97")]
    public async Task The_answer_has_four_members_and_is_not_stored(string format)
    {
        var account = await TestAccount.CreateAsync(_server);
        await account.AdminAsync(HttpMethod.Patch, "", new { access_token = new { format } });

        var answer = await account.TokenAsync(("scope", "write read"));

        Assert.Equal(["access_token", "token_type", "expires_in", "scope"], answer.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal(("Bearer", "write read"), (answer["token_type"], answer["scope"]));
        Assert.Equal(JsonValueKind.Number, answer.Json.GetProperty("expires_in").ValueKind);
        Assert.Equal("3600", answer["expires_in"]);
        Assert.Equal(("no-store", "no-cache"), (answer.Headers["Cache-Control"], answer.Headers["Pragma"]));
    }

    [Fact]
    [Trait("R", "98")]
    public async Task Nothing_that_is_sent_chooses_the_subject()
    {
        var account = await TestAccount.CreateAsync(_server, "a-client-with-a-name-of-its-own");
        var other = _server.Demo.Admin.ClientId;

        var token = IndependentJwt.Read((await account.TokenAsync(
            ("sub", other), ("subject", other), ("user_id", other), ("requested_subject", other), ("iss", "https://evil.example"), ("aud", "urn:other"),
            ("jti", "x"), ("exp", "99999999999"), ("cred", other)))["access_token"]);

        Assert.Equal((account.Id.ToString(), account.ClientId), (token.Claim("sub"), token.Claim("client_id")));
        Assert.Equal((account.SecretId.ToString(), TestServer.Issuer, _server.Demo.Api.Identifier), (token.Claim("cred"), token.Claim("iss"), token.Claim("aud")));
    }

    [Fact]
    [Trait("R", "30")]
    public async Task A_scope_taken_from_the_API_or_the_grant_is_no_longer_given()
    {
        var api = await TestApi.CreateAsync(_server, "one", "two", "three");
        var account = await TestAccount.CreateAsync(_server, granted: false);
        await account.GrantAsync(api.Identifier, ["one", "two"], ["one", "two"]);

        await api.AdminAsync(HttpMethod.Patch, new { scopes = new[] { new { name = "one" }, new { name = "three" } } });

        Assert.Equal("one", (await account.TokenAsync())["scope"]);
        await _server.AssertRefusedAsync(await account.TokenAsync(("scope", "two")), 400, "invalid_scope", "scope-granted");

        await api.AdminAsync(HttpMethod.Delete);

        await _server.AssertRefusedAsync(await account.TokenAsync(("scope", "one")), 400, "invalid_scope", "scope-granted");
    }
}

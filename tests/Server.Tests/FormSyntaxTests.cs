using System.Text;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class FormSyntaxTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Grant = "grant_type=client_credentials";

    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("%")]
    [InlineData("%4")]
    [InlineData("%4g")]
    [InlineData("%g4")]
    [InlineData("% 41")]
    [InlineData("%+1")]
    [InlineData("%u0041")]
    [InlineData("%%41")]
    [InlineData("%00")]
    [InlineData("%09")]
    [InlineData("%0A")]
    [InlineData("%0d")]
    [InlineData("%1F")]
    [InlineData("%7F")]
    [InlineData("%C2%80")]
    [InlineData("%C2%9F")]
    [InlineData("%80")]
    [InlineData("%C3%28")]
    [InlineData("%C0%80")]
    [InlineData("%E0%80%AF")]
    [InlineData("%ED%A0%80")]
    [InlineData("%F4%90%80%80")]
    [InlineData("%FF")]
    [InlineData("\0")]
    [InlineData("\t")]
    [InlineData("\r\n")]
    [InlineData("\u007f")]
    [InlineData("\u0080")]
    [InlineData("\u00c3(")]
    [InlineData("\u00ff")]
    [Trait("R", "12")]
    public async Task A_malformed_escape_or_character_spoils_the_whole_form(string bad)
    {
        foreach (var body in new[] { $"{Grant}&{bad}=x", $"{Grant}&x=a{bad}z", $"scope=read{bad}&{Grant}", $"{Grant}{bad}" })
        {
            var answer = await PostAsync("/oauth2/token", body);
            Assert.Equal((400, "invalid_request"), (answer.Status, answer["error"]));
        }

        await _server.AssertRefusedAsync(await PostAsync("/oauth2/token", $"{Grant}&x={bad}"), 400, "invalid_request", "form-syntax");
    }

    [Theory]
    [InlineData("/oauth2/introspect")]
    [InlineData("/oauth2/revoke")]
    [Trait("R", "12")]
    [Trait("R", "23")]
    public async Task The_other_endpoints_read_their_form_as_strictly(string path)
    {
        await _server.AssertRefusedAsync(await PostAsync(path, "token=%zz"), 400, "invalid_request", "form-syntax");
        await _server.AssertRefusedAsync(await PostAsync(path, "token=a&token=a"), 400, "invalid_request", "form-parameter-once");
        await _server.AssertRefusedAsync(await PostAsync(path, "token=a&resource=b&resource=c"), 400, "invalid_request", "form-parameter-once");
        await _server.AssertRefusedAsync(await PostAsync(path, "Token=a"), 400, "invalid_request", "token-present");
        await _server.AssertRefusedAsync(await PostAsync(path, "token="), 400, "invalid_request", "token-present");
    }

    [Theory]
    [InlineData("Grant_Type=client_credentials", "grant-type")]
    [InlineData("GRANT_TYPE=client_credentials", "grant-type")]
    [InlineData("grant_type%20=client_credentials", "grant-type")]
    [InlineData("+grant_type=client_credentials", "grant-type")]
    [InlineData("scope=read;grant_type=client_credentials", "grant-type")]
    [InlineData("", "grant-type")]
    [InlineData("&&&", "grant-type")]
    [InlineData("grant_type", "grant-type")]
    [InlineData("grant_type=", "grant-type")]
    [InlineData("=client_credentials", "grant-type")]
    [Trait("R", "13")]
    [Trait("R", "21")]
    [Trait("R", "22")]
    public async Task A_name_is_itself_and_no_other(string body, string check) =>
        await _server.AssertRefusedAsync(await PostAsync("/oauth2/token", body), 400, "invalid_request", check);

    [Fact]
    [Trait("R", "13")]
    public async Task A_semicolon_separates_nothing() => await _server.AssertRefusedAsync(
        await PostAsync("/oauth2/token", $"{Grant};scope=read"), 400, "unsupported_grant_type", "grant-type");

    [Theory]
    [InlineData($"{Grant}&scope=read+write", "read write")]
    [InlineData($"{Grant}&scope=read%20write", "read write")]
    [InlineData($"&&{Grant}&&scope=write&", "write")]
    [InlineData("grant%5ftype=client%5Fcredentials&sco%70e=%72ead", "read")]
    [InlineData($"{Grant}&Scope=write", "read")]
    [InlineData($"{Grant}&scope=", "read")]
    [InlineData($"{Grant}&scope", "read")]
    [InlineData($"{Grant}&client_secret=&client_id=&client_assertion=&client_assertion_type=&resource=", "read")]
    [Trait("R", "13")]
    [Trait("R", "22")]
    public async Task What_is_sent_empty_counts_as_absent_and_a_plus_is_a_space(string body, string scope)
    {
        var answer = await PostAsync("/oauth2/token", body);

        Assert.Equal((200, scope), (answer.Status, answer["scope"]));
    }

    [Theory]
    [InlineData("grant_type=client_credentials")]
    [InlineData("grant_type=")]
    [InlineData("grant%5Ftype=client_credentials")]
    [InlineData("scope=read&scope=read")]
    [InlineData("scope=read&scope=")]
    [InlineData("scope&scope")]
    [InlineData("client_id=a&client_id=a")]
    [InlineData("client_secret=&client_secret=")]
    [InlineData("unknown=1&unknown=2")]
    [InlineData("unknown=1&unknown=1")]
    [InlineData("a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=1&k=2&l=3&m=4&n=5&o=6&p=7&q=8&r=9&a=1")]
    [InlineData("=a&=b")]
    [Trait("R", "23")]
    public async Task A_repeated_parameter_is_refused_whatever_it_says(string more) =>
        await _server.AssertRefusedAsync(await PostAsync("/oauth2/token", $"{Grant}&{more}"), 400, "invalid_request", "form-parameter-once");

    [Fact]
    [Trait("R", "23")]
    public async Task Resource_may_be_repeated()
    {
        var api = _server.Demo.Api.Identifier;

        Assert.Equal(200, (await PostAsync("/oauth2/token", $"{Grant}&resource={api}&resource={api}")).Status);
    }

    [Fact]
    [Trait("R", "24")]
    public async Task Unknown_parameters_are_ignored_however_many_and_kept_nowhere()
    {
        const string Canary = "canary_value_of_an_unknown_parameter";
        var many = new StringBuilder(Grant);

        for (var i = 0; many.Length < 65_000; i++)
        {
            many.Append(System.Globalization.CultureInfo.InvariantCulture, $"&p{i}=x");
        }

        var answer = await PostAsync("/oauth2/token", many.ToString());
        var issued = await PostAsync("/oauth2/token", $"{Grant}&audit={Canary}&{Canary}=x");
        var refused = await PostAsync("/oauth2/token", $"{Grant}&scope=unknown&audit={Canary}&{Canary}=x");

        Assert.Equal((200, 200), (answer.Status, issued.Status));
        await _server.AssertRefusedAsync(refused, 400, "invalid_scope", "scope-granted");
        Assert.DoesNotContain(Canary, refused.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, (await _server.AdminAsync(HttpMethod.Get, "/audit-events?limit=200")).Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, (await _server.ExplainAsync(refused)).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(_server.Log.All, line => line.Contains(Canary, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("assertion=a.b.c")]
    [InlineData("code=abc&redirect_uri=https://evil.example&code_verifier=x")]
    [InlineData("refresh_token=abc")]
    [InlineData("username=admin&password=admin")]
    [InlineData("subject_token=a&subject_token_type=b&actor_token=c&requested_token_type=d")]
    [InlineData("device_code=x&auth_req_id=y")]
    [InlineData("token=x&token_type_hint=access_token")]
    [Trait("R", "25")]
    public async Task Parameters_of_other_grants_change_nothing(string more)
    {
        var answer = await PostAsync("/oauth2/token", $"{Grant}&{more}");

        Assert.Equal((200, "read"), (answer.Status, answer["scope"]));
    }

    [Theory]
    [InlineData("client_secret")]
    [InlineData("client_assertion")]
    [InlineData("token")]
    [InlineData("assertion")]
    [InlineData("password")]
    [InlineData("client%5Fsecret")]
    [InlineData("x=y&token")]
    [InlineData("client_secret=&token")]
    [Trait("R", "14")]
    public async Task A_secret_in_the_query_is_refused(string name)
    {
        foreach (var path in new[] { "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke" })
        {
            await _server.AssertRefusedAsync(await PostAsync($"{path}?{name}=x", $"{Grant}&token=x"), 400, "invalid_request", "query");
        }
    }

    [Theory]
    [InlineData("?grant_type=client_credentials", "", 400)]
    [InlineData("?scope=write", Grant, 200)]
    [InlineData("?client_id=somebody&resource=urn:other&scope=x", Grant, 200)]
    [InlineData("?grant_type=password&grant_type=x&%zz=%00", Grant, 200)]
    [Trait("R", "14")]
    public async Task The_query_is_not_read(string query, string body, int status)
    {
        var answer = await PostAsync("/oauth2/token" + query, body);

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 200 ? "read" : "invalid_request", answer[status == 200 ? "scope" : "error"]);
    }

    // Each character a byte, so that a case can hold what is no UTF-8.
    private Task<Answer> PostAsync(string path, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body)) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-www-form-urlencoded");
        request.Headers.Authorization = TestServer.Basic(_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);

        return _server.SendAsync(request);
    }
}

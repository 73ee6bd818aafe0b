using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class HttpMethodTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    public static TheoryData<string, string, string> WrongMethods()
    {
        var cases = new TheoryData<string, string, string>();

        foreach (var path in new[] { "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke" })
        {
            foreach (var method in new[] { "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND" })
            {
                cases.Add(method, path, "POST");
            }
        }

        foreach (var path in new[] { "/oauth2/jwks", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/health/live" })
        {
            foreach (var method in new[] { "POST", "PUT", "DELETE", "OPTIONS", "TRACE" })
            {
                cases.Add(method, path, "GET");
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(WrongMethods))]
    [Trait("R", "9")]
    [Trait("R", "119")]
    public async Task A_wrong_method_gets_405_and_the_right_one_named(string method, string path, string allowed)
    {
        var answer = Answer.Of(await RawHttp.SendAsync(
            _server, $"{method} {path}?token=x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\nX-HTTP-Method-Override: {allowed}\r\nX-Method-Override: {allowed}\r\n\r\n"));

        Assert.Equal((405, allowed), (answer.Status, answer.Headers["Allow"]));
        Assert.DoesNotContain("X-HTTP-Method-Override", answer.Body, StringComparison.Ordinal);

        if (method != "HEAD")
        {
            Assert.Equal("invalid_request", answer["error"]);
        }
    }

    [Theory]
    [InlineData("post")]
    [InlineData("Post")]
    [Trait("R", "9")]
    public async Task A_method_in_another_letter_case_is_another_method(string method)
    {
        var answer = await RawHttp.SendAsync(
            _server,
            $"{method} /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\ngrant_type=client_credentials");

        Assert.Equal((400, 1, true), (answer.Status, answer.Count, answer.Closed));
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-HTTP-Method")]
    [InlineData("X-Method-Override")]
    [Trait("R", "9")]
    public async Task A_header_does_not_override_the_method(string header)
    {
        var request = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"), ("_method", "DELETE"));
        request.Headers.Authorization = TestServer.Basic(_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);
        request.Headers.Add(header, "DELETE");

        Assert.Equal(200, (await _server.SendAsync(request)).Status);
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("GET")]
    [InlineData("TRACE")]
    [Trait("R", "9")]
    public async Task Nothing_but_POST_issues_or_revokes(string method)
    {
        var token = await _server.AccessTokenAsync();
        var issuing = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"));
        var revoking = TestServer.Form("/oauth2/revoke", ("token", token));

        foreach (var request in new[] { issuing, revoking })
        {
            // HttpClient sends no body with TRACE.
            request.Content = method == "TRACE" ? null : request.Content;
            request.Method = new HttpMethod(method);
            request.Headers.Authorization = TestServer.Basic(_server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret);
            var answer = await _server.SendAsync(request);

            Assert.Equal(405, answer.Status);
            Assert.DoesNotContain("access_token", answer.Body, StringComparison.Ordinal);
        }

        Assert.Equal("True", (await _server.IntrospectAsync(token))["active"]);
    }
}

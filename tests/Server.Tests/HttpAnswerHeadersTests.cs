using System.Net.Http.Headers;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class HttpAnswerHeadersTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("POST", "/oauth2/token", 400, "application/json")]
    [InlineData("POST", "/oauth2/introspect", 400, "application/json")]
    [InlineData("POST", "/oauth2/revoke", 400, "application/json")]
    [InlineData("GET", "/oauth2/token", 405, "application/json")]
    [InlineData("GET", "/oauth2/jwks", 200, "application/json")]
    [InlineData("GET", "/.well-known/oauth-authorization-server", 200, "application/json")]
    [InlineData("GET", "/.well-known/openid-configuration", 200, "application/json")]
    [InlineData("GET", "/.well-known/other", 404, "application/json")]
    [InlineData("GET", "/", 404, "application/json")]
    [InlineData("GET", "/health/live", 200, "application/json; charset=utf-8")]
    [InlineData("GET", "/health/ready", 200, "application/json; charset=utf-8")]
    [InlineData("GET", "/admin/v1/whoami", 401, "application/problem+json")]
    [InlineData("GET", "/admin/v1/openapi.json", 200, "application/json; charset=utf-8")]
    [InlineData("GET", "/admin/v1/nothing", 404, "application/problem+json")]
    [InlineData("PUT", "/admin/v1/whoami", 405, "application/problem+json")]
    [InlineData("GET", "/admin", 404, "application/problem+json")]
    [Trait("R", "17")]
    public async Task Every_answer_says_what_it_is_and_nothing_of_the_server(string method, string path, int status, string type)
    {
        var answer = await _server.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal((status, type), (answer.Status, answer.Headers["Content-Type"]));
        Assert.Equal(("nosniff", "no-referrer"), (answer.Headers["X-Content-Type-Options"], answer.Headers["Referrer-Policy"]));
        Assert.DoesNotContain(answer.Headers.Keys, h => h is "Server" or "X-Powered-By" or "Via" or "Strict-Transport-Security");
        Assert.DoesNotContain("estrel", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("R", "17")]
    public async Task Issued_tokens_and_success_without_a_body_carry_the_same_headers()
    {
        var issued = await _server.TokenAsync();
        var revoked = await _server.PostAsAsync(
            _server.Demo.ServiceAccount.ClientId, _server.Demo.ServiceAccount.ClientSecret, "/oauth2/revoke", ("token", issued["access_token"]));

        foreach (var answer in new[] { issued, revoked })
        {
            Assert.Equal(200, answer.Status);
            Assert.Equal(("nosniff", "no-referrer"), (answer.Headers["X-Content-Type-Options"], answer.Headers["Referrer-Policy"]));
            Assert.DoesNotContain("Server", answer.Headers.Keys);
        }
    }

    [Theory]
    [InlineData("POST", "/oauth2/token")]
    [InlineData("POST", "/oauth2/introspect")]
    [InlineData("POST", "/oauth2/revoke")]
    [InlineData("GET", "/oauth2/token")]
    [InlineData("GET", "/oauth2/revoke")]
    [InlineData("DELETE", "/oauth2/introspect")]
    [Trait("R", "97")]
    public async Task No_refusal_of_a_token_endpoint_is_stored(string method, string path)
    {
        var empty = new HttpRequestMessage(new HttpMethod(method), path);
        var foreign = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { Host = "foreign.example" } };
        var encoded = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent([1]) };
        encoded.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        encoded.Content.Headers.ContentEncoding.Add("gzip");

        foreach (var request in new[] { empty, foreign, encoded })
        {
            var answer = await _server.SendAsync(request);

            Assert.InRange(answer.Status, 400, 499);
            Assert.Equal(("no-store", "no-cache"), (answer.Headers["Cache-Control"], answer.Headers["Pragma"]));
        }
    }

    [Theory]
    [InlineData("OPTIONS", "/oauth2/token", "https://app.example")]
    [InlineData("OPTIONS", "/oauth2/introspect", "null")]
    [InlineData("OPTIONS", "/admin/v1/service-accounts", "https://app.example")]
    [InlineData("POST", "/oauth2/token", "https://app.example")]
    [InlineData("POST", "/oauth2/revoke", "null")]
    [InlineData("GET", "/admin/v1/whoami", "https://app.example")]
    [InlineData("GET", "/oauth2/jwks", "https://app.example")]
    [InlineData("GET", "/.well-known/openid-configuration", "https://app.example")]
    [Trait("R", "18")]
    public async Task No_origin_is_let_in(string method, string path, string origin)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization");
        request.Headers.Add("Access-Control-Request-Private-Network", "true");

        var answer = await _server.SendAsync(request);

        Assert.DoesNotContain(answer.Headers.Keys, h => h.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(origin, string.Join(' ', answer.Headers.Values), StringComparison.Ordinal);
    }
}

using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class HttpPathTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("/admin/v1/whoami")]
    [InlineData("/ADMIN/V1/WhoAmI")]
    [InlineData("/admin/v1/whoami/")]
    [InlineData("//admin/v1/whoami")]
    [InlineData("///admin/v1/whoami")]
    [InlineData("/admin//v1/whoami")]
    [InlineData("/admin/v1//whoami")]
    [InlineData("/admin/v1/whoami//")]
    [InlineData("/./admin/v1/whoami")]
    [InlineData("/admin/./v1/whoami")]
    [InlineData("/oauth2/../admin/v1/whoami")]
    [InlineData("/oauth2/token/../../admin/v1/whoami")]
    [InlineData("/oauth2/%2e%2e/admin/v1/whoami")]
    [InlineData("/oauth2/.%2E/admin/v1/whoami")]
    [InlineData("/oauth2/..;/admin/v1/whoami")]
    [InlineData("/oauth2/..%2fadmin/v1/whoami")]
    [InlineData("/oauth2/%252e%252e/admin/v1/whoami")]
    [InlineData("/health/../admin/v1/whoami")]
    [InlineData("/health/%2e%2e/admin/v1/whoami")]
    [InlineData("/health/live/..%2f..%2fadmin/v1/whoami")]
    [InlineData("/health%2f..%2fadmin/v1/whoami")]
    [InlineData("/%61dmin/v1/whoami")]
    [InlineData("/%2561dmin/v1/whoami")]
    [InlineData("/admin%2fv1%2fwhoami")]
    [InlineData("/admin/v1/whoami%00")]
    [InlineData("/admin/v1/whoami%20")]
    [InlineData("/admin/v1/whoami.json")]
    [InlineData("/admin/v1/whoami;x=y")]
    [InlineData("/admin/v1/openapi.json/../whoami")]
    [InlineData("/admin/v1/setup/../whoami")]
    [InlineData("/admin\\v1\\whoami")]
    [InlineData("/oauth2\\..\\admin/v1/whoami")]
    [InlineData("/%EF%BC%8Fadmin/v1/whoami")]
    [InlineData("http://127.0.0.1/admin/v1/whoami")]
    [Trait("R", "19")]
    public async Task No_spelling_of_a_path_gets_past_the_check_of_its_endpoint(string target)
    {
        var answer = await GetAsync(target, "");

        Assert.Contains(answer.Status, (int[])[400, 401, 404]);
        Assert.DoesNotContain("client_id", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ADMIN/v1/whoami")]
    [InlineData("/admin/v1/whoami/")]
    [InlineData("/oauth2/../admin/v1/whoami")]
    [InlineData("/%61dmin/v1/whoami")]
    [Trait("R", "19")]
    public async Task A_spelling_that_leads_to_an_endpoint_meets_its_whole_check(string target)
    {
        var ordinary = await _server.AccessTokenAsync();
        var admin = await _server.AdminTokenAsync(_server.Demo.Admin.ClientId, _server.Demo.Admin.ClientSecret);

        Assert.Equal(401, (await GetAsync(target, $"Authorization: Bearer {ordinary}\r\n")).Status);
        Assert.Equal(200, (await GetAsync(target, $"Authorization: Bearer {admin}\r\n")).Status);
    }

    [Theory]
    [InlineData("/admin/../oauth2/token")]
    [InlineData("/OAUTH2/Token")]
    [InlineData("/oauth2/token/")]
    [InlineData("/admin/v1/%2e%2e/%2e%2e/oauth2/token")]
    [Trait("R", "19")]
    public async Task The_token_endpoint_asks_for_the_secret_under_every_spelling(string target)
    {
        var answer = await RawHttp.SendAsync(
            _server,
            $"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\ngrant_type=client_credentials");

        Assert.Equal(401, answer.Status);
        Assert.Equal("invalid_client", Answer.Of(answer)["error"]);
    }

    private Task<RawAnswer> GetAsync(string target, string headers) =>
        RawHttp.SendAsync(_server, $"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n");
}

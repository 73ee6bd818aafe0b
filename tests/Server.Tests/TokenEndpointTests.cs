using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class TokenEndpointTests
{
    [Fact]
    [Trait("R", "96")]
    [Trait("R", "97")]
    public async Task A_client_secret_gets_a_token()
    {
        await using var server = await TestServer.StartAsync();

        var answer = await server.TokenAsync(("scope", "write read"));

        Assert.Equal(200, answer.Status);
        Assert.Equal(["access_token", "token_type", "expires_in", "scope"], answer.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal(("Bearer", "3600", "write read"), (answer["token_type"], answer["expires_in"], answer["scope"]));
        Assert.Equal(("no-store", "no-cache"), (answer.Headers["Cache-Control"], answer.Headers["Pragma"]));
    }

    [Fact]
    [Trait("R", "38")]
    public async Task A_wrong_secret_and_an_unknown_client_read_the_same()
    {
        await using var server = await TestServer.StartAsync();

        var wrong = await server.PostAsAsync(server.Demo.ServiceAccount.ClientId, "wrong", "/oauth2/token", ("grant_type", "client_credentials"));
        var unknown = await server.PostAsAsync("nobody", "wrong", "/oauth2/token", ("grant_type", "client_credentials"));

        Assert.Equal(wrong.Body.Replace(wrong.Trace, "", StringComparison.Ordinal), unknown.Body.Replace(unknown.Trace, "", StringComparison.Ordinal));
        Assert.Equal(wrong.Headers.Keys.Order(), unknown.Headers.Keys.Order());
        await server.AssertRefusedAsync(wrong, 401, "invalid_client", "secret-matches");
        await server.AssertRefusedAsync(unknown, 401, "invalid_client", "client-known");
    }
}

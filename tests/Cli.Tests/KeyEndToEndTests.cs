using System.Text.Json;
using Countersign.Cli.Keys;

namespace Countersign.Cli.Tests;

public sealed class KeyEndToEndTests(DevServer server) : IClassFixture<DevServer>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("client_credentials")]
    [InlineData("jwt-bearer")]
    public async Task A_pair_made_here_gets_a_token_once_its_public_half_is_added(string grant)
    {
        var account = $"signs-{grant.Replace('_', '-')}";
        await AccountAsync(account);
        await server.JsonAsync("key", "generate", "--out", _folder.Path("private.pem"), "--public-out", _folder.Path("public.jwk"));
        string[] ask = ["token", "--issuer", server.Issuer, "--client-id", account, "--key", _folder.Path("private.pem"), "--grant", grant];

        Assert.Equal(4 - (grant == "jwt-bearer" ? 3 : 0), (await server.RunAsync(ask)).Code);

        var key = await server.JsonAsync("key", "add", account, "--file", _folder.Path("public.jwk"));
        var token = await server.RunAsync(ask);
        Assert.Equal((0, ""), (token.Code, token.Error));

        var claims = await server.RunWithInputAsync(token.Out, "jwt", "verify", "--keys", server.Issuer + "/oauth2/jwks", "--iss", server.Issuer);
        Assert.Equal(Text(key, "id"), Text(claims.Json, "cred"));

        await server.JsonAsync("key", "disable", account, Text(key, "kid"));
        Assert.NotEqual(0, (await server.RunAsync(ask)).Code);
        await server.JsonAsync("key", "enable", account, Text(key, "kid"));
        Assert.Equal(0, (await server.RunAsync(ask)).Code);
        await server.JsonAsync("key", "delete", account, Text(key, "kid"));
        Assert.NotEqual(0, (await server.RunAsync(ask)).Code);
    }

    [Theory]
    [InlineData("--rsa", "2048")]
    [InlineData("--curve", "P-521")]
    public async Task A_key_file_that_the_server_made_is_all_that_is_needed(string option, string value)
    {
        var account = $"made-{value.ToLowerInvariant()}";
        await AccountAsync(account);
        var file = _folder.Path("key.json");
        await server.JsonAsync("key", "create", account, option, value, "--out", file);

        Assert.Equal(0, (await server.RunAsync("token", "--key", file)).Code);

        var assertion = await server.RunAsync("jwt", "sign", "--key", file);
        var inspected = await server.RunWithInputAsync(assertion.Out, "jwt", "inspect", "--server", server.Issuer, "--keys", file);
        Assert.Equal((0, ""), (inspected.Code, inspected.Error));
    }

    [Fact]
    public async Task Keys_that_are_served_here_are_taken_from_there()
    {
        await AccountAsync("publishes");
        await server.JsonAsync("key", "generate", "--alg", "PS256", "--format", "jwk", "--out", _folder.Path("a.jwk"), "--kid", "a");
        await using var host = new JwksHost(new PublishedKeys([], _folder.Path("."), TimeProvider.System, _ => { }), TimeSpan.FromMinutes(5))
            .Build(new Uri("http://127.0.0.1:0"), null, TimeProvider.System);
        await host.StartAsync();

        var set = await server.JsonAsync("jwks-url", "set", "publishes", host.Urls.Single() + "/jwks.json");

        Assert.Equal("a", Text(Assert.Single(set.GetProperty("keys").EnumerateArray()), "kid"));
        Assert.Equal(0, (await server.RunAsync("token", "--issuer", server.Issuer, "--client-id", "publishes", "--key", _folder.Path("a.jwk"))).Code);
        await server.JsonAsync("jwks-url", "delete", "publishes");
    }

    [Fact]
    public async Task The_program_itself_may_sign_in_place_of_a_secret()
    {
        await server.JsonAsync("account", "create", "--name", "operator", "--client-id", "operator");
        await server.JsonAsync("role", "assign", "operator", "super-admin", "--tenant-wide");
        await server.JsonAsync("key", "create", "operator", "--out", _folder.Path("key.json"));

        var ran = await Ran.AtAsync(TimeProvider.System, new() { ["COUNTERSIGN_KEY_FILE"] = _folder.Path("key.json") }, "", "whoami", "--json");

        Assert.Equal((0, "operator"), (ran.Code, Text(ran.Json, "client_id")));
    }

    private async Task AccountAsync(string clientId)
    {
        await server.JsonAsync("account", "create", "--name", clientId, "--client-id", clientId);
        await server.JsonAsync("grant", "add", clientId, "--api", "urn:countersign:demo", "--scope", "read", "--default-scope", "read");
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}

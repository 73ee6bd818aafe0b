using System.Text.Json;

namespace Countersign.Cli.Tests;

public sealed class FederationEndToEndTests(DevServer server) : IClassFixture<DevServer>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_issuer_is_trusted_by_the_keys_of_a_file_and_its_token_is_explained_as_far_as_it_came()
    {
        var issuer = await IssuerAsync("farm");
        Assert.Equal("farm-key", Text(Assert.Single(issuer.GetProperty("keys").EnumerateArray()), "kid"));

        var refused = await SendAsync("farm", server.Issuer);
        Assert.Equal(4, refused.Code);
        Assert.Contains("No token for the JWT at", refused.Error, StringComparison.Ordinal);

        var explained = await server.JsonAsync("explain", Trace(refused));
        Assert.Equal("trust-rule", Failed(explained));

        await server.JsonAsync("issuer", "disable", "farm");
        Assert.Equal("issuer-enabled", Failed(await server.JsonAsync("explain", Trace(await SendAsync("farm", server.Issuer)))));
        await server.JsonAsync("issuer", "enable", "https://farm.example");
        Assert.Equal("assertion-audience", Failed(await server.JsonAsync("explain", Trace(await SendAsync("farm", "https://other.example")))));
        await server.JsonAsync("issuer", "delete", "farm");
        Assert.Equal(1, (await server.RunAsync("issuer", "show", "farm")).Code);
    }

    [Fact]
    public async Task An_issuer_changes_where_its_keys_come_from_and_back()
    {
        await IssuerAsync("moves");

        var away = await server.RunAsync("issuer", "update", "moves", "--jwks-url", "https://127.0.0.1:1/keys", "--replay", "window:30s", "--json");
        Assert.Equal((0, "https://127.0.0.1:1/keys", 30), (away.Code, Text(away.Json, "jwks_url"), away.Json.GetProperty("replay_window_seconds").GetInt32()));
        Assert.Contains("countersign issuer refresh moves", away.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await server.RunAsync("issuer", "refresh", "moves")).Code);

        var back = await server.JsonAsync("issuer", "update", "moves", "--jwks", _folder.Path("moves.jwks"), "--replay", "once");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (back.GetProperty("jwks_url").ValueKind, back.GetProperty("replay_window_seconds").ValueKind));
    }

    [Fact]
    public async Task An_exchange_rule_is_made_changed_and_taken_away()
    {
        var made = await server.JsonAsync(
            "exchange-rule", "create", "gateway", "--client", server.ClientId, "--subject", server.ClientId, "--scope", "read@urn:countersign:demo", "--lifetime", "10m");
        Assert.Equal(600, made.GetProperty("lifetime_seconds").GetInt32());

        var any = await server.JsonAsync("exchange-rule", "update", "gateway", "--any-subject", "true", "--lifetime", "none");
        Assert.True(any.GetProperty("any_subject").GetBoolean());
        var one = await server.JsonAsync("exchange-rule", "update", "gateway", "--subject", server.ClientId);
        Assert.False(one.GetProperty("any_subject").GetBoolean());

        Assert.True((await server.JsonAsync("exchange-rule", "disable", "gateway")).GetProperty("disabled").GetBoolean());
        await server.JsonAsync("exchange-rule", "delete", "gateway");
        Assert.Empty((await server.JsonAsync("exchange-rule", "list")).GetProperty("items").EnumerateArray());
    }

    private async Task<JsonElement> IssuerAsync(string name)
    {
        await server.JsonAsync("key", "generate", "--alg", "ES256", "--kid", name + "-key", "--out", _folder.Path(name + ".pem"), "--public-out", _folder.Path(name + ".jwk"));
        _folder.Write(name + ".jwks", $$"""{"keys":[{{File.ReadAllText(_folder.Path(name + ".jwk"))}}]}""");

        return await server.JsonAsync(
            "issuer", "create", name, "--issuer", $"https://{name}.example", "--jwks", _folder.Path(name + ".jwks"), "--audience", server.Issuer);
    }

    private async Task<Ran> SendAsync(string name, string audience)
    {
        var jwt = await server.RunAsync(
            "jwt", "sign", "--key", _folder.Path(name + ".pem"), "--kid", name + "-key", "--claim", $"iss=https://{name}.example", "--claim", "sub=nightly", "--aud", audience);

        return await server.RunWithInputAsync(jwt.Out, "token", "--issuer", server.Issuer, "--jwt", "-");
    }

    private static string Trace(Ran refused) => refused.Error.Trim().Split(' ')[^1];

    private static string? Failed(JsonElement explained) =>
        Text(explained.GetProperty("checks").EnumerateArray().Single(check => !check.GetProperty("passed").GetBoolean()), "check");

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}

using System.Text;
using System.Text.Json.Nodes;
using Countersign.OAuth;

namespace Countersign.Cli.Tests;

public sealed class KeyCommandTests : IDisposable
{
    private const string Keys = $"/admin/v1/service-accounts/{The.Id}/keys";
    private const string Url = $"/admin/v1/service-accounts/{The.Id}/jwks-url";

    private readonly TemporaryFolder _folder = new();
    private readonly SigningKey _key = SigningKey.Create(SigningAlgorithm.ByName("ES256")!, kid: "k-1");

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_public_key_in_any_form_is_sent_as_JWK()
    {
        await using var server = The.ServerWithAccount();
        server.On($"POST {Keys}", """{"id":"x","kid":"k-1","warnings":["the secrets end"]}""", 201);
        _folder.Write("a", Encoding.UTF8.GetString(_key.PublicJwk));
        _folder.Write("b", PrivateKeyText.PublicPem(_key));

        foreach (var file in (string[])["a", "b"])
        {
            var ran = await Ran.Async(server, "key", "add", "ci", "--file", _folder.Path(file), "--kid", "k-1", "--name", "laptop", "--expires", "1d");

            Assert.Equal((0, "warning: the secrets end\n"), (ran.Code, ran.Error));
            var body = server.Calls.Last().Json;
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(_key.PublicJwk), body["jwk"]));
            Assert.Equal(("laptop", "2026-11-25T12:00:00Z"), ((string?)body["name"], (string?)body["expires_at"]));
        }
    }

    [Fact]
    public async Task A_private_key_is_never_sent()
    {
        await using var server = The.ServerWithAccount();
        server.On($"POST {Keys}", "{}", 201);
        var file = new KeyFile { KeyId = "k-1", Key = PrivateKeyText.TraditionalPem(_key) };
        _folder.Write("pem", PrivateKeyText.Pem(_key));
        _folder.Write("jwk", PrivateKeyText.Jwk(_key));
        _folder.Write("key-file", file.ToJson());

        foreach (var name in (string[])["pem", "jwk"])
        {
            var refused = await Ran.Async(server, "key", "add", "ci", "--file", _folder.Path(name));
            Assert.Equal(2, refused.Code);
            Assert.Contains("--from-private", refused.Error, StringComparison.Ordinal);
            Assert.Empty(server.Calls);
        }

        foreach (string[] args in (string[][])[["--from-private", "pem"], ["--from-private", "jwk"], ["--file", "key-file"]])
        {
            Assert.Equal(0, (await Ran.Async(server, "key", "add", "ci", args[0], _folder.Path(args[1]), "--kid", "k-1")).Code);
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(_key.PublicJwk), server.Calls.Last().Json["jwk"]));
            Assert.DoesNotContain("\"d\"", server.Calls.Last().Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_pair_that_the_server_made_goes_into_a_file_for_its_owner_alone()
    {
        await using var server = The.ServerWithAccount();
        server.On($"POST {Keys}", """{"id":"x","kid":"k-1","key_file":{"type":"serviceaccount","key":"PRIVATE"},"warnings":["w"]}""", 201);
        var path = _folder.Path("key.json");

        var ran = await Ran.Async(server, "key", "create", "ci", "--curve", "P-384", "--out", path, "--json");

        Assert.Equal((0, "warning: w\n"), (ran.Code, ran.Error));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Contains("PRIVATE", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", ran.Out, StringComparison.Ordinal);
        Assert.Equal("""{"kty":"EC","crv":"P-384","format":"key_file"}""", server.Calls.Last().Json["generate"]!.ToJsonString());
        Assert.NotNull(server.Calls.Last().Key);

        var calls = server.Calls.Count();
        Assert.Equal(2, (await Ran.Async(server, "key", "create", "ci", "--out", path)).Code);
        Assert.Equal(calls, server.Calls.Count());
    }

    [Theory]
    [InlineData("--format pem --rsa 3072", """{"private_key_pem":"PRIVATE\nKEY\n","kid":"k-1"}""", "PRIVATE\nKEY\n")]
    [InlineData("--format jwk", """{"private_jwk":{"d":"PRIVATE"},"kid":"k-1"}""", "{\n  \"d\": \"PRIVATE\"\n}\n")]
    public async Task Without_a_file_the_private_half_is_printed_once_and_alone(string args, string answer, string expected)
    {
        await using var server = The.ServerWithAccount();
        server.On($"POST {Keys}", answer, 201);

        var ran = await Ran.Async(server, ["key", "create", "ci", .. args.Split(' ')]);

        Assert.Equal((0, expected), (ran.Code, ran.Out));
        Assert.Contains("not shown again", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_found_by_its_kid_and_expiry_can_be_taken_away()
    {
        await using var server = The.ServerWithAccount();
        server.On($"GET {Keys}", The.Items($$"""{"id":"{{The.OtherId}}","kid":"k-1"}"""));
        server.On($"PATCH {Keys}/{The.OtherId}", "{}");
        server.On($"DELETE {Keys}/{The.OtherId}", "", 204);

        Assert.Equal(0, (await Ran.Async(server, "key", "update", "ci", "k-1", "--expires", "never")).Code);
        Assert.Equal("""{"expires_at":null}""", server.Calls.Last().Body);
        Assert.Equal(0, (await Ran.Async(server, "key", "disable", "ci", "k-1")).Code);
        Assert.Equal("""{"disabled":true}""", server.Calls.Last().Body);
        Assert.Equal(0, (await Ran.Async(server, "key", "enable", "ci", "k-1")).Code);
        Assert.Equal(0, (await Ran.Async(server, "key", "delete", "ci", "k-1")).Code);
        Assert.Equal(0, (await Ran.Async(server, "key", "show", "ci", "k-1")).Code);
        Assert.Equal(1, (await Ran.Async(server, "key", "show", "ci", "k-2")).Code);
        Assert.Equal(2, (await Ran.Async(server, "key", "update", "ci", "k-1")).Code);
    }

    [Fact]
    public async Task An_address_of_keys_is_set_refreshed_and_deleted()
    {
        await using var server = The.ServerWithAccount();
        server.On($"PUT {Url}", """{"url":"https://a.example/jwks.json","keys":[],"problem":"connection refused","warnings":["the secrets end"]}""");
        server.On($"POST {Url}/refresh", """{"keys":[],"problem":"connection refused"}""");
        server.On($"GET {Url}", """{"keys":[{"kid":"k-1","alg":"ES256","thumbprint":"t"}],"problem":null}""");
        server.On($"DELETE {Url}", "", 204);
        var ca = _folder.Write("ca.pem", "CA");

        var set = await Ran.Async(server, "jwks-url", "set", "ci", "https://a.example/jwks.json", "--ca", ca);
        Assert.Equal("""{"url":"https://a.example/jwks.json","ca_certificates":"CA"}""", server.Calls.Last().Body);
        var refresh = await Ran.Async(server, "jwks-url", "refresh", "ci");
        var show = await Ran.Async(server, "jwks-url", "show", "ci");
        var delete = await Ran.Async(server, "jwks-url", "delete", "ci");

        Assert.Equal((0, 1, 0, 0), (set.Code, refresh.Code, show.Code, delete.Code));
        Assert.Contains("warning: the secrets end\n", set.Error, StringComparison.Ordinal);
        Assert.Contains("connection refused", set.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("key", "add", "ci")]
    [InlineData("key", "add", "ci", "--file", "a", "--from-private", "b")]
    [InlineData("key", "create", "ci", "--rsa", "2048", "--curve", "P-256")]
    [InlineData("key", "create", "ci", "--rsa", "1024")]
    [InlineData("key", "create", "ci", "--curve", "P-224")]
    [InlineData("key", "generate", "--alg", "HS256")]
    [InlineData("key", "generate", "--alg", "ES256", "--rsa-bits", "2048")]
    [InlineData("account", "update", "ci", "--assertion-alg", "none")]
    public async Task Misuse_ends_with_2(params string[] args)
    {
        await using var server = The.ServerWithAccount();

        var ran = await Ran.Async(server, args);

        Assert.Equal(2, ran.Code);
        Assert.DoesNotContain(server.Calls, call => call.Method != "GET");
    }

    [Fact]
    public async Task A_profile_with_a_key_gets_its_token_by_signature()
    {
        await using var server = new StubServer();
        server.On("GET /admin/v1/whoami", """{"client_id":"ops"}""");
        var key = _folder.Write("key.jwk", PrivateKeyText.Jwk(_key));
        var file = new KeyFile { KeyId = "k-1", Key = PrivateKeyText.TraditionalPem(_key), ClientId = "ops", Issuer = server.Issuer };
        var profile = _folder.Path("profile.json");

        var set = await Ran.WithAsync([], "", "profile", "set", "--server", server.Issuer, "--client-id", "ops", "--key-file", key, "--profile", profile);
        var show = await Ran.WithAsync([], "", "profile", "show", "--json", "--profile", profile);
        var fromProfile = await Ran.WithAsync([], "", "whoami", "--profile", profile);
        var fromVariable = await Ran.WithAsync(
            new() { ["COUNTERSIGN_KEY_FILE"] = _folder.Write("key.json", file.ToJson()), ["HOME"] = "/nowhere" }, "", "whoami");

        Assert.Equal((0, 0, 0), (set.Code, fromProfile.Code, fromVariable.Code));
        Assert.Equal(key, show.Json.GetProperty("key_file").GetString());
        Assert.DoesNotContain("client_secret", File.ReadAllText(profile), StringComparison.Ordinal);
        var tokens = server.Requests.Where(seen => seen.Target == "/oauth2/token").ToList();
        Assert.Equal(2, tokens.Count);
        Assert.All(tokens, seen => Assert.Contains("client_assertion=", seen.Body, StringComparison.Ordinal));
        Assert.All(tokens, seen => Assert.Contains("&client_id=ops&", seen.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_file_that_others_can_read_or_that_is_none_is_refused()
    {
        var open = _folder.Write("open", PrivateKeyText.Jwk(_key), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var none = _folder.Write("none", "canary");

        foreach (var (path, word) in ((string, string)[])[(open, "chmod 600"), (none, "neither a key file"), (_folder.Path("absent"), "there is no key file")])
        {
            var ran = await Ran.WithAsync(
                new() { ["COUNTERSIGN_KEY_FILE"] = path, ["COUNTERSIGN_SERVER"] = "http://127.0.0.1:1", ["COUNTERSIGN_CLIENT_ID"] = "x" }, "", "whoami");

            Assert.Equal(2, ran.Code);
            Assert.Contains(word, ran.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("canary", ran.Error, StringComparison.Ordinal);
        }
    }
}

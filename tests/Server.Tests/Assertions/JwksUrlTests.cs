using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Framework;
using Countersign.Server.Tests.Jwks;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.Assertions;

/// <summary>Accounts whose keys are fetched from their own URL, from the request to the token.</summary>
public sealed class JwksUrlTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private KeyHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await KeyHost.StartAsync();
        _server = await TestServer.StartAsync(services =>
        {
            services.AddSingleton<ResolveHost>(KeyHost.ResolveAsync);
            services.AddSingleton(_host.Rules);
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_token_for_a_key_that_the_owner_publishes()
    {
        var signer = await PublishingAsync();

        var set = await SetAsync(signer);

        Assert.Equal((KeyHost.Authority.Pem, "", signer.Key.Kid), (set["ca_certificates"], set["problem"], set.Json.GetProperty("keys")[0].GetProperty("kid").GetString()));
        Assert.Equal(200, (await signer.TokenAsync()).Status);
        Assert.Equal(200, (await signer.ByGrantAsync()).Status);
        var read = await signer.AdminAsync(HttpMethod.Get, "/jwks-url");
        Assert.Equal((set["id"], "127.0.0.1"), (read["id"], read["last_used_from"]));
        Assert.Equal(1, _host.Requests);

        // The token ends with the URL.
        var token = (await signer.TokenAsync())["access_token"];
        await signer.AdminAsync(HttpMethod.Delete, "/jwks-url");
        Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);
        await signer.AssertRefusedAsync(await signer.TokenAsync(), "key-known");
    }

    [Fact]
    [Trait("R", "58")]
    public async Task A_url_and_kept_keys_exclude_each_other()
    {
        var signer = await Signer.CreateAsync(_server);
        _host.Serve(signer.Key);

        var set = await SetAsync(signer);
        Assert.Contains("1 key was removed", set["warnings"], StringComparison.Ordinal);
        Assert.Equal(0, (await signer.AdminAsync(HttpMethod.Get, "/keys")).Json.GetProperty("items").GetArrayLength());
        Assert.Equal(200, (await signer.TokenAsync()).Status);

        var made = await signer.AdminAsync(HttpMethod.Post, "/keys", new { jwk = JsonNode.Parse(signer.Key.PublicJwk) });
        Assert.Contains("JWKS URL was removed", made["warnings"], StringComparison.Ordinal);
        Assert.Equal(404, (await _server.AdminAsync(HttpMethod.Get, $"{signer.Path}/jwks-url")).Status);
        var requests = _host.Requests;
        Assert.Equal(200, (await signer.TokenAsync()).Status);
        Assert.Equal(requests, _host.Requests);
    }

    [Fact]
    [Trait("R", "184")]
    [Trait("R", "185")]
    public async Task A_url_that_may_not_be_fetched_is_refused_when_it_is_saved()
    {
        var signer = await PublishingAsync();

        foreach (var url in new[] { "http://keys.example/jwks.json", "ftp://keys.example/", "https://user@keys.example/", "https://keys.example:1/", "https://10.0.0.1/", "https://[::1]/", "data:,{}", "not a url", "https://keys.example/#x" })
        {
            var answer = await _server.AdminAsync(HttpMethod.Put, $"{signer.Path}/jwks-url", new { url });
            Assert.True(answer.Status == 400 && answer.Json.GetProperty("errors").TryGetProperty("url", out _), $"{url}: {answer.Body}");
        }

        var bundle = await _server.AdminAsync(HttpMethod.Put, $"{signer.Path}/jwks-url", new { url = _host.Url, ca_certificates = "nothing" });
        Assert.Equal(400, bundle.Status);
        Assert.Equal("client_secret", (await signer.AdminAsync(HttpMethod.Get))["auth_method"]);
    }

    [Fact]
    [Trait("R", "121")]
    [Trait("R", "198")]
    public async Task A_host_that_never_answered_gives_503_and_the_operator_the_reason()
    {
        var signer = await PublishingAsync();
        _host.Serve("secret body of the host", "text/plain", 500);
        var set = await SetAsync(signer);
        Assert.NotEqual("", set["problem"]);
        Assert.DoesNotContain("secret body", set.Body, StringComparison.Ordinal);

        var answer = await signer.TokenAsync();

        Assert.Equal((503, "temporarily_unavailable"), (answer.Status, answer["error"]));
        Assert.True(answer.Headers.ContainsKey("Retry-After"));
        Assert.DoesNotContain("keys.example", answer.Body, StringComparison.Ordinal);
        await _server.AssertRefusedAsync(answer, 503, "temporarily_unavailable", "keys-available");

        _host.Serve(signer.Key);
        Assert.Equal("", (await signer.AdminAsync(HttpMethod.Post, "/jwks-url/refresh"))["problem"]);
        Assert.Equal(200, (await signer.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "190")]
    [Trait("R", "194")]
    public async Task A_rotated_key_is_found_and_the_last_good_set_outlives_the_host()
    {
        var signer = await PublishingAsync();
        await SetAsync(signer);
        Assert.Equal(200, (await signer.TokenAsync()).Status);
        var next = signer with { Key = Signer.NewKey() };
        _host.Serve(signer.Key, next.Key);
        await _server.ElapseAsync(TimeSpan.FromSeconds(31));

        Assert.Equal((200, 200), ((await next.TokenAsync()).Status, (await signer.TokenAsync()).Status));

        _host.Serve("gone", "text/plain", 503);
        await _server.ElapseAsync(TimeSpan.FromSeconds(31));
        var unknown = signer with { Key = Signer.NewKey() };
        var refused = await unknown.TokenAsync();
        _server.ForgetAdminToken();
        await signer.AssertRefusedAsync(refused, "key-known");
        Assert.Contains("the last fetch", (await _server.ExplainAsync(refused)).GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.Equal((200, 200), ((await next.TokenAsync()).Status, (await signer.TokenAsync()).Status));
    }

    [Fact]
    [Trait("R", "193")]
    [Trait("R", "196")]
    public async Task A_host_that_hangs_holds_up_nobody_else()
    {
        var good = await Signer.CreateAsync(_server);
        var signer = await PublishingAsync();
        await SetAsync(signer);
        Assert.Equal(200, (await signer.TokenAsync()).Status);
        _host.Hang();
        await _server.ElapseAsync(TimeSpan.FromSeconds(31));
        var unknown = signer with { Key = Signer.NewKey() };

        var waiting = unknown.TokenAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? good.TokenAsync() : signer.TokenAsync()));

        Assert.False(waiting.IsCompleted);
        Assert.All(answers, a => Assert.Equal(200, a.Status));
        Assert.Equal(401, (await waiting).Status);
    }

    [Fact]
    [Trait("R", "86")]
    [Trait("R", "190")]
    public async Task A_set_that_shows_private_keys_is_not_used()
    {
        var signer = await PublishingAsync();
        await SetAsync(signer);
        _host.Serve($$"""{"keys":[{{PrivateKeyText.Jwk(signer.Key)}}]}""");

        var refreshed = await signer.AdminAsync(HttpMethod.Post, "/jwks-url/refresh");

        Assert.Contains("private or symmetric", refreshed["problem"], StringComparison.Ordinal);
        Assert.Equal(200, (await signer.TokenAsync()).Status);
    }

    private async Task<Signer> PublishingAsync()
    {
        var signer = await Signer.WithoutKeyAsync(_server);
        _host.Serve(signer.Key);

        return signer;
    }

    private Task<Answer> SetAsync(Signer signer) =>
        signer.AdminAsync(HttpMethod.Put, "/jwks-url", new { url = _host.Url, ca_certificates = KeyHost.Authority.Pem });
}

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

/// <summary>Who asks, over what, under which name: as the connection says, or a proxy that is trusted, and nobody else.</summary>
public sealed class HttpAddressTests(SharedServer direct, ServerBehindProxy proxied) : IClassFixture<SharedServer>, IClassFixture<ServerBehindProxy>
{
    private const string Elsewhere = "203.0.113.5";

    private readonly TestServer _server = direct.Server;

    [Theory]
    [InlineData("POST", "/oauth2/token")]
    [InlineData("POST", "/oauth2/introspect")]
    [InlineData("POST", "/oauth2/revoke")]
    [InlineData("GET", "/admin/v1/whoami")]
    [InlineData("GET", "/.well-known/oauth-authorization-server")]
    [Trait("R", "2")]
    public async Task Plain_http_from_afar_is_refused_and_not_redirected(string method, string path)
    {
        foreach (var proto in new[] { null, "http", "HTTPS-not", "https, http" })
        {
            var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.Add("X-Forwarded-For", Elsewhere);
            request.Headers.Authorization = TestServer.Basic(proxied.Server.Demo.ServiceAccount.ClientId, proxied.Server.Demo.ServiceAccount.ClientSecret);

            if (proto is not null)
            {
                request.Headers.Add("X-Forwarded-Proto", proto);
            }

            var answer = await proxied.Server.SendAsync(request);

            Assert.Equal(403, answer.Status);
            Assert.DoesNotContain("Location", answer.Headers.Keys);
            Assert.DoesNotContain("access_token", answer.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("R", "2")]
    [Trait("R", "17")]
    public async Task What_a_trusted_proxy_took_over_https_is_served()
    {
        var demo = proxied.Server.Demo.ServiceAccount;

        var answer = await proxied.PostFromAsync(Elsewhere, demo.ClientId, demo.ClientSecret, "/oauth2/token", ("grant_type", "client_credentials"));

        Assert.Equal(200, answer.Status);
        Assert.StartsWith("max-age=", answer.Headers["Strict-Transport-Security"], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("R", "2")]
    public async Task A_connection_from_another_machine_s_address_is_refused_without_TLS()
    {
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(a => a.Address)
            .FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));
        Assert.SkipWhen(own is null, "this machine has no address but loopback");
        await using var server = await TestServer.StartAsync(s => s with { Listen = [new Uri("http://0.0.0.0:0")], Hosts = ["127.0.0.1", own.ToString()] });

        var answer = await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"http://{own}:{server.Http.BaseAddress!.Port}/oauth2/jwks"));

        Assert.Equal(403, answer.Status);
    }

    [Theory]
    [InlineData("X-Forwarded-For", Elsewhere)]
    [InlineData("X_Forwarded_For", Elsewhere)]
    [InlineData("X-Real-IP", Elsewhere)]
    [InlineData("Forwarded", "for=203.0.113.5;proto=https;host=evil.example")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Forwarded-Host", "evil.example")]
    [InlineData("X-Forwarded-Prefix", "/evil")]
    [InlineData("X-Original-URL", "/admin/v1/whoami")]
    [InlineData("X-Client-Cert", "MIIB")]
    [Trait("R", "3")]
    public async Task What_a_stranger_says_of_a_proxy_changes_nothing(string name, string value)
    {
        var failing = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"), ("client_id", $"stranger {name}"), ("client_secret", "x"));
        failing.Headers.Add(name, value);
        var asking = new HttpRequestMessage(HttpMethod.Get, "/.well-known/oauth-authorization-server");
        asking.Headers.Add(name, value);

        var refused = await _server.SendAsync(failing);
        var metadata = await _server.SendAsync(asking);

        await _server.AssertRefusedAsync(refused, 401, "invalid_client", "client-known");
        Assert.Equal("127.0.0.1", (await _server.ExplainAsync(refused)).GetProperty("source").GetString());
        Assert.Equal(TestServer.Issuer, metadata["issuer"]);
        Assert.Equal(TestServer.Issuer + "/oauth2/token", metadata["token_endpoint"]);
        Assert.DoesNotContain("Strict-Transport-Security", metadata.Headers.Keys);
    }

    [Fact]
    [Trait("R", "3")]
    public async Task A_stranger_cannot_escape_the_failure_limit_by_naming_other_addresses()
    {
        var statuses = new List<int>();

        for (var i = 0; i < 12; i++)
        {
            var guess = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"), ("client_id", "guessed"), ("client_secret", "x"));
            guess.Headers.Add("X-Forwarded-For", $"198.51.100.{i}");
            statuses.Add((await _server.SendAsync(guess)).Status);
        }

        Assert.Equal(429, statuses[^1]);
    }

    [Theory]
    [InlineData("203.0.113.5", "203.0.113.5")]
    [InlineData("10.0.0.1, 203.0.113.5", "203.0.113.5")]
    [InlineData("127.0.0.1, 203.0.113.5", "203.0.113.5")]
    [InlineData("203.0.113.5, 127.0.0.1", "203.0.113.5")]
    [InlineData("2001:db8::5", "2001:db8::5")]
    [InlineData("::ffff:203.0.113.5", "203.0.113.5")]
    [Trait("R", "3")]
    public async Task Of_a_chain_of_addresses_the_nearest_that_is_no_proxy_counts(string forwardedFor, string source)
    {
        var failing = TestServer.Form("/oauth2/token", ("grant_type", "client_credentials"), ("client_id", $"chain {forwardedFor}"), ("client_secret", "x"));
        failing.Headers.Add("Forwarded", "for=192.0.2.60");
        failing.Headers.Add("X_Forwarded_For", "192.0.2.61");

        var refused = await proxied.SendFromAsync(forwardedFor, failing);

        Assert.Equal(401, refused.Status);
        Assert.Equal(source, (await proxied.Server.ExplainAsync(refused)).GetProperty("source").GetString());
    }

    [Theory]
    [InlineData("Forwarded", "host=evil.example;proto=https")]
    [InlineData("X-Forwarded-Host", "evil.example")]
    [InlineData("X-Forwarded-Prefix", "/evil")]
    [InlineData("X-Forwarded-Port", "1")]
    [Trait("R", "3")]
    [Trait("R", "4")]
    public async Task Not_even_a_trusted_proxy_names_the_issuer(string name, string value)
    {
        var asking = new HttpRequestMessage(HttpMethod.Get, "/.well-known/oauth-authorization-server");
        asking.Headers.Add(name, value);

        var metadata = await proxied.SendFromAsync(Elsewhere, asking);

        Assert.Equal(TestServer.Issuer, metadata["issuer"]);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("as.example.evil.example")]
    [InlineData("as.example.")]
    [InlineData("127.0.0.1.")]
    [InlineData("2130706433")]
    [InlineData("localhost")]
    [InlineData("[::1]")]
    [Trait("R", "4")]
    public async Task A_foreign_host_is_served_by_nobody(string host)
    {
        foreach (var path in new[] { "/.well-known/oauth-authorization-server", "/oauth2/jwks", "/admin/v1/whoami" })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = host;

            var answer = await _server.SendAsync(request);

            Assert.Equal(421, answer.Status);
            Assert.DoesNotContain(host, answer.Body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("as.example")]
    [InlineData("AS.Example")]
    [InlineData("as.example:8443")]
    [InlineData("127.0.0.1")]
    [Trait("R", "4")]
    public async Task The_issuer_is_the_configured_one_under_every_host_name(string host)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/.well-known/openid-configuration");
        request.Headers.Host = host;

        var answer = await _server.SendAsync(request);

        Assert.Equal(TestServer.Issuer, answer["issuer"]);
        Assert.DoesNotContain("8443", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET http://evil.example/oauth2/jwks HTTP/1.1\r\nHost: 127.0.0.1\r\n", 400)]
    [InlineData("GET /oauth2/jwks HTTP/1.1\r\nHost: \r\n", 421)]
    [InlineData("GET /oauth2/jwks HTTP/1.0\r\n", 421)]
    [Trait("R", "4")]
    public async Task A_request_that_names_two_hosts_or_none_is_refused(string head, int status) =>
        Assert.Equal(status, (await RawHttp.SendAsync(_server, $"{head}Connection: close\r\n\r\n")).Status);
}

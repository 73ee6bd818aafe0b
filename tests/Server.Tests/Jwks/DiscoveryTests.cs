using System.Diagnostics;
using System.Net;
using Countersign.OAuth;
using Countersign.Server.Jwks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Server.Tests.Jwks;

public sealed class DiscoveryTests : IAsyncLifetime
{
    private const string OpenId = "/.well-known/openid-configuration";
    private const string OAuth = "/.well-known/oauth-authorization-server";

    private readonly SigningKey _key = Messages.NewKey();
    private readonly SigningKey _next = Messages.NewKey();
    private Node _node = null!;
    private JwksUrlFacts _facts = null!;

    private KeyHost Host => _node.Host;

    private string Issuer => $"https://{KeyHost.Name}:{Host.Port}";

    public async ValueTask InitializeAsync()
    {
        _node = await Node.StartAsync();
        _facts = new JwksUrlFacts(Guid.CreateVersion7(), "", KeyHost.Authority.Pem, null, Issuer);
        Serve(OpenId, Metadata(Issuer, Host.Url), _key);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    [Trait("R", "191")]
    public async Task The_keys_are_those_that_the_issuers_metadata_name()
    {
        var found = await RefreshAsync(_facts);

        Assert.Equal((_key.Kid, null), (Assert.Single(found.Keys!).Kid, found.Problem));
        Assert.Equal([OpenId, "/jwks.json"], Paths());
        Assert.All(Host.Heads, h => Assert.DoesNotContain(h, l => l.StartsWith("Cookie", StringComparison.OrdinalIgnoreCase) || l.StartsWith("Authorization", StringComparison.OrdinalIgnoreCase)));
    }

    [Theory]
    [InlineData("", OpenId, OAuth)]
    [InlineData("/", OpenId, OAuth)]
    [InlineData("/tenant/a", $"/tenant/a{OpenId}", $"{OAuth}/tenant/a")]
    [InlineData("/tenant/a/", $"/tenant/a{OpenId}", $"{OAuth}/tenant/a")]
    [Trait("R", "191")]
    public async Task Where_the_first_form_is_not_found_the_second_is_asked(string path, string first, string second)
    {
        var issuer = Issuer + path;
        Serve(second, Metadata(issuer, Host.Url), _key);

        var found = await RefreshAsync(_facts with { DiscoveryIssuer = issuer });

        Assert.Equal(_key.Kid, Assert.Single(found.Keys!).Kid);
        Assert.Equal([first, second, "/jwks.json"], Paths());
    }

    [Theory]
    [InlineData(500)]
    [InlineData(403)]
    [InlineData(302)]
    [Trait("R", "190")]
    [Trait("R", "191")]
    public async Task Only_not_found_leads_to_the_second_form(int status)
    {
        Host.Serve(Metadata(Issuer, Host.Url), status: status);

        var found = await RefreshAsync(_facts);

        Assert.Null(found.Keys);
        Assert.StartsWith("the discovery document: the host answered with", found.Problem, StringComparison.Ordinal);
        Assert.Equal([OpenId], Paths());
    }

    public static TheoryData<string, string> Untrue => new()
    {
        { "issuer", """{"issuer":"https://keys.example:PORT/","jwks_uri":"URL"}""" },
        { "issuer", """{"issuer":"https://Keys.example:PORT","jwks_uri":"URL"}""" },
        { "issuer", """{"issuer":"https://keys.example","jwks_uri":"URL"}""" },
        { "issuer", """{"issuer":"https://evil.example","jwks_uri":"URL"}""" },
        { "issuer", """{"issuer":"http://keys.example:PORT","jwks_uri":"URL"}""" },
        { "issuer", """{"issuer":["https://keys.example:PORT"],"jwks_uri":"URL"}""" },
        { "issuer", """{"issuer":null,"jwks_uri":"URL"}""" },
        { "issuer", """{"jwks_uri":"URL"}""" },
        { "issuer", """{"Issuer":"https://keys.example:PORT","jwks_uri":"URL"}""" },
        { "member stands twice", """{"issuer":"https://evil.example","issuer":"https://keys.example:PORT","jwks_uri":"URL"}""" },
        { "member stands twice", """{"issuer":"https://keys.example:PORT","jwks_uri":"URL","jwks_\u0075ri":"https://keys.example:PORT/MARK"}""" },
        { "not a JSON object", """[{"issuer":"https://keys.example:PORT","jwks_uri":"URL"}]""" },
        { "not one JSON object", """{"issuer":"https://keys.example:PORT","jwks_uri":"URL"} {}""" },
        { "not one JSON object", "MARK" },
        { "not one JSON object", "" },
        { "byte order mark", "\uFEFF" + """{"issuer":"https://keys.example:PORT","jwks_uri":"URL"}""" },
        { "no jwks_uri", """{"issuer":"https://keys.example:PORT"}""" },
        { "no jwks_uri", """{"issuer":"https://keys.example:PORT","jwks_uri":["URL"]}""" },
        { "no jwks_uri", """{"issuer":"https://keys.example:PORT","jwks":{"keys":["MARK"]}}""" },
        { "may not be fetched", """{"issuer":"https://keys.example:PORT","jwks_uri":""}""" },
        { "may not be fetched", """{"issuer":"https://keys.example:PORT","jwks_uri":"/jwks.json"}""" },
    };

    [Theory]
    [MemberData(nameof(Untrue))]
    [Trait("R", "191")]
    [Trait("R", "198")]
    public async Task Metadata_that_are_not_the_issuers_own_name_no_keys(string problem, string metadata)
    {
        Serve(OpenId, metadata.Replace("PORT", $"{Host.Port}", StringComparison.Ordinal).Replace("URL", Host.Url, StringComparison.Ordinal), _key);

        var found = await RefreshAsync(_facts);

        Assert.Null(found.Keys);
        Assert.StartsWith("the discovery document is not taken: ", found.Problem, StringComparison.Ordinal);
        Assert.Contains(problem, found.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("MARK", found.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.example", found.Problem, StringComparison.Ordinal);
        Assert.Equal([OpenId], Paths());
        Assert.DoesNotContain(_node.Log.All, l => l.Contains("MARK", StringComparison.Ordinal) || l.Contains("evil.example", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://keys.example:PORT/jwks.json", "scheme")]
    [InlineData("file://keys.example/jwks.json", "scheme")]
    [InlineData("data:application/json,{}", "not an absolute URL")]
    [InlineData("https://user@keys.example:PORT/jwks.json", "user")]
    [InlineData("https://keys.example:PORT@evil.example/jwks.json", "user")]
    [InlineData("https://keys.example:PORT/jwks.json#x", "fragment")]
    [InlineData("https://keys.example:22/jwks.json", "port 22")]
    [InlineData("https://keys.example/jwks.json", "port 443")]
    [InlineData("https://10.1.2.3:PORT/", "not a public one")]
    [InlineData("https://169.254.169.254:PORT/latest/", "not a public one")]
    [InlineData("https://0xA9.0xFE.0xA9.0xFE:PORT/latest/", "not a public one")]
    [InlineData("https://[::1]:PORT/", "not a public one")]
    [InlineData("https://127.0.0.1:PORT/jwks.json", "another host")]
    [InlineData("https://2130706433:PORT/jwks.json", "another host")]
    [InlineData("https://localhost:PORT/jwks.json", "another host")]
    [InlineData("https://evil.example:PORT/jwks.json", "another host")]
    [InlineData("https://keys.example.evil.example:PORT/jwks.json", "another host")]
    [InlineData("https://sub.keys.example:PORT/jwks.json", "another host")]
    [Trait("R", "184")]
    [Trait("R", "185")]
    [Trait("R", "191")]
    public async Task A_jwks_uri_obeys_the_rules_of_URLs_and_stays_on_the_issuers_host(string url, string problem)
    {
        await using var node = await Node.StartAsync(Host, Host.Rules);
        Serve(OpenId, Metadata(Issuer, url.Replace("PORT", $"{Host.Port}", StringComparison.Ordinal)), _key);

        var found = await node.Sources.RefreshAsync(node.Tenant, _facts, CancellationToken.None);

        Assert.Null(found.Keys);
        Assert.Contains(problem, found.Problem, StringComparison.Ordinal);
        Assert.Equal([OpenId], Paths());
        Assert.DoesNotContain(node.Log.All, l => l.Contains("evil.example", StringComparison.Ordinal) || l.Contains("10.1.2.3", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://keys.example:PORT", "scheme")]
    [InlineData("https://keys.example:PORT?a=b", "query")]
    [InlineData("https://keys.example:PORT#x", "fragment")]
    [InlineData("https://user:password@keys.example:PORT", "user")]
    [InlineData("https://keys.example:22", "port 22")]
    [InlineData("https://10.1.2.3:PORT", "not a public one")]
    [InlineData("spiffe://keys.example", "scheme")]
    [InlineData("", "absolute URL")]
    [Trait("R", "184")]
    [Trait("R", "199")]
    public async Task An_issuer_obeys_the_rules_of_URLs_too(string issuer, string problem)
    {
        await using var node = await Node.StartAsync(Host, Host.Rules);

        var found = await node.Sources.RefreshAsync(
            node.Tenant, _facts with { DiscoveryIssuer = issuer.Replace("PORT", $"{Host.Port}", StringComparison.Ordinal) }, CancellationToken.None);

        Assert.Null(found.Keys);
        Assert.Contains(problem, found.Problem, StringComparison.Ordinal);
        Assert.Empty(Host.Connections);
    }

    [Fact]
    [Trait("R", "191")]
    public async Task One_other_host_may_be_named_beforehand()
    {
        using var certificate = KeyHost.Authority.Issue("cdn.example");
        await using var other = await KeyHost.StartAsync(certificate);
        other.Serve(_next);
        var url = $"https://cdn.example:{other.Port}/jwks.json";
        Serve(OpenId, Metadata(Issuer, url), _key);

        Assert.Contains("name that host in jwks_host", (await RefreshAsync(_facts)).Problem, StringComparison.Ordinal);
        Assert.Contains("another host", (await RefreshAsync(_facts with { JwksHost = "example" })).Problem, StringComparison.Ordinal);
        Assert.Equal(0, other.Requests);

        Assert.Equal(_next.Kid, Assert.Single((await RefreshAsync(_facts with { JwksHost = "CDN.example" })).Keys!).Kid);

        // The issuer's own stays allowed.
        Serve(OpenId, Metadata(Issuer, Host.Url), _key);
        Assert.Equal(_key.Kid, Assert.Single((await RefreshAsync(_facts with { JwksHost = "CDN.example" })).Keys!).Kid);
    }

    [Fact]
    [Trait("R", "67")]
    public async Task Of_a_set_only_the_keys_for_the_one_use_count()
    {
        Host.Serve(KeyHost.Set(_key).Replace("\"sig\"", "\"x509-svid\"", StringComparison.Ordinal)[..^2] + ',' + KeyHost.Set(_next)[9..].Replace("\"sig\"", "\"jwt-svid\"", StringComparison.Ordinal));
        var bundle = _facts with { DiscoveryIssuer = null, Url = Host.Url };

        Assert.Equal(_next.Kid, Assert.Single((await RefreshAsync(bundle with { Use = "jwt-svid" })).Keys!).Kid);
        Assert.Empty((await RefreshAsync(bundle)).Keys!);
    }

    [Fact]
    [Trait("R", "191")]
    public async Task An_issuer_of_https_cannot_fall_back_to_http()
    {
        await using var plain = await KeyHost.StartAsync(http: true);
        await using var node = await Node.StartAsync(Host, Host.Rules with { Ports = [PortRange.All], Http = true });
        plain.Serve(_key);
        Serve(OpenId, Metadata(Issuer, $"http://{KeyHost.Name}:{plain.Port}/jwks.json"), _key);

        var found = await node.Sources.RefreshAsync(node.Tenant, _facts, CancellationToken.None);

        Assert.Contains("http, and the issuer is https", found.Problem, StringComparison.Ordinal);
        Assert.Equal(0, plain.Requests);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [Trait("R", "185")]
    [Trait("R", "186")]
    public async Task Each_of_the_two_connections_is_checked(int lastAllowed, int requests)
    {
        var asked = 0;
        Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) =>
            Task.FromResult<IPAddress[]>([IPAddress.Parse(Interlocked.Increment(ref asked) <= lastAllowed ? "127.0.0.1" : "127.0.0.2")]);
        var sources = new JwksSources(new OutboundFetch(Host.Rules, ResolveAsync, _node.Clock), _node.Clock, NullLogger<JwksSources>.Instance);

        var found = await sources.RefreshAsync(_node.Tenant, _facts, CancellationToken.None);

        Assert.Null(found.Keys);
        Assert.EndsWith(FetchFailure.NotConnected.Problem, found.Problem, StringComparison.Ordinal);
        Assert.Equal(requests, Host.Requests);
    }

    [Fact]
    [Trait("R", "187")]
    public async Task No_redirect_is_followed()
    {
        await using var elsewhere = await KeyHost.StartAsync();
        elsewhere.Serve(Metadata(Issuer, elsewhere.Url));
        Host.Answer = c =>
        {
            c.Response.Headers.Location = elsewhere.Url;

            return KeyHost.JsonAsync(c, "{}", status: 302);
        };

        var found = await RefreshAsync(_facts);

        Assert.Contains("redirect", found.Problem, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Connections);
    }

    [Fact]
    [Trait("R", "188")]
    public async Task The_private_authority_vouches_for_both_and_no_other_does()
    {
        Assert.Equal($"the discovery document: {FetchFailure.NotTrusted.Problem}", (await RefreshAsync(_facts with { CaCertificates = null })).Problem);
        Assert.Equal(
            $"the discovery document: {FetchFailure.NotTrusted.Problem}", (await RefreshAsync(_facts with { CaCertificates = new TestAuthority("x").Pem })).Problem);
        Assert.Equal(0, Host.Requests);
    }

    [Fact]
    [Trait("R", "189")]
    public async Task A_document_over_256_KiB_or_of_another_type_is_not_taken()
    {
        Serve(OpenId, $$"""{"issuer":"{{Issuer}}","jwks_uri":"{{Host.Url}}","x":"{{new string('a', 300_000)}}"}""", _key);
        Assert.Equal($"the discovery document: {FetchFailure.TooLarge.Problem}", (await RefreshAsync(_facts)).Problem);

        Host.Serve(Metadata(Issuer, Host.Url), "text/html");
        Assert.Equal($"the discovery document: {FetchFailure.NotJson.Problem}", (await RefreshAsync(_facts)).Problem);
        Assert.Equal([OpenId, OpenId], Paths());
    }

    [Fact]
    [Trait("R", "189")]
    [Trait("Speed", "slow")]
    public async Task The_documents_have_five_seconds_together()
    {
        await _node.WarmUpAsync();
        Host.Answer = async c =>
        {
            await Task.Delay(3000);
            await AnswerAsync(c, OpenId, Metadata(Issuer, Host.Url), _key);
        };
        var began = Stopwatch.GetTimestamp();

        var found = await RefreshAsync(_facts);

        Assert.Equal((null, FetchFailure.TimedOut.Problem), (found.Keys, found.Problem));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 4.5, 5.9);
    }

    [Fact]
    [Trait("R", "193")]
    public async Task A_hundred_callers_at_once_make_one_flight_for_both_documents()
    {
        await _node.WarmUpAsync();
        var before = Host.Requests;
        Host.Answer = async c =>
        {
            await Task.Delay(100);
            await AnswerAsync(c, OpenId, Metadata(Issuer, Host.Url), _key);
        };

        var found = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => FindAsync(Messages.By(_key)))));

        Assert.All(found, f => Assert.Equal(_key.Kid, Assert.Single(f.Keys!).Kid));
        Assert.Equal(2, Host.Requests - before);
    }

    [Theory]
    [InlineData("keys", 4)]
    [InlineData("no metadata", 4)]
    [InlineData("lying metadata", 2)]
    [Trait("R", "194")]
    public async Task Ten_thousand_random_kids_cause_two_flights_a_minute(string what, int most)
    {
        await FindAsync(Messages.By(_key));

        if (what == "no metadata")
        {
            Host.Serve("{}", status: 404);
        }
        else if (what == "lying metadata")
        {
            Serve(OpenId, Metadata("https://evil.example", Host.Url), _key);
        }

        _node.Clock.Elapse(TimeSpan.FromSeconds(31));
        var before = Host.Requests;

        for (var i = 0; i < 10_000; i++)
        {
            _node.Clock.Elapse(TimeSpan.FromMilliseconds(4.5));
            await FindAsync(Messages.WithKid($"random-{i}"));

            if (i % 100 == 0)
            {
                Assert.Single((await FindAsync(Messages.By(_key))).Keys!);
            }
        }

        Assert.InRange(Host.Requests - before, 1, most);
    }

    [Fact]
    [Trait("R", "190")]
    [Trait("R", "191")]
    public async Task Metadata_that_turn_bad_keep_the_last_good_keys_and_are_reported()
    {
        await RefreshAsync(_facts);
        Serve(OpenId, Metadata("https://evil.example", Host.Url), _next);

        var found = await RefreshAsync(_facts);

        Assert.Equal(_key.Kid, Assert.Single(found.Keys!).Kid);
        Assert.Contains("issuer", found.Problem, StringComparison.Ordinal);
        Assert.Equal(found.Problem, _node.Sources.StateOf(_node.Tenant, _facts.Id)!.Problem);
        Assert.Single(_node.Log.All, l => l.StartsWith("Warning", StringComparison.Ordinal) && l.Contains("discovery refused", StringComparison.Ordinal) && l.Contains(KeyHost.Name, StringComparison.Ordinal));
        Assert.DoesNotContain(_node.Log.All, l => l.Contains("evil.example", StringComparison.Ordinal));

        Serve(OpenId, Metadata(Issuer, Host.Url), _next);
        found = await RefreshAsync(_facts);

        Assert.Equal((_next.Kid, null), (Assert.Single(found.Keys!).Kid, found.Problem));
    }

    [Fact]
    [Trait("R", "195")]
    public async Task A_withdrawn_key_and_a_moved_set_are_followed_within_a_quarter_of_an_hour()
    {
        await FindAsync(Messages.By(_key));
        Host.Answer = c => c.Request.Path == OpenId ? KeyHost.JsonAsync(c, Metadata(Issuer, $"{Issuer}/moved"))
            : c.Request.Path == "/moved" ? KeyHost.JsonAsync(c, KeyHost.Set(_next))
            : KeyHost.JsonAsync(c, KeyHost.Set(_key));

        for (var minute = 0; minute < 15; minute++)
        {
            _node.Clock.Elapse(TimeSpan.FromMinutes(1));
            await _node.Refresh.RunOnceAsync(CancellationToken.None);
        }

        Assert.Equal(_next.Kid, Assert.Single((await FindAsync(Messages.By(_next))).Keys!).Kid);
    }

    [Fact]
    [Trait("R", "197")]
    public async Task Nothing_of_one_source_serves_for_another_of_the_same_issuer_or_after_a_change()
    {
        await RefreshAsync(_facts);
        Serve(OpenId, Metadata(Issuer, Host.Url), _next);

        var ofRow = await FindAsync(Messages.By(_key), _facts with { Id = Guid.CreateVersion7() });
        Assert.Equal(_next.Kid, Assert.Single(ofRow.Keys!).Kid);
        Assert.Equal(_key.Kid, Assert.Single((await FindAsync(Messages.By(_key))).Keys!).Kid);

        var changed = await FindAsync(Messages.By(_key), _facts with { JwksHost = "cdn.example" });
        Assert.Equal(_next.Kid, Assert.Single(changed.Keys!).Kid);

        var moved = await FindAsync(Messages.By(_key), _facts with { DiscoveryIssuer = $"{Issuer}/" });
        Assert.Equal((null, true), (moved.Keys, moved.Problem!.Contains("issuer", StringComparison.Ordinal)));
    }

    private static string Metadata(string issuer, string jwksUri) => $$"""{"issuer":"{{issuer}}","jwks_uri":"{{jwksUri}}","response_types_supported":["id_token"]}""";

    private static Task AnswerAsync(Microsoft.AspNetCore.Http.HttpContext context, string path, string metadata, SigningKey key) =>
        context.Request.Path == path ? KeyHost.JsonAsync(context, metadata, "application/json")
        : context.Request.Path == "/jwks.json" ? KeyHost.JsonAsync(context, KeyHost.Set(key))
        : KeyHost.JsonAsync(context, """{"error":"none here"}""", status: 404);

    private void Serve(string path, string metadata, SigningKey key) => Host.Answer = c => AnswerAsync(c, path, metadata, key);

    private Task<JwksLookup> RefreshAsync(JwksUrlFacts facts) => _node.Sources.RefreshAsync(_node.Tenant, facts, CancellationToken.None);

    private Task<JwksLookup> FindAsync(CompactJws jws, JwksUrlFacts? facts = null) =>
        _node.Sources.FindAsync(_node.Tenant, facts ?? _facts, jws, CancellationToken.None).AsTask();

    private string[] Paths() => [.. Host.Heads.Select(h => h[0]["GET ".Length..])];
}

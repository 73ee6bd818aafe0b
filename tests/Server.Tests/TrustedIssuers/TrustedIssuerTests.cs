using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Trusted issuers in the admin API: what is taken, what is filled in, and what is refused by name.</summary>
public sealed class TrustedIssuerTests : IAsyncLifetime
{
    private const string Path = "/trusted-issuers";

    private static readonly SigningKey s_key = Signer.NewKey();

    private TestServer _server = null!;
    private Caller _root = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _root = await _server.RootAsync();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("R", "204")]
    public async Task What_is_left_out_is_filled_in_and_everything_is_shown()
    {
        var made = await _root.MakeAsync(Path, Issuer());

        Assert.Equal(("generic", "https://ci.example", "False", "once", "True", "3600", "False", "False"), (
            made["kind"], made["issuer"], made["discovery"], made["replay"], made["require_jti"], made["max_token_age_seconds"], made["allow_extra_audiences"], made["disabled"]));
        Assert.Equal(SigningAlgorithm.All.Select(a => a.Name), made.Json.GetProperty("algorithms").EnumerateArray().Select(a => a.GetString()));
        Assert.Equal((s_key.Kid, "ES256"), (made.Json.GetProperty("keys")[0].GetProperty("kid").GetString(), made.Json.GetProperty("keys")[0].GetProperty("alg").GetString()));
        Assert.Equal(s_key.Kid, made.Json.GetProperty("jwks").GetProperty("keys")[0].GetProperty("kid").GetString());
        Assert.Equal(("", "", "", "0", ""), (made["problem"], made["fetched_at"], made["clock_skew_seconds"], made["rules"], made["last_used_at"]));
        Assert.False(made.Json.TryGetProperty("warnings", out _));
        Assert.Equal(made.Headers["Location"], $"/admin/v1{Path}/{made["id"]}");

        var read = await _root.GetAsync($"{Path}/{made["id"]}");
        Assert.Equal((made.Body, made.Headers["ETag"]), (read.Body, read.Headers["ETag"]));
        Assert.Equal(made["id"], Assert.Single(await _root.ListAsync(Path)).GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("github", "https://token.actions.githubusercontent.com", "once", true)]
    [InlineData("gitlab", "https://gitlab.com", "until-expiry", true)]
    public async Task A_kind_that_knows_its_issuer_needs_an_audience_and_a_name(string kind, string issuer, string replay, bool requireJti)
    {
        var made = await _root.MakeAsync(Path, new { name = kind, kind, audiences = new[] { TestServer.Issuer } });

        Assert.Equal((issuer, "True", replay, requireJti), (made["issuer"], made["discovery"], made["replay"], made.Json.GetProperty("require_jti").GetBoolean()));

        // No name leads out of a test: it is saved all the same, and says so.
        Assert.Equal(FetchFailure.OfDiscovery(FetchFailure.NotResolved).Problem, made["problem"]);
        Assert.Contains("there are no keys", made["warnings"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kubernetes", "https://kubernetes.default.svc", "until-expiry", true)]
    [InlineData("kubernetes", "https://oidc.example:6443/id/A", "until-expiry", true)]
    [InlineData("spiffe", "spiffe://prod.example", "until-expiry", false)]
    public async Task Other_kinds_bring_their_own_replay_policy(string kind, string issuer, string replay, bool requireJti)
    {
        var use = kind == "spiffe" ? "jwt-svid" : "sig";
        var made = await _root.MakeAsync(Path, With(("kind", kind), ("issuer", issuer), ("jwks", Set(use))));

        Assert.Equal((replay, requireJti, 1), (made["replay"], made.Json.GetProperty("require_jti").GetBoolean(), made.Json.GetProperty("keys").GetArrayLength()));
    }

    [Fact]
    [Trait("R", "67")]
    public async Task Of_a_trust_domains_bundle_only_the_keys_for_JWT_SVIDs_count()
    {
        var other = Signer.NewKey();
        var bundle = new JsonObject { ["keys"] = new JsonArray(Jwk(s_key, "jwt-svid"), Jwk(other, "x509-svid")), ["spiffe_sequence"] = 1, ["spiffe_refresh_hint"] = 300 };
        var made = await _root.MakeAsync(Path, With(("kind", "spiffe"), ("issuer", "spiffe://prod.example"), ("jwks", bundle)));

        Assert.Equal(s_key.Kid, Assert.Single(made.Json.GetProperty("keys").EnumerateArray()).GetProperty("kid").GetString());

        await AssertFaultAsync("jwks", With(("kind", "spiffe"), ("issuer", "spiffe://other.example"), ("name", "x"), ("jwks", Set("x509-svid"))));
        await AssertFaultAsync("jwks", With(("kind", "spiffe"), ("issuer", "spiffe://other.example"), ("name", "x")));
    }

    public static TheoryData<string, string, string> Faults => new()
    {
        { "name", "name", "\"\"" },
        { "name", "name", "\"a\\u0000b\"" },
        { "kind", "kind", "\"jenkins\"" },
        { "kind", "kind", "\"GitHub\"" },
        { "issuer", "issuer", "null" },
        { "issuer", "issuer", "\"\"" },
        { "issuer", "issuer", "\"ci.example\"" },
        { "issuer", "issuer", "\"http://ci.example\"" },
        { "issuer", "issuer", "\"urn:ci:example\"" },
        { "issuer", "issuer", "\"spiffe://ci.example\"" },
        { "issuer", "issuer", "\"https://user@ci.example\"" },
        { "issuer", "issuer", "\"https://ci.example#x\"" },
        { "issuer", "issuer", "\"https://ci.example?x=y\"" },
        { "issuer", "issuer", "\"https://ci.example \"" },
        { "issuer", "issuer", "\"https://\\u0441i.example\"" },
        { "issuer", "issuer", $"\"{TestServer.Issuer}\"" },
        { "issuer", "issuer", $"\"{TestServer.Issuer.ToUpperInvariant().Replace("HTTPS", "https", StringComparison.Ordinal)}/\"" },
        { "jwks", "jwks", "{}" },
        { "jwks", "jwks", """{"keys":[]}""" },
        { "jwks", "jwks", """{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}""" },
        { "jwks", "jwks", """{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}]}""" },
        { "jwks", "jwks", """{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}""" },
        { "jwks_host", "jwks_host", "\"cdn.example\"" },
        { "ca_certificates", "ca_certificates", "\"x\"" },
        { "algorithms", "algorithms", "[]" },
        { "algorithms", "algorithms", "[\"HS256\"]" },
        { "algorithms", "algorithms", "[\"none\"]" },
        { "algorithms", "algorithms", "[\"es256\"]" },
        { "algorithms", "algorithms", "[\"ES256\",\"ES256\"]" },
        { "audiences", "audiences", "[]" },
        { "audiences", "audiences", "[\"\"]" },
        { "audiences", "audiences", "[\" \"]" },
        { "audiences", "audiences", "[\"a\",\"a\"]" },
        { "audiences", "audiences", "[\"a\\nb\"]" },
        { "clock_skew_seconds", "clock_skew_seconds", "61" },
        { "clock_skew_seconds", "clock_skew_seconds", "-1" },
        { "max_token_age_seconds", "max_token_age_seconds", "59" },
        { "max_token_age_seconds", "max_token_age_seconds", "86401" },
        { "replay", "replay", "\"never\"" },
        { "replay_window_seconds", "replay", "\"window\"" },
        { "replay_window_seconds", "replay_window_seconds", "60" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    [Trait("R", "100")]
    [Trait("R", "201")]
    [Trait("R", "217")]
    public async Task Each_fault_is_told_by_the_member_that_has_it(string named, string member, string value)
    {
        var made = await _root.MakeAsync(Path, With(("name", "before"), ("issuer", "https://before.example")));
        var text = Text(member, value);

        AssertFault(named, await _root.PostAsync(Path, text));

        // A change is judged as the whole that comes of it.
        AssertFault(named, await _root.PatchAsync($"{Path}/{made["id"]}", $"{{\"{member}\":{value}}}"));
        Assert.Equal(made.Body, (await _root.GetAsync($"{Path}/{made["id"]}")).Body);
    }

    [Theory]
    [InlineData("jwks", "null")]
    [InlineData("jwks_url", "\"https://keys.example/\"")]
    [InlineData("discovery", "true")]
    [InlineData("certificates", "[\"x\"]")]
    public async Task Its_keys_come_from_one_place(string member, string value) => AssertFault("discovery", await _root.PostAsync(Path, Text(member, value)));

    [Theory]
    [InlineData("http://keys.example/")]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://keys.example:1/")]
    [InlineData("https://keys.example/#x")]
    [Trait("R", "184")]
    [Trait("R", "185")]
    [Trait("R", "199")]
    public async Task What_may_not_be_fetched_is_refused_when_it_is_saved(string url)
    {
        await AssertFaultAsync("jwks_url", With(("jwks", null), ("jwks_url", url)));
        await AssertFaultAsync("issuer", With(("jwks", null), ("discovery", true), ("issuer", url)));
        await AssertFaultAsync("jwks_host", With(("jwks", null), ("discovery", true), ("jwks_host", url)));
        await AssertFaultAsync("ca_certificates", With(("jwks", null), ("discovery", true), ("ca_certificates", url)));
    }

    [Fact]
    [Trait("R", "216")]
    public async Task Members_that_are_the_servers_own_or_of_another_type_are_refused()
    {
        foreach (var (member, value) in new[] { ("id", "\"x\""), ("tenant_id", "\"x\""), ("keys", "[]"), ("problem", "\"\""), ("rules", "0"), ("audiences", "\"a\""), ("audiences", "null"), ("audiences", "[null]"), ("discovery", "\"true\""), ("clock_skew_seconds", "\"5\"") })
        {
            Assert.Equal((member, 400), (member, (await _root.PostAsync(Path, Text(member, value))).Status));
        }

        var without = Issuer();
        without.Remove("audiences");
        Assert.Equal(400, (await _root.PostAsync(Path, without)).Status);
        Assert.Empty(await _root.ListAsync(Path));
    }

    [Fact]
    [Trait("R", "69")]
    public async Task Tokens_without_an_id_are_taken_for_an_hour_at_most()
    {
        await AssertFaultAsync("max_token_age_seconds", With(("require_jti", false), ("max_token_age_seconds", 3601)));
        var made = await _root.MakeAsync(Path, With(("require_jti", false), ("max_token_age_seconds", 3600)));

        AssertFault("max_token_age_seconds", await _root.PatchAsync($"{Path}/{made["id"]}", new { max_token_age_seconds = 3601 }));
        Assert.Equal(200, (await _root.PatchAsync($"{Path}/{made["id"]}", new { require_jti = true, max_token_age_seconds = 3601 })).Status);
        AssertFault("max_token_age_seconds", await _root.PatchAsync($"{Path}/{made["id"]}", new { require_jti = false }));
    }

    [Fact]
    [Trait("R", "102")]
    public async Task One_issuer_is_one_row_with_a_name_of_its_own_and_no_clients_id()
    {
        await _root.MakeAsync(Path, Issuer());
        await _root.MakeAsync("/service-accounts", new { name = "url", client_id = "https://client.example" });

        foreach (var (named, body) in new[]
        {
            ("issuer", With(("name", "other"))),
            ("name", With(("issuer", "https://other.example"))),
            ("name", With(("issuer", "https://other.example"), ("name", " \uFF23i  "))),
            ("issuer", With(("name", "other"), ("issuer", "https://client.example"))),
        })
        {
            var answer = await _root.PostAsync(Path, body);
            Assert.Equal((409, named), (answer.Status, Assert.Single(answer.Json.GetProperty("errors").EnumerateObject()).Name));
        }

        // Compared letter by letter: what is spelt otherwise is another issuer.
        var slash = await _root.MakeAsync(Path, With(("name", "other"), ("issuer", "https://ci.example/")));
        Assert.Equal(409, (await _root.PatchAsync($"{Path}/{slash["id"]}", new { issuer = "https://ci.example" })).Status);
        Assert.Equal(409, (await _root.PatchAsync($"{Path}/{slash["id"]}", new { name = "CI" })).Status);
    }

    [Fact]
    public async Task Another_source_takes_the_place_of_the_one_before()
    {
        var made = await _root.MakeAsync(Path, With(("jwks", null), ("discovery", true), ("jwks_host", "CDN.example"), ("ca_certificates", Jwks.KeyHost.Authority.Pem)));
        Assert.Equal(("True", "cdn.example", Jwks.KeyHost.Authority.Pem), (made["discovery"], made["jwks_host"], made["ca_certificates"]));
        var path = $"{Path}/{made["id"]}";

        AssertFault("discovery", await _root.PatchAsync(path, new { discovery = false }));
        AssertFault("discovery", await _root.PatchAsync(path, new { discovery = (bool?)null }));
        AssertFault("discovery", await _root.PatchAsync(path, new { discovery = true, jwks_url = "https://keys.example/" }));

        var url = await _root.PatchAsync(path, new { jwks_url = "https://keys.example/" });
        Assert.Equal(("False", "https://keys.example/", "", Jwks.KeyHost.Authority.Pem), (url["discovery"], url["jwks_url"], url["jwks_host"], url["ca_certificates"]));

        var pasted = await _root.PatchAsync(path, new JsonObject { ["jwks"] = Set() });
        Assert.Equal(("", "", 1), (pasted["jwks_url"], pasted["ca_certificates"], pasted.Json.GetProperty("keys").GetArrayLength()));
        Assert.Equal("", pasted["problem"]);

        using var certificate = Certificates.Make(_server.Clock.GetUtcNow(), days: 30);
        var pem = certificate.ExportCertificatePem();
        var certified = await _root.PatchAsync(path, new { certificates = new[] { pem }, jwks = (object?)null });
        Assert.Equal(("", pem), (certified["jwks"], certified.Json.GetProperty("certificates")[0].GetString()));
        var key = Assert.Single(certified.Json.GetProperty("keys").EnumerateArray());
        Assert.InRange(key.GetProperty("expires_at").GetDateTimeOffset(), certificate.NotAfter.ToUniversalTime().AddSeconds(-1), certificate.NotAfter.ToUniversalTime().AddSeconds(1));

        AssertFault("discovery", await _root.PatchAsync(path, new { certificates = (string[]?)null }));
        Assert.Equal(200, (await _root.PatchAsync(path, new { jwks_url = (string?)null, discovery = false })).Status);
    }

    [Fact]
    public async Task Certificates_are_shown_one_by_one_and_those_that_help_nobody_are_told()
    {
        var now = _server.Clock.GetUtcNow();
        using var good = Certificates.Make(now, days: 30);
        using var ended = Certificates.Make(now.AddDays(-90), days: 30);
        using var future = Certificates.Make(now.AddDays(30), days: 30);
        var both = await _root.MakeAsync(Path, With(("jwks", null), ("certificates", new JsonArray(good.ExportCertificatePem(), ended.ExportCertificatePem()))));
        Assert.Equal((2, 2, ""), (both.Json.GetProperty("certificates").GetArrayLength(), both.Json.GetProperty("keys").GetArrayLength(), both["problem"]));

        foreach (var alone in new[] { ended, future })
        {
            var patched = await _root.PatchAsync($"{Path}/{both["id"]}", new { certificates = new[] { alone.ExportCertificatePem() } });
            Assert.Equal("none of the certificates is valid now", patched["problem"]);
            Assert.Contains("valid now", patched["warnings"], StringComparison.Ordinal);
        }

        var wrong = await _root.PatchAsync($"{Path}/{both["id"]}", new { certificates = new[] { good.ExportCertificatePem() }, algorithms = new[] { "RS256" } });
        Assert.Contains("none of its keys is for one of the algorithms RS256", wrong["warnings"], StringComparison.Ordinal);

        using var key = Certificates.PrivateKey(good);

        foreach (var bad in new[] { [], new[] { "x" }, [key.ExportPkcs8PrivateKeyPem()], [good.ExportCertificatePem() + key.ExportECPrivateKeyPem()], [key.ExportSubjectPublicKeyInfoPem()], [good.ExportCertificatePem(), good.ExportCertificatePem()] })
        {
            AssertFault("certificates", await _root.PatchAsync($"{Path}/{both["id"]}", new { certificates = bad }));
        }

        AssertFault("certificates", await _root.PatchAsync($"{Path}/{both["id"]}", new { kind = "spiffe", issuer = "spiffe://prod.example" }));
    }

    [Fact]
    public async Task A_trust_domain_is_of_the_kind_spiffe_alone()
    {
        foreach (var issuer in new[] { "spiffe://", "spiffe://Prod.example", "spiffe://prod.example/", "spiffe://prod.example/workload", "spiffe://prod.example:80", "https://prod.example", "" })
        {
            await AssertFaultAsync("issuer", With(("kind", "spiffe"), ("issuer", issuer), ("jwks", Set("jwt-svid"))));
        }

        await AssertFaultAsync("discovery", With(("kind", "spiffe"), ("issuer", "spiffe://prod.example"), ("jwks", null), ("discovery", true)));
    }

    [Fact]
    public async Task Plain_http_is_taken_only_where_the_operator_allows_it()
    {
        await using var server = await TestServer.StartAsync(services => services.AddSingleton(OutboundRules.OnThisMachine));
        var root = await server.RootAsync();

        await root.MakeAsync(Path, With(("issuer", "http://127.0.0.1:9000/realm")));
        Assert.Equal(400, (await root.PostAsync(Path, With(("name", "x"), ("issuer", "ftp://127.0.0.1/realm")))).Status);
    }

    [Fact]
    public async Task A_create_that_is_repeated_with_its_key_is_made_once()
    {
        var first = await _root.PostAsync(Path, Issuer(), ("Idempotency-Key", "k1"));
        var again = await _root.PostAsync(Path, Issuer(), ("Idempotency-Key", "k1"));
        var other = await _root.PostAsync(Path, With(("name", "other")), ("Idempotency-Key", "k1"));

        Assert.Equal((201, 201, 422), (first.Status, again.Status, other.Status));
        Assert.Equal((first.Body, first.Headers["ETag"], first.Headers["Location"]), (again.Body, again.Headers["ETag"], again.Headers["Location"]));
        Assert.Single(await _root.ListAsync(Path));
    }

    [Fact]
    [Trait("R", "222")]
    public async Task The_list_comes_in_pages()
    {
        var ids = new List<string>();

        for (var i = 0; i < 3; i++)
        {
            ids.Add((await _root.MakeAsync(Path, With(("name", $"n{i}"), ("issuer", $"https://ci{i}.example"))))["id"]);
        }

        var first = await _root.ReadAsync($"{Path}?limit=2");
        var second = await _root.ReadAsync($"{Path}?limit=2&cursor={first.GetProperty("next_cursor").GetString()}");
        Assert.Equal(ids, first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray()).Select(i => i.GetProperty("id").GetString()));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next_cursor").ValueKind);
    }

    [Fact]
    [Trait("R", "214")]
    [Trait("R", "218")]
    public async Task A_permission_that_does_not_reach_the_whole_tenant_opens_nothing()
    {
        var made = await _root.MakeAsync(Path, Issuer());
        var estate = await Estate.MakeAsync(_root);
        var role = (await _root.MakeAsync("/roles", new { name = "trust", scopes = new[] { new { api = "urn:countersign:admin", scope = "trust.read" }, new { api = "urn:countersign:admin", scope = "trust.write" } } }))["id"];
        var narrow = (await _root.AdministratorAsync(role, estate.Owner, estate.Owner)).Caller;
        var wide = (await _root.AdministratorAsync(role)).Caller;

        foreach (var answer in new[]
        {
            await narrow.GetAsync(Path), await narrow.GetAsync($"{Path}/{made["id"]}"), await narrow.PostAsync(Path, With(("name", "x"))), await narrow.PatchAsync($"{Path}/{made["id"]}", new { }),
            await narrow.DeleteAsync($"{Path}/{made["id"]}"), await narrow.PostAsync($"{Path}/{made["id"]}/refresh", null),
        })
        {
            await _root.AssertForbiddenAsync(answer, "must reach the whole tenant");
        }

        Assert.Equal(200, (await wide.GetAsync(Path)).Status);
        Assert.Equal(200, (await wide.PatchAsync($"{Path}/{made["id"]}", new { disabled = true })).Status);
    }

    [Fact]
    [Trait("R", "226")]
    public async Task A_change_needs_a_token_of_the_last_quarter_of_an_hour()
    {
        var made = await _root.MakeAsync(Path, Issuer());
        await _server.ElapseAsync(TimeSpan.FromMinutes(16));

        Assert.Equal(200, (await _root.GetAsync(Path)).Status);

        foreach (var answer in new[] { await _root.PostAsync(Path, With(("name", "x"))), await _root.PatchAsync($"{Path}/{made["id"]}", new { }), await _root.DeleteAsync($"{Path}/{made["id"]}") })
        {
            Assert.Equal((401, true), (answer.Status, answer.Headers["WWW-Authenticate"].Contains("insufficient_user_authentication", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_tenant_goes_with_those_that_it_trusts()
    {
        var tenant = await _root.MakeAsync("/tenants", new { name = "b", issuer = "https://b.example" });
        var admin = tenant.Json.GetProperty("admin");
        var other = await _server.SignInAsync(admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!, "b.example");

        // What one tenant trusts is nothing to the other, the same issuer included.
        await _root.MakeAsync(Path, Issuer());
        var made = await other.MakeAsync(Path, Issuer());
        Assert.Equal(404, (await _root.GetAsync($"{Path}/{made["id"]}")).Status);
        Assert.Equal(200, (await _root.PatchAsync($"/tenants/{tenant["id"]}", new { disabled = true })).Status);
        Assert.Equal(204, (await _root.DeleteAsync($"/tenants/{tenant["id"]}")).Status);
        Assert.Single(await _root.ListAsync(Path));
    }

    private static JsonObject Issuer() => new()
    {
        ["name"] = "ci",
        ["issuer"] = "https://ci.example",
        ["jwks"] = Set(),
        ["audiences"] = new JsonArray(TestServer.Issuer),
    };

    private static JsonObject With(params (string Member, JsonNode? Value)[] changes)
    {
        var body = Issuer();

        foreach (var (member, value) in changes)
        {
            body[member] = value;
        }

        return body;
    }

    private static JsonObject Set(string use = "sig") => new() { ["keys"] = new JsonArray(Jwk(s_key, use)) };

    private static JsonObject Jwk(SigningKey key, string use)
    {
        var jwk = JsonNode.Parse(key.PublicJwk)!.AsObject();
        jwk["use"] = use;

        return jwk;
    }

    private static string Text(string member, string value)
    {
        var body = Issuer();
        body.Remove(member);

        return $"{body.ToJsonString()[..^1]},\"{member}\":{value}}}";
    }

    private static void AssertFault(string named, Answer answer)
    {
        Assert.True(answer.Status == 400, $"{answer.Status} {answer.Body}");
        Assert.Equal(named, Assert.Single(answer.Json.GetProperty("errors").EnumerateObject()).Name);
        Assert.StartsWith(named, answer["detail"], StringComparison.Ordinal);
    }

    private async Task AssertFaultAsync(string named, JsonObject body) => AssertFault(named, await _root.PostAsync(Path, body));
}

using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Jwks;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;
using Countersign.Server.Tests.Jwks;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Trusted issuers whose keys are fetched, from the host to the token; and what ends with them.</summary>
public sealed class IssuerKeysTests : IAsyncLifetime
{
    private readonly SigningKey _key = Signer.NewKey();
    private readonly SigningKey _next = Signer.NewKey();
    private KeyHost _host = null!;
    private TestServer _server = null!;
    private Caller _root = null!;

    private string Issuer => $"https://{KeyHost.Name}:{_host.Port}";

    public async ValueTask InitializeAsync()
    {
        _host = await KeyHost.StartAsync();
        Serve(_key);
        _server = await TestServer.StartAsync(services =>
        {
            services.AddSingleton<ResolveHost>(KeyHost.ResolveAsync);
            services.AddSingleton(_host.Rules);
        });
        _root = await _server.RootAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    [Trait("R", "191")]
    public async Task Discovery_shows_at_once_what_it_found()
    {
        var made = await DiscoveredAsync();

        Assert.Equal(("", _key.Kid), (made["problem"], made.Json.GetProperty("keys")[0].GetProperty("kid").GetString()));
        Assert.NotEqual("", made["fetched_at"]);
        Assert.NotEqual("", made["next_refresh_at"]);
        Assert.False(made.Json.TryGetProperty("warnings", out _));
        Assert.Equal(2, _host.Requests);

        // What changes nothing about the keys fetches nothing.
        var patched = await _root.PatchAsync($"/trusted-issuers/{made["id"]}", new { name = "renamed" });
        Assert.Equal(("renamed", 2, 1), (patched["name"], _host.Requests, patched.Json.GetProperty("keys").GetArrayLength()));

        Serve(_next);
        var refreshed = await _root.PostAsync($"/trusted-issuers/{made["id"]}/refresh", null);
        Assert.Equal((200, _next.Kid), (refreshed.Status, refreshed.Json.GetProperty("keys")[0].GetProperty("kid").GetString()));
    }

    [Fact]
    [Trait("R", "191")]
    [Trait("R", "198")]
    public async Task A_document_of_another_issuer_is_a_problem_that_whoever_saves_it_sees()
    {
        Serve(_key, issuer: "https://evil.example");

        var made = await DiscoveredAsync();

        Assert.Contains("issuer is not exactly the configured one", made["problem"], StringComparison.Ordinal);
        Assert.Contains("there are no keys", made["warnings"], StringComparison.Ordinal);
        Assert.DoesNotContain("evil.example", made.Body, StringComparison.Ordinal);

        Serve(_key);
        Assert.Equal("", (await _root.PostAsync($"/trusted-issuers/{made["id"]}/refresh", null))["problem"]);
    }

    [Fact]
    public async Task A_changed_URL_is_fetched_at_once_and_nothing_of_the_old_one_serves()
    {
        var made = await DiscoveredAsync();

        var changed = await _root.PatchAsync($"/trusted-issuers/{made["id"]}", new { jwks_url = $"{Issuer}/nothing" });

        Assert.Equal((200, 0, FetchFailure.Status(404).Problem), (changed.Status, changed.Json.GetProperty("keys").GetArrayLength(), changed["problem"]));
        Assert.Equal(0, (await _root.ReadAsync($"/trusted-issuers/{made["id"]}")).GetProperty("keys").GetArrayLength());
    }

    [Fact]
    public async Task Keys_that_are_kept_here_are_not_fetched()
    {
        var made = await _root.MakeAsync("/trusted-issuers", Pasted());

        var refreshed = await _root.PostAsync($"/trusted-issuers/{made["id"]}/refresh", null);

        Assert.Equal((409, 0), (refreshed.Status, _host.Requests));
    }

    [Fact]
    [Trait("R", "39")]
    [Trait("R", "210")]
    public async Task A_disabled_issuer_is_believed_no_more_at_the_next_request()
    {
        var issuer = await TrustedAsync();
        Assert.Equal(200, (await TokenAsync()).Status);

        Assert.Equal(200, (await _root.PatchAsync($"/trusted-issuers/{issuer}", new { disabled = true })).Status);
        await _server.AssertRefusedAsync(await TokenAsync(), 400, "invalid_grant", "issuer-enabled");

        Assert.Equal(200, (await _root.PatchAsync($"/trusted-issuers/{issuer}", new { disabled = false })).Status);
        Assert.Equal(200, (await TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "39")]
    [Trait("R", "210")]
    public async Task What_was_got_by_its_rules_ends_with_the_issuer_and_does_not_come_back()
    {
        var issuer = await TrustedAsync();
        var token = (await TokenAsync())["access_token"];
        Assert.Equal("True", (await _server.IntrospectAsync(token))["active"]);

        Assert.Equal(204, (await _root.DeleteAsync($"/trusted-issuers/{issuer}")).Status);

        Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);
        Assert.Equal(400, (await TokenAsync()).Status);

        // The same issuer anew is another trust, without the rules of the one before.
        await _root.MakeAsync("/trusted-issuers", Pasted());
        Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);
        await _server.AssertRefusedAsync(await TokenAsync(), 400, "invalid_grant", "trust-rule");
    }

    [Fact]
    [Trait("R", "210")]
    public async Task What_was_got_from_one_issuer_ends_when_the_row_becomes_anothers()
    {
        var issuer = await TrustedAsync();
        var token = (await TokenAsync())["access_token"];

        var patched = await _root.PatchAsync($"/trusted-issuers/{issuer}", new { name = "renamed", max_token_age_seconds = 600 });
        Assert.Equal((1, "True"), (patched.Json.GetProperty("rules").GetInt32(), (await _server.IntrospectAsync(token))["active"]));

        patched = await _root.PatchAsync($"/trusted-issuers/{issuer}", new { issuer = "https://other.example" });
        Assert.Contains("have ended", patched["warnings"], StringComparison.Ordinal);
        Assert.Equal("False", (await _server.IntrospectAsync(token))["active"]);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task Who_may_not_make_a_credential_for_an_account_may_not_change_the_keys_that_stand_for_it()
    {
        var issuer = await TrustedAsync();
        var role = (await _root.MakeAsync("/roles", new { name = "trust", scopes = new[] { new { api = "urn:countersign:admin", scope = "trust.read" }, new { api = "urn:countersign:admin", scope = "trust.write" } } }))["id"];
        var caller = (await _root.AdministratorAsync(role)).Caller;

        var refused = await caller.PatchAsync($"/trusted-issuers/{issuer}", new JsonObject { ["jwks"] = JsonNode.Parse(KeyHost.Set(_next)) });

        await _root.AssertForbiddenAsync(refused, "changing its credentials needs super-admin");
        Assert.Equal(200, (await TokenAsync()).Status);
    }

    [Fact]
    public async Task The_rules_of_an_issuer_are_counted_and_its_last_use_is_theirs()
    {
        var issuer = await TrustedAsync();
        Assert.Equal(200, (await TokenAsync()).Status);

        var read = await _root.ReadAsync($"/trusted-issuers/{issuer}");

        Assert.Equal(1, read.GetProperty("rules").GetInt32());
        Assert.InRange(read.GetProperty("last_used_at").GetDateTimeOffset(), _server.Clock.GetUtcNow().AddMinutes(-1), _server.Clock.GetUtcNow().AddMinutes(1));
    }

    private void Serve(SigningKey key, string? issuer = null) => _host.Answer = c =>
        c.Request.Path == "/.well-known/openid-configuration" ? KeyHost.JsonAsync(c, $$"""{"issuer":"{{issuer ?? Issuer}}","jwks_uri":"{{_host.Url}}"}""")
        : c.Request.Path == "/jwks.json" ? KeyHost.JsonAsync(c, KeyHost.Set(key))
        : KeyHost.JsonAsync(c, "{}", status: 404);

    private Task<Answer> DiscoveredAsync() =>
        _root.MakeAsync("/trusted-issuers", new { name = "ci", issuer = Issuer, discovery = true, ca_certificates = KeyHost.Authority.Pem, audiences = new[] { TestServer.Issuer } });

    private JsonObject Pasted() => new()
    {
        ["name"] = "ci",
        ["issuer"] = "https://ci.example",
        ["jwks"] = JsonNode.Parse(KeyHost.Set(_key)),
        ["audiences"] = new JsonArray(TestServer.Issuer),
    };

    /// <summary>A pasted issuer with a rule for an account that holds a grant.</summary>
    private async Task<Guid> TrustedAsync()
    {
        var issuer = Guid.Parse((await _root.MakeAsync("/trusted-issuers", Pasted()))["id"]);
        var account = await TestAccount.CreateAsync(_server);
        var now = _server.Clock.GetUtcNow();
        var rule = new TrustRuleRow
        {
            Id = Guid.CreateVersion7(now),
            TenantId = Guid.Parse((await _root.ReadAsync("/whoami")).GetProperty("tenant").GetString()!),
            TrustedIssuerId = issuer,
            Name = "rule",
            NameKey = "rule",
            AccountId = account.Id,
            Conditions = """[{"claim":"sub","equals":"workload"}]""",
            Tests = "[]",
            Mode = "enforce",
            Allow = [],
            CreatedAt = now,
            UpdatedAt = now,
        };
        var store = _server.Services.GetRequiredService<Store>();
        await using var db = store.Open();
        db.TrustRules.Add(rule);
        await store.CommitAsync(db, AuditEvents.Change("test", rule.TenantId, now, null, null), CancellationToken.None);

        return issuer;
    }

    private Task<Answer> TokenAsync()
    {
        var now = _server.Clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = "https://ci.example",
            ["sub"] = "workload",
            ["aud"] = TestServer.Issuer,
            ["iat"] = now,
            ["exp"] = now + 300,
            ["jti"] = Guid.NewGuid().ToString(),
        };

        return _server.PostAsync("/oauth2/token", ("grant_type", Signer.JwtBearer), ("assertion", Signer.Signed($$"""{"alg":"ES256","kid":"{{_key.Kid}}"}""", claims.ToJsonString(), _key)));
    }
}

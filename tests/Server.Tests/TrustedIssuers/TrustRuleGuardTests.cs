using System.Text.Json.Nodes;
using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>Who may save a rule, and which rules are wider than anybody means.</summary>
public sealed class TrustRuleGuardTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private const string Path = "/trust-rules";
    private const string AdminApi = "urn:countersign:admin";

    private readonly TestServer _server = shared.Server;
    private Caller _root = null!;
    private ForeignIssuer _issuer = null!;

    public async ValueTask InitializeAsync()
    {
        _root = await _server.RootAsync();
        _issuer = await ForeignIssuer.CreateAsync(_root);
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    [Trait("R", "218")]
    public async Task A_rule_for_a_granted_account_needs_the_permission_to_give_it_credentials()
    {
        var granted = await TestAccount.CreateAsync(_server);
        var bare = await TestAccount.CreateAsync(_server, granted: false);
        var rule = await _issuer.RuleAsync(granted.ClientId);
        var caller = await WithAsync("trust.write", "trust.read", "accounts.read", "accounts.write");
        var before = (await _root.GetAsync($"{Path}/{rule}")).Body;

        foreach (var answer in new[]
        {
            await caller.PostAsync(Path, _issuer.Rule(granted.ClientId)),
            await caller.PatchAsync($"{Path}/{rule}", new { conditions = new[] { new { claim = "sub", equals = "mine" } } }),
            await caller.PatchAsync($"{Path}/{rule}", new { cel = "true" }),
            await caller.PatchAsync(_issuer.Path, new { jwks = ForeignIssuer.Set(Signer.NewKey()) }),
        })
        {
            await _root.AssertForbiddenAsync(answer, "granted scopes");
        }

        Assert.Equal(before, (await _root.GetAsync($"{Path}/{rule}")).Body);

        // Nor for one that is granted something later.
        await _root.AssertForbiddenAsync(await caller.PostAsync(Path, _issuer.Rule(bare.ClientId)), "credentials.write must reach it");
        Assert.Equal(201, (await (await WithAsync("trust.write", "accounts.read", "credentials.write")).PostAsync(Path, _issuer.Rule(granted.ClientId))).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task A_rule_for_a_stronger_account_is_neither_made_nor_changed_nor_deleted()
    {
        var stronger = await _root.AdministratorAsync("super-admin");
        var rule = await _issuer.RuleAsync(stronger.Id.ToString());
        var caller = await WithAsync("trust.write", "accounts.read", "credentials.write");

        foreach (var answer in new[]
        {
            await caller.PostAsync(Path, _issuer.Rule(stronger.ClientId)),
            await caller.PatchAsync($"{Path}/{rule}", new { cel = "true" }),
            await caller.PatchAsync($"{Path}/{rule}", new { account = (await TestAccount.CreateAsync(_server)).ClientId }),
            await caller.DeleteAsync($"{Path}/{rule}"),
            await caller.PatchAsync(_issuer.Path, new { jwks = ForeignIssuer.Set(Signer.NewKey()) }),
            await caller.DeleteAsync(_issuer.Path),
        })
        {
            await _root.AssertForbiddenAsync(answer, "further than you do");
        }
    }

    [Fact]
    [Trait("R", "205")]
    public async Task An_issuer_is_not_made_stricter_than_the_rules_that_stand()
    {
        var issuer = await ForeignIssuer.CreateAsync(_root, b => b["kind"] = "gitlab");
        var account = await TestAccount.CreateAsync(_server);
        var rule = await issuer.RuleAsync(
            account.ClientId, b => b["name"] = "by names", ForeignIssuer.Where("project_path", "equals", "acme/shop"), ForeignIssuer.Where("ref_protected", "equals", "true"));

        var refused = await _root.PatchAsync(issuer.Path, new { require_immutable_ids = true });

        Assert.Equal(409, refused.Status);
        Assert.Contains("by names (mutable-names)", refused["detail"], StringComparison.Ordinal);
        Assert.Equal(204, (await _root.DeleteAsync($"{Path}/{rule}")).Status);
        await issuer.PatchAsync(issuer.Path, new { require_immutable_ids = true });
    }

    [Fact]
    [Trait("R", "218")]
    public async Task A_template_grants_what_whoever_saves_it_may_grant()
    {
        var caller = await WithAsync("trust.write", "accounts.read", "accounts.write", "credentials.write", "apis.read");
        var answer = await caller.PostAsync(Path, Template(_server.Demo.Api.Identifier));

        Assert.True(answer.Status is 403 or 404, answer.Body);
        Assert.Equal(201, (await (await WithAsync("trust.write", "accounts.write", "grants.write", "apis.read")).PostAsync(Path, Template(_server.Demo.Api.Identifier))).Status);
        Assert.Equal(400, (await _root.PostAsync(Path, Template(AdminApi))).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task Who_a_template_has_made_is_not_taken_over_by_changing_the_rule()
    {
        var made = await _root.MakeAsync(Path, Template(_server.Demo.Api.Identifier));
        await _issuer.TakenAsync();
        var account = Assert.Single(await _root.ListAsync($"{Path}/{made["id"]}/accounts"));
        await _root.MakeAsync($"/service-accounts/{account.GetProperty("id")}/roles", new { role = "super-admin", reach = "tenant" });
        var caller = await WithAsync("trust.write", "accounts.read", "accounts.write", "grants.write", "apis.read", "credentials.write");
        var mine = await ForeignIssuer.CreateAsync(caller);

        foreach (var answer in new[]
        {
            await caller.PatchAsync($"{Path}/{made["id"]}", new { trusted_issuer = mine.Id }),
            await caller.PatchAsync($"{Path}/{made["id"]}", new { cel = "true" }),
            await caller.PatchAsync(_issuer.Path, new { jwks = ForeignIssuer.Set(Signer.NewKey()) }),
        })
        {
            await _root.AssertForbiddenAsync(answer, "further than you do");
        }
    }

    [Fact]
    [Trait("R", "214")]
    [Trait("R", "218")]
    public async Task A_permission_that_does_not_reach_the_whole_tenant_opens_nothing()
    {
        var estate = await Estate.MakeAsync(_root);
        var narrow = (await _root.AdministratorAsync(await RoleAsync("trust.read", "trust.write", "credentials.write"), estate.Owner, estate.Owner)).Caller;

        foreach (var answer in new[]
        {
            await narrow.GetAsync(Path), await narrow.GetAsync($"{Path}/{estate.Rule}"), await narrow.PostAsync(Path, _issuer.Rule(estate.ClientId)), await narrow.PatchAsync($"{Path}/{estate.Rule}", new { }),
            await narrow.DeleteAsync($"{Path}/{estate.Rule}"), await narrow.GetAsync($"{Path}/{estate.Rule}/accounts"), await narrow.PostAsync("/explanations", new { account = estate.ClientId }),
        })
        {
            await _root.AssertForbiddenAsync(answer, "must reach the whole tenant");
        }
    }

    [Fact]
    [Trait("R", "214")]
    public async Task An_account_of_an_organization_out_of_reach_reads_like_none()
    {
        var (own, other) = (await Estate.MakeAsync(_root), await Estate.MakeAsync(_root));
        var admin = await _root.AdministratorAsync(await RoleAsync("trust.write", "trust.read"), null, own.Owner);
        await _root.MakeAsync($"/service-accounts/{admin.Id}/roles", new { role = await RoleAsync("credentials.write", "accounts.read", "accounts.write"), reach = own.Owner });
        var caller = await _server.SignInAsync(admin.ClientId, admin.Secret);
        var issuer = await ForeignIssuer.CreateAsync(_root);

        var (none, theirs) = (await caller.PostAsync(Path, issuer.Rule($"{Guid.NewGuid()}")), await caller.PostAsync(Path, issuer.Rule(other.Account.ToString())));
        Assert.Equal((404, none["detail"]), (theirs.Status, theirs["detail"]));
        Assert.Equal(201, (await caller.PostAsync(Path, issuer.Rule(own.Account.ToString()))).Status);
        Assert.Equal(404, (await caller.PostAsync(Path, With(Template(null, issuer), "owner", new JsonObject { ["organization"] = other.Organization.ToString() }))).Status);
    }

    [Theory]
    [InlineData("github", "no-owner", "environment", "equals", "prod", "prod")]
    [InlineData("github", "open-prefix", "sub", "prefix", "repo:acme", "repo:acme/app:ref:refs/heads/main")]
    [InlineData("github", "pull-request", "repository_id", "equals", "1", "1")]
    [InlineData("kubernetes", "no-owner", "sub", "contains", "x", null)]
    [InlineData("spiffe", "no-owner", "aud", "equals", "x", null)]
    [Trait("R", "200")]
    public async Task What_lets_more_pass_than_is_meant_is_refused_until_it_is_allowed_by_name(string kind, string code, string claim, string op, string value, string? got)
    {
        _ = got;
        var key = Signer.NewKey();
        var issuer = await ForeignIssuer.CreateAsync(_root, b => (b["kind"], b["issuer"], b["jwks"]) = (kind, kind == "spiffe" ? $"spiffe://t{Guid.NewGuid():n}" : b["issuer"]!.DeepClone(), ForeignIssuer.Set(key, kind == "spiffe" ? "jwt-svid" : "sig")), key);
        var account = await TestAccount.CreateAsync(_server);
        var body = issuer.Rule(account.ClientId, ForeignIssuer.Where(claim, op, value));
        var refused = await _root.PostAsync(Path, body);

        Assert.Equal((400, "conditions"), (refused.Status, Assert.Single(refused.Json.GetProperty("errors").EnumerateObject()).Name));
        Assert.Contains($"{code}: ", refused["detail"], StringComparison.Ordinal);
        Assert.Contains($"\"{code}\"", refused["detail"], StringComparison.Ordinal);

        body["allow"] = new JsonArray("no-owner", "open-prefix", "pull-request", "deep-wildcard");
        var made = await _root.MakeAsync(Path, body);
        Assert.Contains($"{code}: ", made["warnings"], StringComparison.Ordinal);
        Assert.Equal(made["warnings"], (await _root.GetAsync($"{Path}/{made["id"]}"))["warnings"]);
        Assert.Equal(400, (await _root.PatchAsync($"{Path}/{made["id"]}", new { allow = Array.Empty<string>() })).Status);
    }

    [Fact]
    [Trait("R", "205")]
    public async Task Names_that_change_hands_are_told_of_and_refused_where_ids_are_required()
    {
        var issuer = await ForeignIssuer.CreateAsync(_root, b => b["kind"] = "github");
        var account = await TestAccount.CreateAsync(_server);
        var names = issuer.Rule(account.ClientId, ForeignIssuer.Where("sub", "equals", "repo:acme/app:environment:prod"));
        var made = await _root.MakeAsync(Path, names);
        Assert.Contains("mutable-names: ", made["warnings"], StringComparison.Ordinal);

        // Only once none stands that goes by names.
        Assert.Equal(409, (await _root.PatchAsync(issuer.Path, new { require_immutable_ids = true })).Status);
        Assert.Equal(204, (await _root.DeleteAsync($"{Path}/{made["id"]}")).Status);
        await issuer.PatchAsync(issuer.Path, new { require_immutable_ids = true });
        (names["name"], names["allow"]) = ("other", new JsonArray("mutable-names"));
        var refused = await _root.PostAsync(Path, names);
        Assert.Equal(400, refused.Status);
        Assert.Contains("mutable-names: ", refused["detail"], StringComparison.Ordinal);
        Assert.DoesNotContain("into allow", refused["detail"], StringComparison.Ordinal);
        names["conditions"]!.AsArray().Add(ForeignIssuer.Where("repository_id", "equals", "1"));
        Assert.False((await _root.MakeAsync(Path, names)).Json.TryGetProperty("warnings", out _));
    }

    [Fact]
    [Trait("R", "226")]
    public async Task A_change_needs_a_token_of_the_last_quarter_of_an_hour()
    {
        await using var server = await TestServer.StartAsync();
        var (issuer, account, rule) = await ForeignIssuer.WithRuleAsync(server);
        await server.ElapseAsync(TimeSpan.FromMinutes(16));

        Assert.Equal(200, (await issuer.Root.GetAsync($"{Path}/{rule}")).Status);

        foreach (var answer in new[] { await issuer.Root.PostAsync(Path, issuer.Rule(account.ClientId)), await issuer.Root.PatchAsync($"{Path}/{rule}", new { }), await issuer.Root.DeleteAsync($"{Path}/{rule}") })
        {
            Assert.Equal((401, true), (answer.Status, answer.Headers["WWW-Authenticate"].Contains("insufficient_user_authentication", StringComparison.Ordinal)));
        }
    }

    private JsonObject Template(string? api, ForeignIssuer? issuer = null)
    {
        var body = (issuer ?? _issuer).Rule(null);
        body.Remove("account");
        body["conditions"] = new JsonArray(ForeignIssuer.Where("sub", "prefix", "job:"));
        body["template"] = new JsonObject { ["client_id"] = $"{Guid.NewGuid():n}-{{jti}}" };

        if (api is not null)
        {
            body["template"]!["grants"] = new JsonArray(new JsonObject { ["api"] = api, ["scopes"] = new JsonArray("read"), ["default_scopes"] = new JsonArray("read") });
        }

        return body;
    }

    private static JsonObject With(JsonObject body, string member, JsonNode value)
    {
        body["template"]![member] = value;

        return body;
    }

    private async Task<Caller> WithAsync(params string[] scopes) => (await _root.AdministratorAsync(await RoleAsync(scopes))).Caller;

    private async Task<string> RoleAsync(params string[] scopes) =>
        (await _root.MakeAsync("/roles", new { name = $"{Guid.NewGuid()}", scopes = scopes.Select(scope => new { api = AdminApi, scope }) }))["id"];
}

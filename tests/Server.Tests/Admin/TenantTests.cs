using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

public sealed class TenantTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Caller _root = null!;
    private Guid _default;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _root = await _server.RootAsync();
        _default = (await _root.ReadAsync("/whoami")).GetProperty("tenant").GetGuid();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_tenant_comes_with_an_administrator_lives_at_its_hosts_and_goes_whole()
    {
        var made = await _root.MakeAsync("/tenants", new { name = "Acme", issuer = "https://auth.acme.example", hosts = new[] { "Login.ACME.example" } });
        Assert.Equal(["id", "name", "issuer", "hosts", "disabled", "settings", "created_at", "updated_at", "admin"], made.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal("""["auth.acme.example","login.acme.example"]""", made["hosts"]);
        Assert.Equal(
            """{"access_token":{"format":"jwt","lifetime_seconds":3600,"alg":"ES256"},"max_secret_lifetime_days":365,"granting":"super-admin","require_if_match":false,"audit_tokens":"rollup","signing_key_days":90,"assertion_max_age_seconds":600,"clock_skew_seconds":10,"allow_secrets_beside_keys":false,"require_dpop_nonce":false}""",
            made["settings"]);

        var read = await _root.GetAsync($"/tenants/{made["id"]}");
        Assert.Equal((200, made.Headers["ETag"]), (read.Status, read.Headers["ETag"]));
        Assert.False(read.Json.TryGetProperty("admin", out _));
        Assert.Equal(2, (await _root.ListAsync("/tenants")).Length);

        var admin = made.Json.GetProperty("admin");
        var theirs = await SignInAsync(admin, "login.acme.example");
        await Estate.MakeAsync(theirs);
        Assert.Equal(made["id"], (await theirs.ReadAsync("/whoami")).GetProperty("tenant").GetString());

        Assert.Equal(409, (await _root.DeleteAsync($"/tenants/{made["id"]}")).Status);
        Assert.Equal(200, (await _root.PatchAsync($"/tenants/{made["id"]}", new { disabled = true })).Status);
        Assert.Equal(401, (await theirs.GetAsync("/whoami")).Status);
        Assert.Equal(204, (await _root.DeleteAsync($"/tenants/{made["id"]}")).Status);
        Assert.Equal(421, (await theirs.GetAsync("/whoami")).Status);
        Assert.Equal(404, (await _root.GetAsync($"/tenants/{made["id"]}")).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task A_tenants_own_administrator_changes_its_settings_but_not_where_it_lives()
    {
        var made = await _root.MakeAsync("/tenants", new { name = "acme", issuer = "https://acme.example" });
        var theirs = await SignInAsync(made.Json.GetProperty("admin"), "acme.example");
        var path = $"/tenants/{made["id"]}";

        Assert.Equal(made["id"], Assert.Single(await theirs.ListAsync("/tenants")).GetProperty("id").GetString());
        Assert.Equal(403, (await theirs.PostAsync("/tenants", new { name = "more", issuer = "https://more.example" })).Status);
        Assert.Equal(403, (await theirs.PatchAsync(path, new { hosts = new[] { "as.example" } })).Status);
        Assert.Equal(403, (await theirs.PatchAsync(path, new { disabled = true })).Status);
        Assert.Equal(404, (await theirs.DeleteAsync(path)).Status);
        Assert.Equal(404, (await theirs.PatchAsync($"/tenants/{_default}", new { name = "mine" })).Status);
        Assert.Equal(409, (await theirs.PatchAsync(path, new { name = "DEFAULT" })).Status);

        var changed = await theirs.PatchAsync(path, new { name = "Acme Inc", settings = new { max_secret_lifetime_days = 30, access_token = new { lifetime_seconds = 600 } } });
        Assert.Equal((200, "Acme Inc"), (changed.Status, changed["name"]));
        var secret = await theirs.MakeAsync($"/service-accounts/{(await theirs.ReadAsync("/whoami")).GetProperty("account")}/secrets", new { });
        Assert.Equal(30, Math.Round((secret.Json.GetProperty("expires_at").GetDateTimeOffset() - _server.Clock.GetUtcNow()).TotalDays));
    }

    [Fact]
    public async Task The_algorithm_of_a_tenant_is_one_that_it_has_a_key_for()
    {
        var made = await _root.MakeAsync("/tenants", new { name = "acme", issuer = "https://acme.example" });
        var theirs = await SignInAsync(made.Json.GetProperty("admin"), "acme.example");
        var alg = new { settings = new { access_token = new { alg = "ES384" } } };

        // The operator's own key does not help the other tenant.
        await _root.MakeAsync("/signing-keys", new { alg = "ES384", activate = "now" });
        Assert.Equal(409, (await _root.PatchAsync($"/tenants/{made["id"]}", alg)).Status);
        Assert.Equal(409, (await theirs.PatchAsync($"/tenants/{made["id"]}", alg)).Status);

        await theirs.MakeAsync("/signing-keys", new { alg = "ES384", activate = "now" });
        Assert.Equal(200, (await _root.PatchAsync($"/tenants/{made["id"]}", alg)).Status);
    }

    [Fact]
    [Trait("R", "171")]
    [Trait("R", "215")]
    public async Task No_two_tenants_share_a_host()
    {
        var made = await _root.MakeAsync("/tenants", new { name = "acme", issuer = "https://acme.example" });

        Assert.Equal(409, (await _root.PostAsync("/tenants", new { name = "other", issuer = "https://acme.example:8443" })).Status);
        Assert.Equal(409, (await _root.PostAsync("/tenants", new { name = "other", issuer = "https://other.example", hosts = new[] { "ACME.example" } })).Status);
        Assert.Equal(409, (await _root.PatchAsync($"/tenants/{made["id"]}", new { hosts = new[] { "as.example" } })).Status);
        Assert.Equal("""["acme.example"]""", (await _root.ReadAsync($"/tenants/{made["id"]}")).GetProperty("hosts").GetRawText());
        Assert.Equal(2, (await _root.ListAsync("/tenants")).Length);
    }

    [Fact]
    public async Task The_default_tenant_stays()
    {
        var path = $"/tenants/{_default}";

        Assert.Equal(409, (await _root.PatchAsync(path, new { name = "other" })).Status);
        Assert.Equal(409, (await _root.PatchAsync(path, new { disabled = true })).Status);
        Assert.Equal(409, (await _root.DeleteAsync(path)).Status);
        Assert.Equal(200, (await _root.GetAsync("/whoami")).Status);
    }

    private Task<Caller> SignInAsync(JsonElement admin, string host) =>
        _server.SignInAsync(admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!, host);
}

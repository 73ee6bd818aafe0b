using System.Text.Json;

namespace Countersign.Cli.Tests;

public sealed class EndToEndTests(DevServer server) : IClassFixture<DevServer>
{
    [Fact]
    public async Task An_account_gets_a_secret_and_a_grant_and_with_them_a_token()
    {
        var account = await server.JsonAsync("account", "create", "--name", "deployer", "--org", "default", "--client-id", "deployer-1");
        await server.JsonAsync(
            "api", "create", "--identifier", "urn:e2e:orders", "--name", "Orders", "--scope", "read", "--scope", "write:Change");
        await server.JsonAsync("grant", "add", "deployer-1", "--api", "urn:e2e:orders", "--scope", "read", "--default-scope", "read");
        var secret = await server.JsonAsync("secret", "create", "deployer-1", "--expires", "30d");
        var token = await server.TokenAsync("deployer-1", Text(secret, "client_secret"));

        Assert.Equal((200, "read"), (token.Status, Text(token.Body, "scope")));
        Assert.Equal(Text(account, "id"), Text(await server.JsonAsync("account", "show", "deployer-1"), "id"));

        // And each step back takes something away.
        await server.JsonAsync("api", "update", "urn:e2e:orders", "--add-scope", "delete", "--remove-scope", "write");
        await server.JsonAsync("grant", "update", "deployer-1", "urn:e2e:orders", "--scope", "read", "--scope", "delete");
        Assert.Equal(200, (await server.TokenAsync("deployer-1", Text(secret, "client_secret"), "delete")).Status);
        await server.JsonAsync("grant", "remove", "deployer-1", "urn:e2e:orders");
        Assert.Equal(400, (await server.TokenAsync("deployer-1", Text(secret, "client_secret"), "read")).Status);
        await server.JsonAsync("account", "disable", "deployer-1");
        Assert.Equal(401, (await server.TokenAsync("deployer-1", Text(secret, "client_secret"), "read")).Status);
        await server.JsonAsync("account", "enable", "deployer-1");
        await server.JsonAsync("account", "delete", "deployer-1");
        await server.JsonAsync("api", "delete", "urn:e2e:orders");
        Assert.Equal(1, (await server.RunAsync("account", "show", "deployer-1")).Code);
    }

    [Fact]
    public async Task A_secret_is_rotated_without_a_gap_and_retired_at_once()
    {
        await server.JsonAsync("account", "create", "--name", "rotated", "--client-id", "rotated");
        await server.JsonAsync("grant", "add", "rotated", "--api", "urn:countersign:demo", "--scope", "read", "--default-scope", "read");
        var old = await server.JsonAsync("secret", "create", "rotated");
        var fresh = await server.JsonAsync("secret", "rotate", "rotated", "--retire-old", "quiet:24h");

        Assert.Equal(200, (await server.TokenAsync("rotated", Text(old, "client_secret"))).Status);
        Assert.Equal(200, (await server.TokenAsync("rotated", Text(fresh, "client_secret"))).Status);

        await server.JsonAsync("secret", "retire", "rotated", Text(old, "id"));
        Assert.Equal(401, (await server.TokenAsync("rotated", Text(old, "client_secret"))).Status);

        await server.JsonAsync("secret", "update", "rotated", Text(fresh, "id"), "--expires", "10d");
        await server.JsonAsync("secret", "delete", "rotated", Text(fresh, "id"));
        Assert.Equal(401, (await server.TokenAsync("rotated", Text(fresh, "client_secret"))).Status);

        var list = await server.RunAsync("secret", "list", "rotated");
        Assert.DoesNotContain(Text(old, "client_secret"), list.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_explained_by_its_trace_id()
    {
        var refused = await server.TokenAsync(server.ClientId, "wrong");
        var trace = Text(refused.Body, "error_description")[^37..^1];

        var people = await server.RunAsync("explain", trace);
        var json = await server.JsonAsync("explain", trace);

        Assert.Equal(0, people.Code);
        Assert.Contains("refused: invalid_client", people.Out, StringComparison.Ordinal);
        Assert.Contains("\n✗ ", people.Out, StringComparison.Ordinal);
        Assert.Contains("\nHint: ", people.Out, StringComparison.Ordinal);
        Assert.False(json.GetProperty("checks").EnumerateArray().Last().GetProperty("passed").GetBoolean());

        var events = await server.JsonAsync("audit", "list", "--client-id", server.ClientId, "--outcome", "refused", "--since", "1h");
        Assert.Contains(events.GetProperty("items").EnumerateArray(), e => Text(e, "id") == trace);
        await server.JsonAsync("audit", "show", trace);
    }

    [Fact]
    public async Task Roles_are_made_assigned_and_taken_away()
    {
        await server.JsonAsync("account", "create", "--name", "holder", "--client-id", "holder");
        await server.JsonAsync("role", "create", "--name", "reader", "--scope", "read@urn:countersign:demo");
        await server.JsonAsync("role", "update", "reader", "--scope", "read@urn:countersign:demo", "--scope", "write@urn:countersign:demo");
        await server.JsonAsync("role", "assign", "holder", "reader");
        await server.JsonAsync("role", "assign", "holder", "org-admin", "--org", "default");
        Assert.Equal(2, (await server.JsonAsync("role", "assigned", "holder")).GetProperty("items").GetArrayLength());

        await server.JsonAsync("role", "unassign", "holder", "reader");
        await server.JsonAsync("role", "delete", "reader");
        Assert.Single((await server.JsonAsync("role", "assigned", "holder")).GetProperty("items").EnumerateArray());
        Assert.Contains("org-admin", (await server.RunAsync("role", "list")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Organizations_groups_and_tenants_are_managed_by_name()
    {
        await server.JsonAsync("group", "create", "--name", "platform");
        await server.JsonAsync("org", "create", "--name", "payments", "--group", "platform");
        await server.JsonAsync("org", "update", "payments", "--name", "billing");
        await server.JsonAsync("account", "create", "--name", "owned", "--client-id", "owned", "--org", "billing");
        Assert.Single((await server.JsonAsync("org", "list", "--group", "platform")).GetProperty("items").EnumerateArray());
        Assert.Single((await server.JsonAsync("account", "list", "--org", "billing", "--all")).GetProperty("items").EnumerateArray());
        Assert.Equal(1, (await server.RunAsync("org", "delete", "billing")).Code);

        await server.JsonAsync("account", "delete", "owned");
        await server.JsonAsync("org", "delete", "billing");
        await server.JsonAsync("group", "delete", "platform");

        await server.JsonAsync("tenant", "create", "--name", "second", "--issuer", "https://second.example");
        await server.JsonAsync("tenant", "update", "second", "--granting", "owner", "--token-lifetime", "10m");
        Assert.Equal(600, (await server.JsonAsync("tenant", "show", "second"))
            .GetProperty("settings").GetProperty("access_token").GetProperty("lifetime_seconds").GetInt32());
        Assert.Equal(1, (await server.RunAsync("tenant", "delete", "second")).Code);
        await server.JsonAsync("tenant", "update", "second", "--disabled", "true");
        await server.JsonAsync("tenant", "delete", "second");
    }

    [Fact]
    public async Task An_import_is_run_again_without_harm()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("accounts.csv", "client_id,name,organization,api,scopes\n" + string.Concat(
            Enumerable.Range(0, 1100).Select(n => $"imported-{n},Imported {n},default,urn:countersign:demo,read\n")));

        var first = await server.JsonAsync("account", "import", file);
        var second = await server.JsonAsync("account", "import", file);
        var listed = await server.JsonAsync("account", "list", "--name", "imported", "--all");

        Assert.Equal((1100, 0), (first.GetProperty("created").GetInt32(), second.GetProperty("created").GetInt32()));
        Assert.Equal(1100, second.GetProperty("skipped").GetArrayLength());
        Assert.Equal(1100, listed.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_line_that_the_server_refuses_is_named()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write(
            "accounts.csv",
            """
            client_id,name,api,scopes
            first,First,urn:countersign:demo,read
            second,Second,urn:unknown,read
            """);

        var ran = await server.RunAsync("account", "import", file);

        Assert.Equal(1, ran.Code);
        Assert.Contains("line 3", ran.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await server.RunAsync("account", "show", "first")).Code);
    }

    [Fact]
    public async Task Tokens_are_revoked_from_standard_input_and_by_account()
    {
        await server.JsonAsync("account", "create", "--name", "revoked", "--client-id", "revoked");
        await server.JsonAsync("grant", "add", "revoked", "--api", "urn:countersign:demo", "--scope", "read", "--default-scope", "read");
        var secret = Text(await server.JsonAsync("secret", "create", "revoked"), "client_secret");
        var token = Text((await server.TokenAsync("revoked", secret)).Body, "access_token");

        Assert.Equal(0, (await server.RunWithInputAsync(token + "\n", "revoke")).Code);
        await server.JsonAsync("revoke", "--account", "revoked");
        await server.JsonAsync("account", "revoke-tokens", "revoked");
        Assert.NotEmpty((await server.JsonAsync("revoke", "list")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Signing_keys_are_made_and_withdrawn()
    {
        var key = await server.JsonAsync("signing-key", "create", "--alg", "RS256", "--activate", "now");
        await server.JsonAsync("signing-key", "show", Text(key, "kid"));
        Assert.Equal("withdrawn", Text(await server.JsonAsync("signing-key", "withdraw", Text(key, "kid")), "state"));
        Assert.NotEmpty((await server.JsonAsync("signing-key", "list", "--alg", "ES256")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Reports_and_counts_answer()
    {
        await server.JsonAsync("usage", "--since", "1h");
        await server.JsonAsync("report", "expiring-secrets", "--within", "400d");
        await server.JsonAsync("report", "expiring-keys", "--within", "400d");
        await server.JsonAsync("report", "relaxed-assertions");
        await server.JsonAsync("api", "resource-server", "list", "urn:countersign:demo");
        var self = await server.JsonAsync("whoami");
        Assert.Equal(Text(server.Dev.GetProperty("admin"), "client_id"), Text(self, "client_id"));
        Assert.All(
            await Task.WhenAll(
                server.RunAsync("tenant", "list"), server.RunAsync("group", "list"), server.RunAsync("org", "list"),
                server.RunAsync("account", "list"), server.RunAsync("api", "list"), server.RunAsync("signing-key", "list"),
                server.RunAsync("audit", "list"), server.RunAsync("usage"), server.RunAsync("whoami")),
            ran => Assert.Equal(0, ran.Code));
    }

    [Fact]
    public async Task An_account_without_an_admin_role_is_not_allowed()
    {
        var secret = Text(server.Dev.GetProperty("service_account"), "client_secret");

        var ran = await Ran.WithAsync(
            new()
            {
                ["COUNTERSIGN_SERVER"] = server.Issuer,
                ["COUNTERSIGN_CLIENT_ID"] = server.ClientId,
                ["COUNTERSIGN_CLIENT_SECRET"] = secret,
            },
            "",
            "account",
            "list");

        Assert.NotEqual(0, ran.Code);
        Assert.DoesNotContain(secret, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_that_demands_versions_gets_them()
    {
        await server.JsonAsync("account", "create", "--name", "versioned", "--client-id", "versioned");
        await server.JsonAsync("api", "create", "--identifier", "urn:e2e:versioned", "--name", "V", "--scope", "read");
        await server.JsonAsync("grant", "add", "versioned", "--api", "urn:e2e:versioned", "--scope", "read");
        await server.JsonAsync("role", "create", "--name", "versioned", "--scope", "read@urn:e2e:versioned");
        await server.JsonAsync("role", "assign", "versioned", "versioned");
        await server.JsonAsync("api", "resource-server", "add", "urn:e2e:versioned", "versioned");
        var secret = Text(await server.JsonAsync("secret", "create", "versioned"), "id");
        await server.JsonAsync("tenant", "update", "default", "--require-if-match", "true");

        try
        {
            await server.JsonAsync("account", "update", "versioned", "--description", "x");
            await server.JsonAsync("secret", "update", "versioned", secret, "--expires", "3d");
            await server.JsonAsync("secret", "delete", "versioned", secret);
            await server.JsonAsync("grant", "remove", "versioned", "urn:e2e:versioned");
            await server.JsonAsync("role", "unassign", "versioned", "versioned");
            await server.JsonAsync("role", "delete", "versioned");
            await server.JsonAsync("api", "resource-server", "remove", "urn:e2e:versioned", "versioned");
            await server.JsonAsync("api", "delete", "urn:e2e:versioned");
            await server.JsonAsync("account", "delete", "versioned");
        }
        finally
        {
            await server.JsonAsync("tenant", "update", "default", "--require-if-match", "false");
        }
    }

    [Fact]
    public async Task Filters_narrow_a_list()
    {
        await server.JsonAsync("account", "create", "--name", "Filtered One", "--client-id", "filtered-1");
        await server.JsonAsync("account", "create", "--name", "Filtered Two", "--client-id", "filtered-2");
        await server.JsonAsync("account", "disable", "filtered-2");

        Assert.Equal(["filtered-1", "filtered-2"], await FoundAsync("--name", "fILTERED"));
        Assert.Equal(["filtered-1"], await FoundAsync("--client-id", "filtered-1"));
        Assert.Equal(["filtered-2"], await FoundAsync("--name", "filtered", "--disabled"));
        Assert.Equal(["filtered-1"], await FoundAsync("--name", "filtered", "--disabled", "false"));
        Assert.Empty(await FoundAsync("--client-id", "nobody"));

        // The administrator has just been used, by this very command.
        var admin = Text(server.Dev.GetProperty("admin"), "client_id");
        Assert.Contains(admin, await FoundAsync("--unused-since", "2099-01-01"));
        Assert.DoesNotContain(admin, await FoundAsync("--unused-since", "1d"));

        Assert.Empty((await server.JsonAsync("audit", "list", "--client-id", "nobody")).GetProperty("items").EnumerateArray());
        Assert.Empty((await server.JsonAsync("report", "expiring-secrets", "--within", "1d")).GetProperty("items").EnumerateArray());
        Assert.NotEmpty((await server.JsonAsync("report", "expiring-secrets", "--within", "365d")).GetProperty("items").EnumerateArray());
    }

    private async Task<string[]> FoundAsync(params string[] filters) =>
    [
        .. (await server.JsonAsync(["account", "list", "--all", .. filters])).GetProperty("items").EnumerateArray()
            .Select(account => Text(account, "client_id"))
            .Order(StringComparer.Ordinal),
    ];

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}

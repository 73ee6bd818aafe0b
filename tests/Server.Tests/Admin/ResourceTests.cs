using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>What each resource answers when it is made, read, listed, changed and deleted.</summary>
public sealed class ResourceTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private Caller _root = null!;

    public async ValueTask InitializeAsync() => _root = await shared.Server.RootAsync();

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task A_group_and_its_organizations()
    {
        var group = await LifeAsync("/groups", new { name = New() }, new { name = New() }, ["id", "name", "created_at"], keep: true);
        var id = group.GetProperty("id").GetGuid();
        await LifeAsync("/organizations", new { name = New(), group = id }, new { name = New() }, ["id", "name", "group", "created_at"]);
        var organization = await _root.MakeAsync("/organizations", new { name = New(), group = group.GetProperty("name") });

        Assert.Equal(id.ToString(), organization["group"]);
        Assert.Equal(organization["id"], Assert.Single(await _root.ListAsync($"/organizations?group={id}")).GetProperty("id").GetString());

        var full = await _root.DeleteAsync($"/groups/{id}");
        Assert.Equal((409, "something still belongs to it, or what it refers to is gone"), (full.Status, full["detail"]));
        Assert.Equal(404, (await _root.PostAsync("/organizations", new { name = New(), group = "no such group" })).Status);
    }

    [Fact]
    public async Task A_service_account()
    {
        string[] members =
        [
            "id", "client_id", "name", "description", "owner", "disabled", "access_token", "auth_method", "assertions", "dpop_bound_access_tokens", "access_policy", "made_by_rule", "created_at", "updated_at", "last_used_at",
        ];
        await LifeAsync("/service-accounts", new { name = New(), description = "what for" }, new { name = New(), description = (string?)null }, members);

        var made = await _root.MakeAsync("/service-accounts", new { name = New(), client_id = "a free/text~id", owner = new { group = "default" } });
        Assert.Equal(("a free/text~id", "False", "client_secret", ""), (made["client_id"], made["disabled"], made["auth_method"], made["last_used_at"]));
        Assert.Equal(["group"], made.Json.GetProperty("owner").EnumerateObject().Select(m => m.Name));
        Assert.All(made.Json.GetProperty("access_token").EnumerateObject(), m => Assert.Equal(JsonValueKind.Null, m.Value.ValueKind));
        Assert.Equal(409, (await _root.PostAsync("/service-accounts", new { name = New(), client_id = "a free/text~id" })).Status);

        var patched = await _root.PatchAsync($"/service-accounts/{made["id"]}", new { access_token = new { format = "opaque", lifetime_seconds = 300, alg = "RS256" } });
        Assert.Equal("""{"format":"opaque","lifetime_seconds":300,"alg":"RS256"}""", patched["access_token"]);
        patched = await _root.PatchAsync($"/service-accounts/{made["id"]}", new { access_token = new { format = (string?)null } });
        Assert.Equal("""{"format":null,"lifetime_seconds":300,"alg":"RS256"}""", patched["access_token"]);
        patched = await _root.PatchAsync($"/service-accounts/{made["id"]}", new { access_token = (object?)null });
        Assert.Equal("""{"format":null,"lifetime_seconds":null,"alg":null}""", patched["access_token"]);
    }

    [Fact]
    public async Task An_api_and_who_acts_as_it()
    {
        var identifier = $"https://{New()}.example/v1";
        var body = new { identifier, name = "API", scopes = new object[] { new { name = "read", description = "to look" }, new { name = "write" } } };
        string[] members = ["id", "identifier", "name", "owner", "built_in", "scopes", "access_token", "created_at"];
        var api = await LifeAsync("/apis", body, new { scopes = new[] { new { name = "read" }, new { name = "admin" } } }, members, keep: true);

        Assert.Equal(["admin", "read"], api.GetProperty("scopes").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        Assert.Equal(409, (await _root.PostAsync("/apis", body)).Status);

        var path = $"/apis/{api.GetProperty("id")}/resource-servers";
        var estate = await Estate.MakeAsync(_root);
        Assert.Equal(estate.Account.ToString(), (await _root.MakeAsync(path, new { account = estate.ClientId }))["account"]);
        Assert.Equal(409, (await _root.PostAsync(path, new { account = estate.Account })).Status);
        Assert.Equal(estate.ClientId, Assert.Single(await _root.ListAsync(path)).GetProperty("client_id").GetString());
        Assert.Equal(204, (await _root.DeleteAsync($"{path}/{estate.Account}")).Status);
        Assert.Equal(404, (await _root.DeleteAsync($"{path}/{estate.Account}")).Status);
    }

    [Fact]
    public async Task A_grant()
    {
        var estate = await Estate.MakeAsync(_root);
        var path = $"/service-accounts/{estate.Account}/grants";
        var body = new { api = estate.Identifier, scopes = new[] { "read", "write" }, default_scopes = new[] { "read" } };
        var grant = await LifeAsync(path, body, new { scopes = new[] { "write" } }, ["id", "api", "scopes", "default_scopes", "created_at"], keep: true);

        // A default that is no longer granted goes with the scope.
        Assert.Equal("""["write"] []""", $"{grant.GetProperty("scopes")} {grant.GetProperty("default_scopes")}");
        Assert.Equal(estate.Api, grant.GetProperty("api").GetProperty("id").GetGuid());
        Assert.Equal(409, (await _root.PostAsync(path, body)).Status);
        Assert.Equal(400, (await _root.PatchAsync($"{path}/{grant.GetProperty("id")}", new { default_scopes = new[] { "read" } })).Status);
        Assert.Equal(400, (await _root.PatchAsync($"{path}/{grant.GetProperty("id")}", new { scopes = Array.Empty<string>() })).Status);
        var unknown = await _root.PatchAsync($"{path}/{grant.GetProperty("id")}", new { scopes = new[] { "fly" } });
        Assert.Equal((400, "scopes names fly, which the API does not have; it has read, write"), (unknown.Status, unknown["detail"]));
        Assert.Equal(404, (await _root.PostAsync($"/service-accounts/{estate.Holder}/grants", new { api = "urn:no:such", scopes = new[] { "read" } })).Status);
    }

    [Fact]
    public async Task A_role_and_its_assignment()
    {
        var estate = await Estate.MakeAsync(_root);
        var name = New();
        var body = new { name, scopes = new object[] { new { api = estate.Api, scope = "read" }, new { api = "urn:countersign:admin", scope = "accounts.read" } } };
        var role = await LifeAsync("/roles", body, new { scopes = new[] { new { api = estate.Identifier, scope = "write" } } }, ["id", "name", "owner", "built_in", "scopes", "created_at"], keep: true);
        var roles = $"/service-accounts/{estate.Account}/roles";

        var made = await _root.MakeAsync(roles, new { role = name.ToUpperInvariant(), reach = new { group = estate.Group } });
        Assert.Equal(["id", "role", "reach", "created_at"], made.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal($$$"""{"id":"{{{role.GetProperty("id")}}}","name":"{{{name}}}"} {"group":"{{{estate.Group}}}"}""", $"{made["role"]} {made["reach"]}");
        Assert.Equal($$"""{"organization":"{{estate.Organization}}"}""", (await _root.MakeAsync(roles, new { role = name }))["reach"]);
        Assert.Equal("tenant", (await _root.MakeAsync(roles, new { role = name, reach = "tenant" }))["reach"]);
        Assert.Equal(3, (await _root.ListAsync(roles)).Length);

        foreach (var reach in new object[] { "galaxy", 7, true, new { }, new { organization = estate.Organization, group = estate.Group }, new[] { "tenant" }, new { galaxy = "x" } })
        {
            Assert.Equal(400, (await _root.PostAsync(roles, new { role = name, reach })).Status);
        }

        var held = await _root.DeleteAsync($"/roles/{role.GetProperty("id")}");
        Assert.Equal((409, "accounts hold this role: take it from them first"), (held.Status, held["detail"]));

        foreach (var assignment in await _root.ListAsync(roles))
        {
            Assert.Equal(204, (await _root.DeleteAsync($"{roles}/{assignment.GetProperty("id")}")).Status);
        }

        Assert.Equal(204, (await _root.DeleteAsync($"/roles/{role.GetProperty("id")}")).Status);
    }

    [Fact]
    public async Task Built_in_roles_stay_as_they_are()
    {
        var builtIn = (await _root.ListAsync("/roles")).Where(r => r.GetProperty("built_in").GetBoolean()).ToDictionary(r => r.GetProperty("name").GetString()!);
        Assert.Superset(new HashSet<string>(["super-admin", "group-admin", "org-admin", "auditor"]), new HashSet<string>(builtIn.Keys));

        foreach (var role in builtIn.Values)
        {
            var path = $"/roles/{role.GetProperty("id")}";
            Assert.Equal(409, (await _root.PatchAsync(path, new { name = "mine" })).Status);
            Assert.Equal(409, (await _root.PatchAsync(path, new { scopes = Array.Empty<object>() })).Status);
            Assert.Equal(409, (await _root.DeleteAsync(path)).Status);
            Assert.Equal(role.GetRawText(), (await _root.ReadAsync(path)).GetRawText());
        }
    }

    [Fact]
    public async Task An_organization_that_owns_something_stays()
    {
        var estate = await Estate.MakeAsync(_root);

        Assert.Equal(409, (await _root.DeleteAsync($"/organizations/{estate.Organization}")).Status);
        Assert.Equal(200, (await _root.GetAsync($"/service-accounts/{estate.Account}")).Status);
    }

    [Fact]
    [Trait("R", "227")]
    public async Task Whoami_names_the_caller_and_its_reach()
    {
        var estate = await Estate.MakeAsync(_root);
        var admin = await _root.AdministratorAsync("auditor", new { group = estate.Group });
        var me = await admin.Caller.ReadAsync("/whoami");

        Assert.Equal((admin.Id, estate.Tenant), (me.GetProperty("account").GetGuid(), me.GetProperty("tenant").GetGuid()));
        Assert.Equal($$"""[{"group":"{{estate.Group}}"}]""", me.GetProperty("reach").GetRawText());
        Assert.Equal("""["tenant"]""", (await _root.ReadAsync("/whoami")).GetProperty("reach").GetRawText());
        Assert.Contains("audit.read", me.GetProperty("scopes").EnumerateArray().Select(s => s.GetString()));
    }

    [Fact]
    public async Task What_does_not_exist_is_a_problem_too()
    {
        foreach (var (method, path, status) in new[]
        {
            (HttpMethod.Get, "/no-such-thing", 404), (HttpMethod.Get, "/groups/not-an-id", 404), (HttpMethod.Get, $"/groups/{Guid.NewGuid()}", 404), (HttpMethod.Put, "/groups", 405),
        })
        {
            var answer = await _root.SendAsync(method, path, null);
            Assert.Equal((status, "application/problem+json", "no-store"), (answer.Status, answer.Headers["Content-Type"], answer.Headers["Cache-Control"]));
            Assert.Equal(status, answer.Json.GetProperty("status").GetInt32());
        }
    }

    /// <summary>Makes, reads, lists, changes and (unless it is to be kept) deletes one; returns it as it was last.</summary>
    private async Task<JsonElement> LifeAsync(string path, object body, object patch, string[] members, bool keep = false)
    {
        var made = await _root.MakeAsync(path, body);
        var at = $"{path}/{made["id"]}";
        Assert.Equal(members, made.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal(("no-store", $"/admin/v1{at}"), (made.Headers["Cache-Control"], made.Headers["Location"]));

        var read = await _root.GetAsync(at);
        Assert.Equal((200, made.Body, made.Headers["ETag"]), (read.Status, read.Body, read.Headers["ETag"]));
        Assert.Contains(made.Body, (await _root.ReadAsync($"{path}?limit=200")).GetRawText(), StringComparison.Ordinal);

        var changed = await _root.PatchAsync(at, patch, ("If-Match", made.Headers["ETag"]));
        Assert.True(changed.Status == 200, changed.Body);
        Assert.NotEqual(made.Headers["ETag"], changed.Headers["ETag"]);
        Assert.Equal(changed.Body, (await _root.GetAsync(at)).Body);
        Assert.Equal(412, (await _root.PatchAsync(at, patch, ("If-Match", made.Headers["ETag"]))).Status);
        Assert.Equal(412, (await _root.DeleteAsync(at, ("If-Match", made.Headers["ETag"]))).Status);
        Assert.Equal(changed.Body, (await _root.GetAsync(at)).Body);

        if (!keep)
        {
            Assert.Equal(204, (await _root.DeleteAsync(at, ("If-Match", changed.Headers["ETag"]))).Status);
            Assert.Equal(404, (await _root.GetAsync(at)).Status);
            Assert.Equal(404, (await _root.PatchAsync(at, patch)).Status);
            Assert.Equal(404, (await _root.DeleteAsync(at)).Status);
        }

        return changed.Json;
    }

    private static string New() => $"n{Guid.NewGuid():n}";
}

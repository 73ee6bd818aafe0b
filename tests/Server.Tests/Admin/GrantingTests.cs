using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>Nobody gives more than they hold.</summary>
public sealed class GrantingTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private const string AdminApi = "urn:countersign:admin";

    private Caller _root = null!;
    private Estate _own = null!;
    private Administrator _orgAdmin = null!;

    public async ValueTask InitializeAsync()
    {
        _root = await shared.Server.RootAsync();
        _own = await Estate.MakeAsync(_root);
        _orgAdmin = await _root.AdministratorAsync("org-admin", _own.Owner, _own.Owner);
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    [Trait("R", "218")]
    public async Task An_administrator_gives_its_own_role_within_its_reach_and_no_other()
    {
        var roles = $"/service-accounts/{_own.Account}/roles";
        var foreign = await Estate.MakeAsync(_root);

        foreach (var role in new[] { "super-admin", "group-admin", "auditor" })
        {
            await _root.AssertForbiddenAsync(await _orgAdmin.Caller.PostAsync(roles, new { role, reach = _own.Owner }), "further than you do");
        }

        await _root.AssertForbiddenAsync(await _orgAdmin.Caller.PostAsync(roles, new { role = "org-admin", reach = "tenant" }), "further than you do");
        Assert.Equal(404, (await _orgAdmin.Caller.PostAsync(roles, new { role = "org-admin", reach = new { group = _own.Group } })).Status);
        Assert.Equal(404, (await _orgAdmin.Caller.PostAsync(roles, new { role = "org-admin", reach = foreign.Owner })).Status);
        Assert.Empty(await _root.ListAsync(roles));

        Assert.Equal(201, (await _orgAdmin.Caller.PostAsync(roles, new { role = "org-admin", reach = _own.Owner })).Status);
        Assert.Equal(409, (await _orgAdmin.Caller.PostAsync(roles, new { role = "org-admin", reach = _own.Owner })).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task A_token_that_carries_less_than_its_administrator_holds_gives_no_more_than_it_carries()
    {
        var narrow = await shared.Server.SignInAsync(_orgAdmin.ClientId, _orgAdmin.Secret, scope: "roles.write roles.read");

        var answer = await narrow.PostAsync($"/service-accounts/{_own.Account}/roles", new { role = "org-admin", reach = _own.Owner });

        await _root.AssertForbiddenAsync(answer, "further than you do");
    }

    [Fact]
    [Trait("R", "218")]
    public async Task Nothing_of_a_stronger_account_is_changed_although_it_is_owned_within_reach()
    {
        var stronger = await _root.AdministratorAsync("group-admin", new { group = _own.Group }, _own.Owner);
        var path = $"/service-accounts/{stronger.Id}";
        var secret = (await _root.ListAsync($"{path}/secrets"))[0].GetProperty("id").GetGuid();
        var assignment = (await _root.ListAsync($"{path}/roles"))[0].GetProperty("id").GetGuid();
        var before = await Picture.OfAsync(_root, _own with { Account = stronger.Id });
        var caller = _orgAdmin.Caller;
        Answer[] answers =
        [
            await caller.PatchAsync(path, new { name = "mine" }),
            await caller.PatchAsync(path, new { disabled = true }),
            await caller.DeleteAsync(path),
            await caller.PostAsync($"{path}/secrets", new { }),
            await caller.PostAsync($"{path}/secrets", new { hash = ImportedSecret.Pbkdf2("known to me") }),
            await caller.PostAsync($"{path}/secrets/rotate", new { retire_old = new { now = true } }),
            await caller.PatchAsync($"{path}/secrets/{secret}", new { expires_at = DateTimeOffset.UtcNow.AddDays(1) }),
            await caller.PostAsync($"{path}/secrets/{secret}/retire", new { }),
            await caller.DeleteAsync($"{path}/secrets/{secret}"),
            await caller.PostAsync($"{path}/roles", new { role = "org-admin", reach = _own.Owner }),
            await caller.DeleteAsync($"{path}/roles/{assignment}"),
            await caller.PostAsync($"{path}/revoke-tokens", new { }),
            await caller.PostAsync("/revocations", new { account = stronger.Id }),
            await caller.PostAsync("/revocations", new { credential = secret }),
            await caller.PostAsync("/revocations", new { token = stronger.Caller.Token }),
        ];

        foreach (var answer in answers)
        {
            await _root.AssertForbiddenAsync(answer, "further than you do");
        }

        Assert.Equal(before, await Picture.OfAsync(_root, _own with { Account = stronger.Id }));
        Assert.Equal(200, (await stronger.Caller.GetAsync("/whoami")).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task A_role_cannot_be_extended_by_who_holds_it()
    {
        var role = (await _root.MakeAsync("/roles", new { name = $"{Guid.NewGuid()}", owner = _own.Owner, scopes = new[] { Of("accounts.read") } }))["id"];
        await _root.MakeAsync($"/service-accounts/{_orgAdmin.Id}/roles", new { role });
        var before = (await _root.ReadAsync($"/roles/{role}")).GetRawText();
        var caller = await shared.Server.SignInAsync(_orgAdmin.ClientId, _orgAdmin.Secret);

        foreach (var scope in new[] { "tenants.write", "signing-keys.write", "accounts.write" })
        {
            var answer = await caller.PatchAsync($"/roles/{role}", new { scopes = new[] { Of("accounts.read"), Of(scope) } });
            await _root.AssertForbiddenAsync(answer, $"the role holds {scope} further than you do");
        }

        await _root.AssertForbiddenAsync(
            await caller.PatchAsync($"/roles/{role}", new { scopes = new[] { Of("accounts.read"), new { api = _own.Identifier, scope = "write" } } }), "needs super-admin");
        await _root.AssertForbiddenAsync(
            await caller.PostAsync("/roles", new { name = $"{Guid.NewGuid()}", owner = _own.Owner, scopes = new[] { Of("accounts.read") } }), "further than you do");
        Assert.Equal(before, (await _root.ReadAsync($"/roles/{role}")).GetRawText());

        // What it may: give the role less.
        Assert.Equal(200, (await caller.PatchAsync($"/roles/{role}", new { scopes = Array.Empty<object>() })).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task Granting_and_credentials_of_who_was_granted_need_super_admin()
    {
        var caller = _orgAdmin.Caller;
        var holder = $"/service-accounts/{_own.Holder}";
        var scopes = new[] { "read" };

        await _root.AssertForbiddenAsync(await caller.PostAsync($"/service-accounts/{_own.Account}/grants", new { api = _own.Api, scopes }), "needs super-admin");
        await _root.AssertForbiddenAsync(await caller.PatchAsync($"{holder}/grants/{_own.Grant}", new { scopes = new[] { "read", "write" } }), "needs super-admin");
        await _root.AssertForbiddenAsync(await caller.PostAsync($"{holder}/secrets", new { }), "changing its credentials needs super-admin");
        await _root.AssertForbiddenAsync(
            await caller.PostAsync("/service-accounts/import", new
            {
                accounts = new[] { new { client_id = "mine", name = "mine", secret_hash = ImportedSecret.Pbkdf2("known"), grants = new[] { new { api = _own.Api, scopes } } } },
            }),
            "needs super-admin");
        Assert.Empty(await _root.ListAsync("/service-accounts?client_id=mine"));

        // An account with neither grants nor roles is the owner's own affair.
        Assert.Equal(201, (await caller.PostAsync($"/service-accounts/{_own.Account}/secrets", new { })).Status);
    }

    [Fact]
    [Trait("R", "218")]
    public async Task Scopes_of_the_admin_api_are_never_granted()
    {
        var scopes = new[] { "accounts.read" };
        await _root.AssertForbiddenAsync(await _root.PostAsync($"/service-accounts/{_own.Account}/grants", new { api = AdminApi, scopes }), "given by roles");
        await _root.AssertForbiddenAsync(
            await _root.PostAsync("/service-accounts/import", new { accounts = new[] { new { client_id = "x", name = "x", grants = new[] { new { api = AdminApi, scopes } } } } }),
            "given by roles");

        // Nor is there another API that could pass for it, nor can it be changed.
        foreach (var identifier in new[] { AdminApi, "URN:countersign:admin", "urn:Countersign:x" })
        {
            Assert.Equal(400, (await _root.PostAsync("/apis", new { identifier, name = "x", scopes = Array.Empty<object>() })).Status);
        }

        var api = (await _root.ListAsync($"/apis?identifier={AdminApi}"))[0].GetProperty("id");
        Assert.Equal(409, (await _root.PatchAsync($"/apis/{api}", new { scopes = Array.Empty<object>() })).Status);
        Assert.Equal(409, (await _root.DeleteAsync($"/apis/{api}")).Status);
    }

    [Fact]
    [Trait("R", "215")]
    [Trait("R", "218")]
    public async Task An_api_of_another_organization_reads_like_none()
    {
        var foreign = await Estate.MakeAsync(_root);
        var caller = _orgAdmin.Caller;
        var scopes = new[] { "read" };

        foreach (var api in new[] { foreign.Api.ToString(), foreign.Identifier, "urn:example:nothing" })
        {
            Answer[] answers =
            [
                await caller.PostAsync($"/service-accounts/{_own.Account}/grants", new { api, scopes }),
                await caller.PostAsync("/roles", new { name = $"{Guid.NewGuid()}", scopes = new[] { new { api, scope = "nothing" } } }),
                await caller.PostAsync("/service-accounts/import", new { accounts = new[] { new { client_id = "y", name = "y", grants = new[] { new { api, scopes } } } } }),
            ];
            Assert.All(answers, a => Assert.True(a.Status == 404, $"{a.Status} {a.Body}"));
        }
    }

    [Fact]
    [Trait("R", "215")]
    public async Task The_accounts_that_act_as_a_shared_api_are_shown_as_far_as_the_caller_reaches()
    {
        var shown = (await _root.MakeAsync("/apis", new { identifier = $"urn:example:{Guid.NewGuid()}", name = "shared", scopes = Array.Empty<object>() }))["id"];
        var foreign = await Estate.MakeAsync(_root);
        await _root.MakeAsync($"/apis/{shown}/resource-servers", new { account = foreign.Account });
        await _root.MakeAsync($"/apis/{shown}/resource-servers", new { account = _own.Account });

        var seen = await _orgAdmin.Caller.ListAsync($"/apis/{shown}/resource-servers");

        Assert.Equal(_own.Account, Assert.Single(seen).GetProperty("account").GetGuid());
    }

    private static object Of(string scope) => new { api = AdminApi, scope };
}

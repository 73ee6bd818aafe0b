using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>A tenant where granting is left to the owners of the APIs.</summary>
public sealed class GrantingByOwnerTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Caller _root = null!;
    private Estate _own = null!;
    private Caller _orgAdmin = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _root = await _server.RootAsync();
        _own = await Estate.MakeAsync(_root);
        var tenant = (await _root.ListAsync("/tenants"))[0].GetProperty("id");
        Assert.Equal(200, (await _root.PatchAsync($"/tenants/{tenant}", new { settings = new { granting = "owner" } })).Status);
        _orgAdmin = (await _root.AdministratorAsync("org-admin", _own.Owner, _own.Owner)).Caller;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("R", "218")]
    public async Task An_owner_grants_scopes_of_its_own_apis_to_its_own_accounts()
    {
        var foreign = await Estate.MakeAsync(_root);
        var shared = (await _root.MakeAsync("/apis", new { identifier = "urn:example:shared", name = "shared", scopes = new[] { new { name = "read" } } }))["id"];
        var grants = $"/service-accounts/{_own.Account}/grants";
        var scopes = new[] { "read" };

        Assert.Equal(404, (await _orgAdmin.PostAsync(grants, new { api = foreign.Api, scopes })).Status);
        await _root.AssertForbiddenAsync(await _orgAdmin.PostAsync(grants, new { api = shared, scopes }), "or its owner");
        Assert.Equal(404, (await _orgAdmin.PostAsync($"/service-accounts/{foreign.Account}/grants", new { api = _own.Api, scopes })).Status);
        Assert.Equal(201, (await _orgAdmin.PostAsync(grants, new { api = _own.Api, scopes })).Status);
        Assert.Equal(201, (await _orgAdmin.PostAsync($"/service-accounts/{_own.Account}/secrets", new { })).Status);
        Assert.Equal(201, (await _orgAdmin.PostAsync("/roles", new { name = "own", scopes = new[] { new { api = _own.Identifier, scope = "write" } } })).Status);
    }
}

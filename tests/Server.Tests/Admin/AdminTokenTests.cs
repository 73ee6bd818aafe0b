using System.Net.Http.Headers;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>Which tokens open the admin API, and for how long what matters most.</summary>
public sealed class AdminTokenTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Caller _root = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _root = await _server.RootAsync();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("R", "226")]
    public async Task Keys_roles_and_tenants_need_a_token_of_the_last_quarter_of_an_hour()
    {
        var estate = await Estate.MakeAsync(_root);
        var before = await Picture.OfTenantAsync(_root, estate);
        _server.Clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(2));

        foreach (var route in RouteTable.Routes.Where(r => r.Sensitive))
        {
            var answer = await route.CallAsync(_root, estate);
            Assert.True(answer.Status == 401, $"{route}: {answer.Status} {answer.Body}");
            Assert.Contains("error=\"insufficient_user_authentication\", max_age=\"900\"", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
            Assert.Equal("this change needs a token that is at most 15 minutes old: get a new one", (await _root.ReadAsync($"/explanations/{answer.Trace}")).GetProperty("detail").GetString());
        }

        Assert.Equal(200, (await _root.PatchAsync($"/groups/{estate.Group}", new { })).Status);
        var fresh = await _server.RootAsync();
        Assert.Equal(201, (await fresh.PostAsync("/roles", new { name = "new", scopes = Array.Empty<object>() })).Status);
        Assert.NotEqual(before, await Picture.OfTenantAsync(fresh, estate));
    }

    [Fact]
    [Trait("R", "227")]
    public async Task A_token_for_the_admin_api_is_for_nothing_else()
    {
        // It is made for one audience, alone.
        var admin = _server.Demo.Admin;
        var both = (await _root.ReadAsync("/whoami")).GetProperty("account");
        await _root.MakeAsync($"/service-accounts/{both}/grants", new { api = _server.Demo.Api.Identifier, scopes = new[] { "read" } });
        var mixed = await _server.PostAsAsync(admin.ClientId, admin.ClientSecret, "/oauth2/token", ("grant_type", "client_credentials"), ("scope", "read accounts.read"));
        await _server.AssertRefusedAsync(mixed, 400, "invalid_target", "audience-unmixed");

        // The demo API's own account, asking, learns nothing of it.
        Assert.Equal("""{"active":false}""", (await _server.IntrospectAsync(_root.Token!)).Body);
    }

    [Fact]
    [Trait("R", "227")]
    public async Task An_ordinary_token_opens_nothing_here_although_its_api_has_a_scope_of_the_same_name()
    {
        var estate = await Estate.MakeAsync(_root);
        var api = await _root.MakeAsync("/apis", new { identifier = "urn:example:mimic", name = "mimic", scopes = new[] { new { name = "accounts.read" } } });
        await _root.MakeAsync($"/service-accounts/{estate.Account}/grants", new { api = api["id"], scopes = new[] { "accounts.read" } });
        var secret = (await _root.MakeAsync($"/service-accounts/{estate.Account}/secrets", new { }))["client_secret"];
        var token = await _server.PostAsAsync(estate.ClientId, secret, "/oauth2/token", ("grant_type", "client_credentials"), ("scope", "accounts.read"));
        Assert.Equal(200, token.Status);

        var answer = await new Caller(_server, token["access_token"]).GetAsync("/service-accounts");

        Assert.Equal(401, answer.Status);
        Assert.Equal("the token is for urn:example:mimic", (await _root.ReadAsync($"/explanations/{answer.Trace}")).GetProperty("detail").GetString());
    }

    [Fact]
    [Trait("R", "214")]
    public async Task A_token_stands_in_the_header_and_is_good_now()
    {
        var other = await _root.AdministratorAsync("auditor");
        Assert.Equal(200, (await other.Caller.GetAsync("/whoami")).Status);

        foreach (var header in new[] { $"bearer  {other.Caller.Token}" })
        {
            Assert.Equal(200, (await GetAsync("/admin/v1/whoami", header)).Status);
        }

        Assert.Equal(401, (await GetAsync($"/admin/v1/whoami?access_token={other.Caller.Token}", null)).Status);
        Assert.Equal(401, (await GetAsync("/admin/v1/whoami", $"Basic {other.Caller.Token}")).Status);
        Assert.Equal(401, (await GetAsync("/admin/v1/whoami", $"Bearer {other.Caller.Token}x")).Status);
        Assert.Equal(401, (await GetAsync("/admin/v1/whoami", $"Bearer {other.Secret}")).Status);
        Assert.Equal(401, (await GetAsync("/ADMIN/v1/whoami", null)).Status);

        await _root.DisableAsync(other.Id);
        var answer = await other.Caller.GetAsync("/whoami");
        Assert.Equal(401, answer.Status);
        Assert.Equal("the access token is not valid here", answer["detail"]);
    }

    [Fact]
    [Trait("R", "214")]
    public async Task A_role_that_is_taken_away_is_gone_for_tokens_issued_before()
    {
        var other = await _root.AdministratorAsync("auditor");
        Assert.Equal(200, (await other.Caller.GetAsync("/audit-events")).Status);
        var assignment = (await _root.ListAsync($"/service-accounts/{other.Id}/roles"))[0].GetProperty("id");

        Assert.Equal(204, (await _root.DeleteAsync($"/service-accounts/{other.Id}/roles/{assignment}")).Status);

        await _root.AssertForbiddenAsync(await other.Caller.GetAsync("/audit-events"), "the permission audit.read is needed");
    }

    private async Task<Answer> GetAsync(string path, string? authorization)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = authorization is null ? null : AuthenticationHeaderValue.Parse(authorization);

        return await _server.SendAsync(request);
    }
}

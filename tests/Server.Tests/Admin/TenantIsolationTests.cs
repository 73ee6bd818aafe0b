using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>Two tenants on one server. With everything that belongs to one, its ids too, nothing of the other can be seen or changed.</summary>
public sealed class TenantIsolationTests(TwoTenants shared) : IClassFixture<TwoTenants>
{
    private readonly TestServer _server = shared.Server;
    private readonly Caller _a = shared.A;
    private readonly Caller _b = shared.B;
    private readonly Estate _ofA = shared.OfA;
    private readonly Estate _ofB = shared.OfB;

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [Trait("R", "215")]
    public async Task No_route_takes_an_id_of_another_tenant(string attacker)
    {
        var (caller, victim, target) = attacker == "a" ? (_a, _b, _ofB) : (_b, _a, _ofA);
        var before = await Picture.OfTenantAsync(victim, target);

        foreach (var route in RouteTable.Routes.Where(r => r.Pattern.Contains('{') || r.Body?.Invoke(target) is { } body && target.Ids.Any(id => Text(body).Contains(id, StringComparison.Ordinal))))
        {
            // Who runs the server sees all tenants as such, and nothing within them.
            if (attacker != "a" || !route.Pattern.StartsWith("/tenants", StringComparison.Ordinal))
            {
                var answer = await route.CallAsync(caller, target);
                Assert.True(answer.Status == 404, $"{route}: {answer.Status} {answer.Body}");
            }
        }

        foreach (var route in RouteTable.Routes.Where(r => r.IsList && !r.Pattern.Contains('{')))
        {
            var answer = await route.CallAsync(caller, target);
            Assert.Equal(200, answer.Status);
            Assert.DoesNotContain(target.Ids, id => answer.Body.Contains(id, StringComparison.Ordinal));
        }

        Assert.Equal(before, await Picture.OfTenantAsync(victim, target));
    }

    [Fact]
    [Trait("R", "215")]
    public async Task No_body_takes_an_id_of_another_tenant()
    {
        var token = await _server.AccessTokenAsync();
        var before = await Picture.OfTenantAsync(_a, _ofA);
        var own = $"/service-accounts/{_ofB.Account}";
        var scopes = new[] { "read" };
        (string Path, object Body)[] bodies =
        [
            ("/organizations", new { name = "x", group = _ofA.Group }),
            ("/service-accounts", new { name = "x", owner = _ofA.Owner }),
            ("/service-accounts", new { name = "x", owner = new { group = _ofA.Group } }),
            ("/service-accounts/import", Import(new { client_id = "x", name = "x", owner = _ofA.Owner })),
            ("/service-accounts/import", Import(new { client_id = "x", name = "x", grants = new[] { new { api = _ofA.Api, scopes } } })),
            ("/service-accounts/import", Import(new { client_id = "x", name = "x", grants = new[] { new { api = _ofA.Identifier, scopes } } })),
            ($"{own}/grants", new { api = _ofA.Api, scopes }),
            ($"{own}/grants", new { api = _ofA.Identifier, scopes }),
            ($"{own}/roles", new { role = _ofA.Role }),
            ($"{own}/roles", new { role = "auditor", reach = _ofA.Owner }),
            ($"{own}/roles", new { role = "auditor", reach = new { group = _ofA.Group } }),
            ($"{own}/revoke-tokens", new { credential = _ofA.Secret }),
            ("/apis", new { identifier = "urn:example:x", name = "x", owner = _ofA.Owner, scopes = Array.Empty<object>() }),
            ($"/apis/{_ofB.Api}/resource-servers", new { account = _ofA.Account }),
            ($"/apis/{_ofB.Api}/resource-servers", new { account = _ofA.ClientId }),
            ("/roles", new { name = "x", owner = _ofA.Owner, scopes = Array.Empty<object>() }),
            ("/roles", new { name = "x", scopes = new[] { new { api = _ofA.Api, scope = "read" } } }),
            ("/revocations", new { account = _ofA.Account }),
            ("/revocations", new { credential = _ofA.Secret }),
            ("/revocations", new { signing_key = _ofA.Key }),
        ];

        foreach (var (path, body) in bodies)
        {
            var answer = await _b.PostAsync(path, body);
            Assert.True(answer.Status == 404, $"{path} {Text(body)}: {answer.Status} {answer.Body}");
        }

        // A token of the other tenant is one that nothing is known of.
        Assert.Equal(409, (await _b.PostAsync("/revocations", new { token })).Status);
        var roles = await _b.PatchAsync($"/roles/{_ofB.Role}", new { scopes = new[] { new { api = _ofA.Api, scope = "read" } } });
        Assert.Equal(404, roles.Status);
        Assert.Equal(before, await Picture.OfTenantAsync(_a, _ofA));
    }

    [Fact]
    [Trait("R", "215")]
    public async Task A_filter_by_an_id_of_another_tenant_finds_as_little_as_one_by_an_unknown_id()
    {
        foreach (var filter in new[]
        {
            "/organizations?group={0:group}", "/service-accounts?organization={0:organization}", "/service-accounts?group={0:group}", "/audit-events?account={0:account}",
            "/token-usage?account={0:account}", "/token-usage?credential={0:secret}",
        })
        {
            var foreign = Fill(filter, _ofA.Group, _ofA.Organization, _ofA.Account, _ofA.Secret);
            var unknown = Fill(filter, Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
            Assert.Equal((await _b.ReadAsync(unknown)).GetRawText(), (await _b.ReadAsync(foreign)).GetRawText());
        }

        Assert.Empty(await _b.ListAsync($"/service-accounts?client_id={_ofA.ClientId}"));
        Assert.Empty(await _b.ListAsync($"/apis?identifier={_ofA.Identifier}"));
    }

    [Fact]
    [Trait("R", "215")]
    [Trait("R", "221")]
    public async Task A_cursor_of_another_tenant_is_refused()
    {
        var cursor = (await _a.ReadAsync("/service-accounts?limit=1")).GetProperty("next_cursor").GetString();

        var answer = await _b.GetAsync($"/service-accounts?limit=1&cursor={cursor}");

        Assert.Equal(400, answer.Status);
    }

    [Fact]
    [Trait("R", "171")]
    [Trait("R", "215")]
    public async Task A_token_opens_its_own_tenant_alone()
    {
        Assert.Equal(401, (await new Caller(_server, _b.Token).GetAsync("/whoami")).Status);
        Assert.Equal(401, (await new Caller(_server, _a.Token, TwoTenants.OtherHost).GetAsync("/whoami")).Status);
        Assert.Equal(421, (await new Caller(_server, _a.Token, "c.example").GetAsync("/whoami")).Status);

        var why = (await _a.ListAsync("/audit-events?kind=admin&outcome=refused"))[0];
        Assert.Equal("the token is not one of this tenant, or was altered, or its key is gone", why.GetProperty("detail").GetString());
    }

    private static object Import(object account) => new { accounts = new[] { account } };

    private static string Text(object body) => System.Text.Json.JsonSerializer.Serialize(body);

    private static string Fill(string filter, Guid group, Guid organization, Guid account, Guid secret) => filter
        .Replace("{0:group}", group.ToString(), StringComparison.Ordinal)
        .Replace("{0:organization}", organization.ToString(), StringComparison.Ordinal)
        .Replace("{0:account}", account.ToString(), StringComparison.Ordinal)
        .Replace("{0:secret}", secret.ToString(), StringComparison.Ordinal);
}

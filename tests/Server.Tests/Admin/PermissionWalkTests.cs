using Countersign.Server.Admin;
using Countersign.Server.Tests.Framework;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.Admin;

/// <summary>Every route, for everybody: what is not said to be open is closed.</summary>
public sealed class PermissionWalkTests(ServerBehindProxy shared) : IClassFixture<ServerBehindProxy>
{
    private static readonly string[] s_reads =
        ["accounts.read", "roles.read", "apis.read", "organizations.read", "signing-keys.read", "audit.read", "tenants.read", "trust.read"];

    private static readonly string[] s_owner =
    [
        "accounts.read", "accounts.write", "credentials.write", "grants.write", "roles.read", "roles.write", "apis.read", "apis.write", "organizations.read", "tokens.revoke",
        "audit.read",
    ];

    private static readonly Dictionary<string, string[]> s_scopes = new()
    {
        ["super-admin"] = [.. s_reads.Union(s_owner), "organizations.write", "signing-keys.write", "tokens.introspect", "tenants.write", "trust.write"],
        ["group-admin"] = [.. s_owner, "organizations.write"],
        ["org-admin"] = s_owner,
        ["auditor"] = s_reads,
    };

    // What a role may not do with its own, although it holds the scope: granting is the super-admin's, and some things are the whole tenant's.
    private static readonly Dictionary<string, string[]> s_not = new()
    {
        ["super-admin"] = [],
        ["group-admin"] =
        [
            "POST /groups", "DELETE /groups/{id}", "GET /revocations",
            "POST /service-accounts/{id}/grants", "PATCH /service-accounts/{id}/grants/{grantId}", "POST /service-accounts/{id}/roles",
        ],
        ["org-admin"] =
        [
            "GET /groups/{id}", "GET /revocations",
            "POST /service-accounts/{id}/grants", "PATCH /service-accounts/{id}/grants/{grantId}", "POST /service-accounts/{id}/roles",
        ],
        ["auditor"] = ["GET /groups/{id}", "GET /tenants/{id}", "GET /trusted-issuers", "GET /trusted-issuers/{id}", "GET /trust-rules", "GET /trust-rules/{id}", "GET /trust-rules/{id}/accounts", "GET /exchange-rules", "GET /exchange-rules/{id}"],
    };

    private TestServer Server => shared.Server;

    [Fact]
    [Trait("R", "214")]
    public void Every_route_is_agreed_on_and_demands_what_was_agreed()
    {
        var endpoints = Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        var admin = endpoints.Where(e => Pattern(e).StartsWith("/admin", StringComparison.OrdinalIgnoreCase)).ToList();

        Assert.Equal(
            RouteTable.Routes.Select(r => $"{r} {r.Scope} {r.Sensitive}").Concat(RouteTable.Open.Select(o => $"{o} open")).Order(),
            admin.SelectMany(Described).Order());
        Assert.All(
            endpoints.Except(admin),
            e => Assert.Matches("^/(oauth2/(token|introspect|revoke|jwks)|[.]well-known/[a-z-]+(/.*)?|health/(live|ready))$", Pattern(e)));
    }

    [Fact]
    [Trait("R", "214")]
    [Trait("R", "227")]
    public async Task Without_a_token_for_this_api_and_the_scope_nothing_opens()
    {
        var root = await Server.RootAsync();
        var estate = await Estate.MakeAsync(root);
        var nobody = new Caller(Server, null);
        var ordinary = new Caller(Server, await Server.AccessTokenAsync());
        var narrow = await Server.SignInAsync(Server.Demo.Admin.ClientId, Server.Demo.Admin.ClientSecret, scope: "tokens.introspect");

        foreach (var route in RouteTable.Routes)
        {
            var unknown = await route.CallAsync(nobody, estate);
            Assert.True(unknown.Status == 401 && unknown.Headers["WWW-Authenticate"].StartsWith("Bearer resource_metadata=", StringComparison.Ordinal), $"{route}: {unknown.Status}");

            // Wrong tokens from one address are soon not answered any more, so each comes from another.
            var other = await ordinary.SendAsync(
                new HttpMethod(route.Method), route.Path(estate), route.Method is "POST" or "PATCH" or "PUT" ? new { } : null,
                ("X-Forwarded-For", shared.NewAddress()), ("X-Forwarded-Proto", "https"));
            Assert.True(other.Status == 401 && other.Headers["WWW-Authenticate"].Contains("error=\"invalid_token\"", StringComparison.Ordinal), $"{route}: {other.Status}");

            var without = await route.CallAsync(narrow, estate);
            Assert.True(without.Status == (route.Scope.Length == 0 ? 200 : 403), $"{route}: {without.Status}");
        }
    }

    [Theory]
    [InlineData("super-admin")]
    [InlineData("group-admin")]
    [InlineData("org-admin")]
    [InlineData("auditor")]
    [Trait("R", "214")]
    public async Task A_role_opens_what_its_scopes_name_as_far_as_it_reaches(string role)
    {
        var root = await Server.RootAsync();
        var own = await Estate.MakeAsync(root);
        var foreign = await Estate.MakeAsync(root);
        object? reach = role switch { "super-admin" => null, "group-admin" => new { group = own.Group }, _ => own.Owner };
        var caller = (await root.AdministratorAsync(role, reach)).Caller;

        if (role != "super-admin")
        {
            var before = await Picture.OfAsync(root, foreign);

            foreach (var route in RouteTable.Routes)
            {
                await ForeignAsync(route, role, caller, foreign);
            }

            Assert.Equal(before, await Picture.OfAsync(root, foreign));
        }

        foreach (var route in RouteTable.Routes)
        {
            var answer = await route.CallAsync(caller, own);
            var held = route.Scope.Length == 0 || s_scopes[role].Contains(route.Scope);
            var expected = !held ? answer.Status == 403
                : s_not[role].Contains(route.ToString()) ? answer.Status is 403 or 404
                : answer.Status is (>= 200 and < 300) or 409;
            Assert.True(expected, $"{role}: {route}: {answer.Status} {answer.Body}");
        }
    }

    private static async Task ForeignAsync(AgreedRoute route, string role, Caller caller, Estate foreign)
    {
        if (route.OfTenant)
        {
            return;
        }

        var answer = await route.CallAsync(caller, foreign);
        var held = s_scopes[role].Contains(route.Scope);

        if (held && route.IsList && !route.Pattern.Contains("{id}", StringComparison.Ordinal))
        {
            Assert.Equal(200, answer.Status);
            Assert.DoesNotContain(foreign.Ids, id => answer.Body.Contains(id, StringComparison.Ordinal));
        }
        else
        {
            Assert.True(held ? answer.Status == 404 : answer.Status == 403, $"{role}: {route}: {answer.Status} {answer.Body}");
        }
    }

    private static IEnumerable<string> Described(RouteEndpoint endpoint)
    {
        var pattern = Pattern(endpoint)["/admin/v1".Length..].Replace(":guid", "", StringComparison.Ordinal).TrimEnd('/');

        foreach (var method in endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods)
        {
            yield return endpoint.Metadata.GetMetadata<AdminPermission>() is { } permission ? $"{method} {pattern} {permission.Scope} {permission.Sensitive}"
                : endpoint.Metadata.GetMetadata<OpenToAll>() is not null ? $"{method} {pattern} open"
                : $"{method} {pattern} is open to nobody";
        }
    }

    private static string Pattern(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
}

using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests;

public sealed class ResourceIndicatorTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("api")]
    [InlineData("/relative")]
    [InlineData("//host/path")]
    [InlineData("https:")]
    [InlineData("https://")]
    [InlineData("https:///path")]
    [InlineData("https://api.example/#fragment")]
    [InlineData("https://api.example/#")]
    [InlineData("https://user@api.example/")]
    [InlineData("https://api.example/a b")]
    [InlineData("https://api.example/%zz")]
    [InlineData("https://api.example/\u00e9")]
    [InlineData("urn:")]
    [InlineData("C:\\api")]
    [InlineData(" urn:countersign:demo")]
    [InlineData("urn:countersign:demo ")]
    [Trait("R", "115")]
    public async Task A_resource_that_is_no_absolute_URI_is_an_invalid_target(string resource) =>
        await _server.AssertRefusedAsync(await _server.TokenAsync(("resource", resource)), 400, "invalid_target", "resource-syntax");

    [Fact]
    [Trait("R", "115")]
    public async Task A_resource_is_at_most_1_KiB_and_there_are_at_most_ten()
    {
        var ten = Enumerable.Range(0, 10).Select(i => ("resource", $"https://api.example/{i}")).ToArray();
        var account = await TestAccount.CreateAsync(_server);
        var long_ = await TestApi.CreateAsync(_server, $"https://api.example/{new string('a', 1004)}", accessToken: null, "long");
        await account.GrantAsync(long_.Identifier, ["long"], ["long"]);

        Assert.Equal(200, (await account.TokenAsync(("resource", long_.Identifier))).Status);
        await _server.AssertRefusedAsync(await _server.TokenAsync(("resource", long_.Identifier + "a")), 400, "invalid_target", "resource-syntax");
        await _server.AssertRefusedAsync(await _server.TokenAsync(ten), 400, "invalid_target", "resource-granted");
        await _server.AssertRefusedAsync(await _server.TokenAsync([.. ten, ("resource", "https://api.example/10")]), 400, "invalid_target", "resource-count");
    }

    [Theory]
    [InlineData("urn:countersign:nothing")]
    [InlineData("urn:countersign:admin")]
    [InlineData("URN:countersign:demo")]
    [InlineData("urn:countersign:Demo")]
    [InlineData("urn:countersign:demo/")]
    [InlineData("urn:countersign:dem%6F")]
    [InlineData("https://as.example")]
    [Trait("R", "115")]
    public async Task An_unknown_resource_and_one_that_is_not_allowed_read_the_same(string resource)
    {
        var foreign = await TestApi.CreateAsync(_server, "read");

        var unknown = await _server.TokenAsync(("resource", resource));
        var notAllowed = await _server.TokenAsync(("resource", foreign.Identifier));

        Assert.Equal(unknown.Body.Replace(unknown.Trace, "", StringComparison.Ordinal), notAllowed.Body.Replace(notAllowed.Trace, "", StringComparison.Ordinal));
        await _server.AssertRefusedAsync(unknown, 400, "invalid_target", "resource-granted");
        await _server.AssertRefusedAsync(notAllowed, 400, "invalid_target", "resource-granted");
    }

    [Fact]
    [Trait("R", "115")]
    public async Task One_resource_that_is_not_allowed_spoils_the_others()
    {
        var foreign = await TestApi.CreateAsync(_server, "read");

        var answer = await _server.TokenAsync(("resource", _server.Demo.Api.Identifier), ("resource", foreign.Identifier));

        await _server.AssertRefusedAsync(answer, 400, "invalid_target", "resource-granted");
    }

    [Fact]
    [Trait("R", "116")]
    [Trait("R", "123")]
    public async Task The_audience_is_exactly_what_was_granted()
    {
        var orders = await TestApi.CreateAsync(_server, "orders.read", "shared");
        var billing = await TestApi.CreateAsync(_server, "billing.read", "shared");
        var account = await TestAccount.CreateAsync(_server, granted: false);
        await account.GrantAsync(orders.Identifier, ["orders.read", "shared"], ["orders.read"]);
        await account.GrantAsync(billing.Identifier, ["billing.read", "shared"], ["billing.read"]);
        (string, string) ofOrders = ("resource", orders.Identifier);
        (string, string) ofBilling = ("resource", billing.Identifier);

        // Asked for: the audience, and the scope in it.
        ((string, string)[] Asked, string[] Audience, string Scope)[] cases =
        [
            ([ofOrders], [orders.Identifier], "orders.read"),
            ([ofBilling], [billing.Identifier], "billing.read"),
            ([ofOrders, ("scope", "shared")], [orders.Identifier], "shared"),
            ([("scope", "orders.read")], [orders.Identifier], "orders.read"),
            ([ofOrders, ofOrders], [orders.Identifier], "orders.read"),
            ([ofOrders, ofBilling, ("scope", "orders.read billing.read")], [orders.Identifier, billing.Identifier], "orders.read billing.read"),
            ([ofBilling, ofOrders, ("scope", "shared")], [billing.Identifier, orders.Identifier], "shared"),
            ([("scope", "orders.read billing.read")], [orders.Identifier, billing.Identifier], "orders.read billing.read"),
        ];

        foreach (var (asked, audience, scope) in cases)
        {
            var answer = await account.TokenAsync(asked);
            Assert.Equal((200, scope), (answer.Status, answer["scope"]));
            var token = IndependentJwt.Read(answer["access_token"]);
            var aud = token.Claims.GetProperty("aud");

            Assert.Equal(audience, aud.ValueKind == System.Text.Json.JsonValueKind.Array ? aud.EnumerateArray().Select(a => a.GetString()!) : [aud.GetString()!]);
            Assert.Equal(scope, token.Claim("scope"));
        }

        await _server.AssertRefusedAsync(await account.TokenAsync(ofOrders, ("scope", "billing.read")), 400, "invalid_scope", "scope-granted");
        await _server.AssertRefusedAsync(await account.TokenAsync(ofOrders, ("scope", "orders.read billing.read")), 400, "invalid_scope", "scope-granted");
        await _server.AssertRefusedAsync(await account.TokenAsync(("scope", "shared")), 400, "invalid_scope", "scope-unambiguous");
    }

    [Fact]
    [Trait("R", "116")]
    public async Task A_scope_held_at_one_API_is_not_in_a_token_that_another_would_believe()
    {
        var mine = await TestApi.CreateAsync(_server, "delete", "list");
        var theirs = await TestApi.CreateAsync(_server, "delete", "view");
        var account = await TestAccount.CreateAsync(_server, granted: false);
        await account.GrantAsync(mine.Identifier, ["delete", "list"]);
        await account.GrantAsync(theirs.Identifier, ["view"]);

        var named = await account.TokenAsync(("resource", mine.Identifier), ("resource", theirs.Identifier), ("scope", "delete view"));
        var byScope = await account.TokenAsync(("scope", "delete view"));
        var apart = await account.TokenAsync(("scope", "list view"));

        await _server.AssertRefusedAsync(named, 400, "invalid_target", "audience-unmixed");
        await _server.AssertRefusedAsync(byScope, 400, "invalid_target", "audience-unmixed");
        Assert.Equal(200, apart.Status);
    }

    [Fact]
    [Trait("R", "116")]
    [Trait("R", "123")]
    public async Task A_token_for_the_admin_API_is_for_nothing_else()
    {
        var admin = _server.Demo.Admin;
        var accounts = await _server.AdminAsync(HttpMethod.Get, $"/service-accounts?client_id={admin.ClientId}");
        var id = accounts.Json.GetProperty("items")[0].GetProperty("id").GetString();
        var api = await TestApi.CreateAsync(_server, "see");
        Assert.Equal(201, (await _server.AdminAsync(HttpMethod.Post, $"/service-accounts/{id}/grants", new { api = api.Identifier, scopes = new[] { "see" } })).Status);

        var mixed = await AskAsync(("scope", "accounts.read see"));
        var named = await AskAsync(("resource", "urn:countersign:admin"), ("resource", api.Identifier), ("scope", "accounts.read see"));
        var alone = await AskAsync(("scope", "accounts.read"));

        await _server.AssertRefusedAsync(mixed, 400, "invalid_target", "audience-unmixed");
        await _server.AssertRefusedAsync(named, 400, "invalid_target", "audience-unmixed");
        Assert.Equal("urn:countersign:admin", IndependentJwt.Read(alone["access_token"]).Claim("aud"));

        Task<Answer> AskAsync(params (string, string)[] more) =>
            _server.PostAsAsync(admin.ClientId, admin.ClientSecret, "/oauth2/token", [("grant_type", "client_credentials"), .. more]);
    }
}

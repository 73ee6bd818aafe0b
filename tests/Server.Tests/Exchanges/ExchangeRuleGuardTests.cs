using Countersign.Server.Tests.Admin;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Exchanges;

/// <summary>Who may save an exchange rule: it gives scopes, and lets its client pass for others.</summary>
public sealed class ExchangeRuleGuardTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Fact]
    [Trait("R", "218")]
    public async Task It_needs_what_granting_its_scopes_and_making_credentials_for_its_parties_needs()
    {
        var root = await _server.RootAsync();
        var gateway = await Gateway.MakeAsync(_server);
        var stronger = await root.AdministratorAsync("super-admin");
        var weak = await WithAsync(root, "trust.write", "trust.read", "accounts.read");
        var granting = await WithAsync(root, "trust.write", "grants.write", "accounts.read");
        var full = await WithAsync(root, "trust.write", "grants.write", "credentials.write", "accounts.read");

        await root.AssertForbiddenAsync(await weak.PostAsync("/exchange-rules", Rule(gateway)), "granting scopes");
        await root.AssertForbiddenAsync(await weak.PatchAsync(gateway.RulePath, new { impersonation = true }), "granting scopes");
        await root.AssertForbiddenAsync(await granting.PostAsync("/exchange-rules", Rule(gateway)), "granted scopes");
        await root.AssertForbiddenAsync(await granting.PatchAsync(gateway.RulePath, new { any_subject = true }), "credentials.write must reach the whole tenant");
        await root.AssertForbiddenAsync(await full.PostAsync("/exchange-rules", Rule(gateway, stronger.ClientId)), "further than you do");
        Assert.Equal(201, (await full.PostAsync("/exchange-rules", Rule(gateway))).Status);
    }

    private static object Rule(Gateway gateway, string? subject = null) => new
    {
        name = $"rule {Guid.NewGuid()}",
        client = gateway.Client.ClientId,
        subjects = new[] { subject ?? gateway.Subject.ClientId },
        apis = new[] { new { api = gateway.Orders.Identifier, scopes = new[] { "read" } } },
        impersonation = true,
    };

    private static async Task<Caller> WithAsync(Caller root, params string[] permissions)
    {
        var role = await root.MakeAsync("/roles", new { name = $"role {Guid.NewGuid()}", scopes = permissions.Select(scope => new { api = "urn:countersign:admin", scope }) });

        return (await root.AdministratorAsync(role["id"])).Caller;
    }
}

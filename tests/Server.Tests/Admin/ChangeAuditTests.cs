using System.Text.Json;
using Countersign.Server.Data;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.Admin;

/// <summary>No change without its record, and no record without its change.</summary>
public sealed class ChangeAuditTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Caller _root = null!;
    private Estate _estate = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _root = await _server.RootAsync();
        _estate = await Estate.MakeAsync(_root);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static readonly Dictionary<string, string> s_kinds = new()
    {
        ["POST /tenants"] = "tenant.created",
        ["PATCH /tenants/{id}"] = "tenant.updated",
        ["DELETE /tenants/{id}"] = "tenant.deleted",
        ["POST /groups"] = "group.created",
        ["PATCH /groups/{id}"] = "group.updated",
        ["DELETE /groups/{id}"] = "group.deleted",
        ["POST /organizations"] = "organization.created",
        ["PATCH /organizations/{id}"] = "organization.updated",
        ["DELETE /organizations/{id}"] = "organization.deleted",
        ["POST /service-accounts"] = "service-account.created",
        ["PATCH /service-accounts/{id}"] = "service-account.updated",
        ["DELETE /service-accounts/{id}"] = "service-account.deleted",
        ["POST /service-accounts/import"] = "service-accounts.imported",
        ["POST /service-accounts/{id}/secrets"] = "secret.created",
        ["PATCH /service-accounts/{id}/secrets/{secretId}"] = "secret.updated",
        ["POST /service-accounts/{id}/secrets/rotate"] = "secret.rotated",
        ["POST /service-accounts/{id}/secrets/{secretId}/retire"] = "secret.retired",
        ["DELETE /service-accounts/{id}/secrets/{secretId}"] = "secret.deleted",
        ["POST /service-accounts/{id}/keys"] = "key.created",
        ["PATCH /service-accounts/{id}/keys/{keyId}"] = "key.updated",
        ["DELETE /service-accounts/{id}/keys/{keyId}"] = "key.deleted",
        ["PUT /service-accounts/{id}/jwks-url"] = "jwks-url.set",
        ["POST /service-accounts/{id}/jwks-url/refresh"] = "jwks-url.refreshed",
        ["DELETE /service-accounts/{id}/jwks-url"] = "jwks-url.deleted",
        ["POST /service-accounts/{id}/grants"] = "grant.created",
        ["PATCH /service-accounts/{id}/grants/{grantId}"] = "grant.updated",
        ["DELETE /service-accounts/{id}/grants/{grantId}"] = "grant.deleted",
        ["POST /service-accounts/{id}/roles"] = "role.assigned",
        ["DELETE /service-accounts/{id}/roles/{assignmentId}"] = "role.unassigned",
        ["POST /service-accounts/{id}/revoke-tokens"] = "tokens.revoked",
        ["POST /revocations"] = "tokens.revoked",
        ["POST /apis"] = "api.created",
        ["PATCH /apis/{id}"] = "api.updated",
        ["DELETE /apis/{id}"] = "api.deleted",
        ["POST /apis/{id}/resource-servers"] = "resource-server.added",
        ["DELETE /apis/{id}/resource-servers/{accountId}"] = "resource-server.removed",
        ["POST /roles"] = "role.created",
        ["PATCH /roles/{id}"] = "role.updated",
        ["DELETE /roles/{id}"] = "role.deleted",
        ["POST /trusted-issuers"] = "trusted-issuer.created",
        ["PATCH /trusted-issuers/{id}"] = "trusted-issuer.changed",
        ["POST /trusted-issuers/{id}/refresh"] = "trusted-issuer.refreshed",
        ["DELETE /trusted-issuers/{id}"] = "trusted-issuer.deleted",
        ["POST /trust-rules"] = "trust-rule.created",
        ["PATCH /trust-rules/{id}"] = "trust-rule.changed",
        ["DELETE /trust-rules/{id}"] = "trust-rule.deleted",
        ["POST /exchange-rules"] = "exchange-rule.created",
        ["PATCH /exchange-rules/{id}"] = "exchange-rule.changed",
        ["DELETE /exchange-rules/{id}"] = "exchange-rule.deleted",
        ["POST /signing-keys"] = "signing-key.created",
        ["POST /signing-keys/{id}/withdraw"] = "signing-key.withdrawn",
    };

    [Fact]
    [Trait("R", "224")]
    public async Task Every_change_is_on_record_with_who_made_it_from_where_and_to_what()
    {
        var me = await _root.ReadAsync("/whoami");
        var changes = RouteTable.Routes.Where(r => r.IsChange).ToList();
        Assert.Equal(s_kinds.Keys.Order(), changes.Select(c => c.ToString()).Order());

        foreach (var route in changes)
        {
            var kind = s_kinds[route.ToString()];
            var before = await KnownAsync(kind);
            var answer = await route.CallAsync(_root, _estate);

            if (route.Method == "DELETE" && route.Pattern is "/tenants/{id}" or "/organizations/{id}" or "/groups/{id}" or "/roles/{id}")
            {
                // Not empty, or held, or not disabled: nothing happens, and nothing is said to have happened.
                Assert.Equal(409, answer.Status);
                Assert.Equal(before, await KnownAsync(kind));

                continue;
            }

            Assert.True(answer.Status is >= 200 and < 300, $"{route}: {answer.Status} {answer.Body}");
            var made = Assert.Single(await _root.ListAsync($"/audit-events?kind={kind}&limit=200"), e => !before.Contains(Text(e, "id")));
            Assert.Equal(("success", "127.0.0.1"), (Text(made, "outcome"), Text(made, "source")));
            Assert.Equal((Text(me, "account"), Text(me, "client_id")), (Text(made, "actor"), Text(made, "client_id")));
            Assert.Equal($"{route.Method} /admin/v1{route.Pattern}", Text(made, "method")!.Replace(":guid", "", StringComparison.Ordinal).TrimEnd('/'));
            Assert.NotEmpty(Text(made, "target")!);
            Assert.True(!route.Pattern.StartsWith("/service-accounts/{id}", StringComparison.Ordinal) || Text(made, "account") == route.Path(_estate).Split('/')[2], $"{route}");
        }
    }

    [Fact]
    [Trait("R", "224")]
    public async Task What_can_go_only_when_it_is_empty_goes_on_record_too()
    {
        var group = (await _root.MakeAsync("/groups", new { name = "empty" }))["id"];
        var organization = (await _root.MakeAsync("/organizations", new { name = "empty", group }))["id"];
        var tenant = (await _root.MakeAsync("/tenants", new { name = "gone", issuer = "https://gone.example" }))["id"];
        Assert.Equal(200, (await _root.PatchAsync($"/tenants/{tenant}", new { disabled = true })).Status);

        var role = (await _root.MakeAsync("/roles", new { name = "unused", scopes = Array.Empty<object>() }))["id"];

        foreach (var (kind, path, target) in new[] { ("role.deleted", $"/roles/{role}", "unused"), ("organization.deleted", $"/organizations/{organization}", organization), ("group.deleted", $"/groups/{group}", group), ("tenant.deleted", $"/tenants/{tenant}", tenant) })
        {
            Assert.Equal(204, (await _root.DeleteAsync(path)).Status);
            Assert.StartsWith(target, Text(Assert.Single(await _root.ListAsync($"/audit-events?kind={kind}")), "target"), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("R", "224")]
    public async Task What_cannot_be_recorded_is_not_done()
    {
        var before = await Picture.OfAsync(_root, _estate);
        await ExecuteAsync(
            TestDatabase.IsPostgres
                ? """
                CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$ LANGUAGE plpgsql;
                CREATE TRIGGER refuse BEFORE INSERT ON audit_events FOR EACH ROW WHEN (NEW.outcome = 'success') EXECUTE FUNCTION refuse();
                """
                : "CREATE TRIGGER refuse BEFORE INSERT ON audit_events WHEN NEW.outcome = 'success' BEGIN INSERT INTO no_room VALUES (1); END;");

        foreach (var route in RouteTable.Routes.Where(r => r.IsChange && r.Pattern is not ("/tenants/{id}" or "/organizations/{id}" or "/groups/{id}" or "/roles/{id}")))
        {
            // What the one holds already the other does not yet.
            var adds = route is { Method: "POST", Pattern: "/service-accounts/{id}/roles" or "/service-accounts/{id}/grants" };
            var answer = await route.CallAsync(_root, adds ? _estate with { Holder = _estate.Account } : _estate);
            Assert.True(answer.Status is 500 or 503, $"{route}: {answer.Status} {answer.Body}");
        }

        await ExecuteAsync(TestDatabase.IsPostgres ? "DROP TRIGGER refuse ON audit_events" : "DROP TRIGGER refuse");
        Assert.Equal(before, await Picture.OfAsync(_root, _estate));
        Assert.Equal(200, (await _root.PatchAsync($"/service-accounts/{_estate.Account}", new { name = "again" })).Status);
    }

    private async Task<HashSet<string?>> KnownAsync(string kind) => [.. (await _root.ListAsync($"/audit-events?kind={kind}&limit=200")).Select(e => Text(e, "id"))];

    private async Task ExecuteAsync(string sql)
    {
        await using var db = _server.Services.GetRequiredService<IDbContextFactory<Db>>().CreateDbContext();
        await db.Database.ExecuteSqlRawAsync(sql, TestContext.Current.CancellationToken);
    }

    private static string? Text(JsonElement element, string member) => element.GetProperty(member).GetString();
}

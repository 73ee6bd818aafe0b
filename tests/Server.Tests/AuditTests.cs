using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests;

public sealed class AuditTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_refusal_is_explained_check_by_check()
    {
        var refused = await _server.TokenAsync(("scope", "read delete"));

        var explanation = await _server.ExplainAsync(refused);

        Assert.Equal("token", explanation.GetProperty("kind").GetString());
        Assert.Equal(refused["error_description"], explanation.GetProperty("error_description").GetString());
        Assert.Equal(_server.Demo.ServiceAccount.Id, explanation.GetProperty("account").GetGuid());
        Assert.Equal("127.0.0.1", explanation.GetProperty("source").GetString());
        Assert.Equal("client_secret_basic", explanation.GetProperty("method").GetString());
        var checks = explanation.GetProperty("checks").EnumerateArray().ToList();
        Assert.Equal(
            ["request-form", "client-known", "method-registered", "secret-matches", "secret-not-expired", "secret-not-retired", "account-enabled", "scope-granted"],
            checks.Select(c => c.GetProperty("check").GetString()));
        Assert.All(checks.SkipLast(1), c => Assert.True(c.GetProperty("passed").GetBoolean()));
        var failed = checks[^1];
        Assert.False(failed.GetProperty("passed").GetBoolean());
        Assert.Equal(("delete", "read write"), (failed.GetProperty("got").GetString(), failed.GetProperty("expected").GetString()));
        Assert.False(string.IsNullOrEmpty(explanation.GetProperty("hint").GetString()));
    }

    [Fact]
    [Trait("R", "241")]
    public async Task Issued_tokens_are_counted_per_account_credential_scopes_address_and_minute()
    {
        for (var i = 0; i < 3; i++)
        {
            await _server.AccessTokenAsync(("scope", "read"));
        }

        await _server.AccessTokenAsync(("scope", "write"));

        var usage = (await _server.AdminAsync(HttpMethod.Get, $"/token-usage?account={_server.Demo.ServiceAccount.Id}")).Json.GetProperty("items")
            .EnumerateArray().ToList();
        Assert.Equal(3, usage.Where(u => u.GetProperty("scope").GetString() == "read").Sum(u => u.GetProperty("count").GetInt64()));
        Assert.Equal(1, usage.Where(u => u.GetProperty("scope").GetString() == "write").Sum(u => u.GetProperty("count").GetInt64()));
        Assert.All(usage, u => Assert.Equal(("127.0.0.1", _server.Demo.Api.Identifier), (u.GetProperty("source").GetString(), u.GetProperty("audience").GetString())));

        var secrets = await _server.AdminAsync(HttpMethod.Get, $"/service-accounts/{_server.Demo.ServiceAccount.Id}/secrets");
        Assert.Equal("127.0.0.1", secrets.Json.GetProperty("items")[0].GetProperty("last_used_from").GetString());
        Assert.NotNull((await _server.AdminAsync(HttpMethod.Get, $"/service-accounts/{_server.Demo.ServiceAccount.Id}"))["last_used_at"]);
    }

    [Fact]
    [Trait("R", "241")]
    public async Task In_full_mode_each_token_is_an_event_before_it_leaves()
    {
        var tenant = (await _server.AdminAsync(HttpMethod.Get, "/tenants")).Json.GetProperty("items")[0].GetProperty("id").GetString();
        Assert.Equal(200, (await _server.AdminAsync(HttpMethod.Patch, $"/tenants/{tenant}", new { settings = new { audit_tokens = "full" } })).Status);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _server.AccessTokenAsync()));

        // Straight from the table: nothing is waited for.
        await using var db = _server.Services.GetRequiredService<Store>().Open();
        var events = await db.AuditEvents.Where(a => a.Kind == "token" && a.Outcome == "success" && a.AccountId == _server.Demo.ServiceAccount.Id).ToListAsync();
        Assert.Equal(20, events.Count);
        Assert.Equal(20, events.Select(e => e.TokenHash).Distinct().Count());
        Assert.All(events, e => Assert.Equal("urn:countersign:demo read", e.Target));
    }

    [Fact]
    [Trait("R", "24")]
    public async Task A_flood_of_refusals_is_counted_not_kept()
    {
        var requests = Enumerable.Range(0, RefusalBudget.PerMinute + 50).Select(i => _server.PostAsAsync($"guess-{i}", "x", "/oauth2/token", ("grant_type", "client_credentials")));
        var answers = await Task.WhenAll(requests);
        Assert.All(answers, a => Assert.Equal(401, a.Status));

        _server.Clock.Advance(TimeSpan.FromMinutes(1));
        _server.ForgetAdminToken();
        await _server.PostAsAsync("one-more", "x", "/oauth2/token", ("grant_type", "client_credentials"));
        await _server.Services.GetRequiredService<AuditWriter>().FlushAsync(CancellationToken.None);

        await using var db = _server.Services.GetRequiredService<Store>().Open();
        var kept = await db.AuditEvents.CountAsync(a => a.Kind == "token" && a.Outcome == "refused");
        Assert.InRange(kept, RefusalBudget.PerMinute, (2 * RefusalBudget.PerMinute) + 1);
        Assert.NotEqual(0, await db.AuditEvents.CountAsync(a => a.Kind == "refusals.suppressed"));
    }

    [Fact]
    [Trait("R", "239")]
    [Trait("R", "240")]
    [Trait("R", "120")]
    public async Task A_secret_or_token_put_through_every_endpoint_is_kept_nowhere()
    {
        const string canary = "canary-5f1d8a-\r\n\u001b[31mforged";
        var account = _server.Demo.ServiceAccount;
        var jwt = await _server.AccessTokenAsync();
        await _server.AdminAsync(HttpMethod.Patch, $"/service-accounts/{account.Id}", new { access_token = new { format = "opaque" } });
        var opaque = await _server.AccessTokenAsync();
        await _server.IntrospectAsync(jwt);
        await _server.IntrospectAsync(opaque);

        foreach (var path in new[] { "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke" })
        {
            await _server.PostAsAsync(account.ClientId, "canary-5f1d8a", path, ("grant_type", "client_credentials"), ("token", opaque));
            await _server.PostAsync(path, ("client_id", account.ClientId), ("client_secret", "canary-5f1d8a"), ("grant_type", "client_credentials"), ("token", jwt));
            await _server.PostAsync(path, ("canary-5f1d8a", "canary-5f1d8a"), ("client_id", "x"), ("client_secret", canary), ("scope", canary), ("token", canary));
            await _server.PostAsync($"{path}?client_secret=canary-5f1d8a", ("grant_type", "client_credentials"));
        }

        await _server.AdminAsAsync("canary-5f1d8a", HttpMethod.Get, "/service-accounts");
        await _server.AdminAsync(HttpMethod.Post, "/revocations", new { token = "canary-5f1d8a" });
        await _server.AdminAsync(HttpMethod.Post, "/setup", new { setup_token = "canary-5f1d8a" });
        await _server.Services.GetRequiredService<AuditWriter>().FlushAsync(CancellationToken.None);
        await _server.Services.GetRequiredService<TokenUsage>().FlushAsync(CancellationToken.None);

        var kept = string.Join('\n', [.. _server.Log.All, .. await DumpAsync()]);
        foreach (var secret in new[] { "canary-5f1d8a", account.ClientSecret, _server.Demo.Admin.ClientSecret, jwt, opaque, "\u001b[31mforged" })
        {
            Assert.DoesNotContain(secret, kept, StringComparison.Ordinal);
        }
    }

    private async Task<List<string>> DumpAsync()
    {
        await using var db = _server.Services.GetRequiredService<Store>().Open();
        var lines = new List<string>();

        foreach (var entity in db.Model.GetEntityTypes())
        {
            var connection = db.Database.GetDbConnection();
            await db.Database.OpenConnectionAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM {entity.GetTableName()}";
            await using var reader = await command.ExecuteReaderAsync();

            while (await reader.ReadAsync())
            {
                lines.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) is byte[] bytes
                    ? System.Text.Encoding.Latin1.GetString(bytes)
                    : reader.GetValue(i) is string[] texts ? string.Join(' ', texts) : reader.GetValue(i).ToString())));
            }
        }

        Assert.True(lines.Count > 20);

        return lines;
    }
}

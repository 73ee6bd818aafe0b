using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Data;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests.Admin;

public sealed class SecretTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private Caller _root = null!;
    private TestAccount _account = null!;

    public async ValueTask InitializeAsync()
    {
        _root = await shared.Server.RootAsync();
        _account = await TestAccount.CreateAsync(shared.Server);
    }

    public ValueTask DisposeAsync() => default;

    private string Secrets => $"/service-accounts/{_account.Id}/secrets";

    [Fact]
    [Trait("R", "43")]
    public async Task A_secret_is_shown_once_and_by_nothing_again()
    {
        var made = await _root.MakeAsync(Secrets, new { });
        var secret = made["client_secret"];
        Assert.Matches($"^{GeneratedSecret.Pattern}$", secret);
        Assert.Equal(["id", "client_secret", "hint", "state", "kind", "created_at", "expires_at"], made.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal((secret[^4..], "active", "generated"), (made["hint"], made["state"], made["kind"]));
        Assert.Equal(200, (await _account.TokenByAsync(secret)).Status);
        Assert.Equal(401, (await _account.TokenByAsync(secret[..^1] + (secret[^1] == 'a' ? 'b' : 'a'))).Status);

        var rotated = await _root.MakeAsync($"{Secrets}/rotate", new { retire_old = new { quiet_hours = 1 } });
        var estate = await Estate.MakeAsync(_root) with { Account = _account.Id, Secret = Guid.Parse(made["id"]) };
        string[] told = [secret, secret[10..], rotated["client_secret"], (await HashAsync(made["id"])).Split('$')[^1]];
        var shown = new List<string>(shared.Server.Log.All);

        foreach (var route in RouteTable.Routes.Where(r => r.Method == "GET"))
        {
            shown.Add((await _root.GetAsync(route.Path(estate) + (route.IsList && route.Pattern != "/whoami" ? "?limit=200" : ""))).Body);
        }

        shown.Add((await _root.PatchAsync($"{Secrets}/{made["id"]}", new { })).Body);
        shown.Add((await _root.PostAsync($"{Secrets}/{made["id"]}/retire", new { })).Body);
        Assert.All(told, text => Assert.DoesNotContain(shown, s => s.Contains(text, StringComparison.Ordinal)));
        Assert.DoesNotContain("\"previous\"", made.Body, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("R", "46")]
    public async Task Several_secrets_stand_side_by_side_and_each_keeps_its_own_expiry_and_last_use()
    {
        var expiry = shared.Server.Clock.GetUtcNow().AddDays(30);
        var second = await _account.NewSecretAsync(expiry);
        Assert.Equal(200, (await _account.TokenByAsync(second.Text)).Status);

        var listed = (await _root.ListAsync(Secrets)).ToDictionary(s => s.GetProperty("id").GetGuid());
        Assert.Equal(["id", "hint", "state", "kind", "created_at", "expires_at", "retires_at", "retires_when_quiet_hours", "last_used_at", "last_used_from"], listed[second.Id].EnumerateObject().Select(m => m.Name));
        Assert.Equal("127.0.0.1", listed[second.Id].GetProperty("last_used_from").GetString());
        Assert.InRange(listed[second.Id].GetProperty("last_used_at").GetDateTimeOffset(), shared.Server.Clock.GetUtcNow().AddMinutes(-1), shared.Server.Clock.GetUtcNow());
        Assert.Equal(JsonValueKind.Null, listed[_account.SecretId].GetProperty("last_used_at").ValueKind);
        Assert.True((listed[second.Id].GetProperty("expires_at").GetDateTimeOffset() - expiry).Duration() < TimeSpan.FromMilliseconds(1));
        Assert.Equal(365, Math.Round((listed[_account.SecretId].GetProperty("expires_at").GetDateTimeOffset() - shared.Server.Clock.GetUtcNow()).TotalDays));

        var token = (await _account.TokenByAsync(second.Text))["access_token"];
        Assert.Equal(204, (await _root.DeleteAsync($"{Secrets}/{_account.SecretId}")).Status);
        Assert.Equal((401, 200), ((await _account.TokenAsync()).Status, (await _account.TokenByAsync(second.Text)).Status));
        Assert.Equal("True", (await shared.Server.IntrospectAsync(token))["active"]);
        Assert.Equal(listed[second.Id].GetProperty("expires_at").GetRawText(), (await _root.ReadAsync($"{Secrets}/{second.Id}")).GetProperty("expires_at").GetRawText());
    }

    [Fact]
    [Trait("R", "46")]
    public async Task Deleting_a_secret_ends_what_it_got()
    {
        var token = (await _account.TokenAsync())["access_token"];

        Assert.Equal(204, (await _root.DeleteAsync($"{Secrets}/{_account.SecretId}")).Status);

        Assert.Equal("""{"active":false}""", (await shared.Server.IntrospectAsync(token)).Body);
        await shared.Server.AssertRefusedAsync(await _account.TokenAsync(), 401, "invalid_client", "secret-matches");
    }

    [Fact]
    [Trait("R", "46")]
    public async Task A_life_longer_than_the_tenant_allows_is_refused_at_every_door()
    {
        var now = shared.Server.Clock.GetUtcNow();
        var late = now.AddDays(366);

        foreach (var answer in new[]
        {
            await _root.PostAsync(Secrets, new { expires_at = late }),
            await _root.PostAsync(Secrets, new { expires_at = late, hash = ImportedSecret.Pbkdf2("x") }),
            await _root.PostAsync($"{Secrets}/rotate", new { expires_at = late, retire_old = new { now = true } }),
            await _root.PatchAsync($"{Secrets}/{_account.SecretId}", new { expires_at = late }),
        })
        {
            Assert.Equal((400, "expires_at must be within 365 days, the tenant's longest life of a secret"), (answer.Status, answer["detail"]));
        }

        foreach (var past in new[] { now.AddSeconds(-1), default, now.AddYears(-1) })
        {
            Assert.Equal(400, (await _root.PostAsync(Secrets, new { expires_at = past })).Status);
            Assert.Equal(400, (await _root.PatchAsync($"{Secrets}/{_account.SecretId}", new { expires_at = past })).Status);
        }

        Assert.Equal(200, (await _account.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "46")]
    public async Task An_account_has_ten_secrets_in_use_at_most()
    {
        for (var i = 1; i < 10; i++)
        {
            await _account.NewSecretAsync();
        }

        var eleventh = await _root.PostAsync(Secrets, new { });
        Assert.Equal((409, "the account has 10 secrets in use, the most that it may: retire or delete one first"), (eleventh.Status, eleventh["detail"]));
        Assert.Equal(200, (await _root.PostAsync($"{Secrets}/{_account.SecretId}/retire", new { })).Status);
        Assert.Equal(201, (await _root.PostAsync(Secrets, new { })).Status);
    }

    [Fact]
    [Trait("R", "46")]
    public async Task The_report_names_what_expires_soon_and_is_still_in_use()
    {
        var now = shared.Server.Clock.GetUtcNow();
        var soon = await _account.NewSecretAsync(now.AddDays(6));
        var later = await _account.NewSecretAsync(now.AddDays(20));
        var retired = await _account.NewSecretAsync(now.AddDays(5));
        await _root.PostAsync($"{Secrets}/{retired.Id}/retire", new { });

        var week = await ReportAsync("?within_days=7");
        Assert.Equal([soon.Id], week.Select(r => r.GetProperty("secret").GetGuid()));
        Assert.Equal((_account.ClientId, soon.Text[^4..]), (week[0].GetProperty("client_id").GetString(), week[0].GetProperty("hint").GetString()));
        Assert.Equal([soon.Id, later.Id], (await ReportAsync("")).Select(r => r.GetProperty("secret").GetGuid()));
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("")]
    [InlineData("$sha256$abc")]
    [InlineData("$2b$10$short")]
    [InlineData("$pbkdf2-sha256$1$AAAA$AAAA")]
    public async Task A_hash_that_is_none_or_too_fast_is_refused(string hash)
    {
        var answer = await _root.PostAsync(Secrets, new { hash });

        Assert.Equal((400, "hash"), (answer.Status, answer.Json.GetProperty("errors").EnumerateObject().Single().Name));
    }

    [Fact]
    public async Task An_imported_secret_is_not_shown_at_all()
    {
        var answer = await _root.MakeAsync(Secrets, new { hash = ImportedSecret.Pbkdf2("known elsewhere") });

        Assert.Equal(["id", "hint", "state", "kind", "created_at", "expires_at"], answer.Json.EnumerateObject().Select(m => m.Name));
        Assert.Equal(("", "imported"), (answer["hint"], answer["kind"]));
        Assert.Equal(200, (await _account.TokenByAsync("known elsewhere")).Status);
    }

    [Fact]
    [Trait("R", "215")]
    public async Task A_secret_is_reached_through_its_own_account_alone()
    {
        var other = await TestAccount.CreateAsync(shared.Server);
        var path = $"/service-accounts/{other.Id}/secrets/{_account.SecretId}";

        Assert.Equal(404, (await _root.GetAsync(path)).Status);
        Assert.Equal(404, (await _root.PatchAsync(path, new { })).Status);
        Assert.Equal(404, (await _root.PostAsync($"{path}/retire", new { })).Status);
        Assert.Equal(404, (await _root.DeleteAsync(path)).Status);
        Assert.Equal(404, (await _root.PostAsync($"/service-accounts/{other.Id}/revoke-tokens", new { credential = _account.SecretId })).Status);
        Assert.Equal(200, (await _account.TokenAsync()).Status);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"now":false}""")]
    [InlineData("""{"now":true,"quiet_hours":1}""")]
    [InlineData("""{"quiet_hours":0}""")]
    [InlineData("""{"quiet_hours":-1}""")]
    [InlineData("""{"quiet_hours":8761}""")]
    [InlineData("""{"at":"2020-01-01T00:00:00Z"}""")]
    [InlineData("null")]
    public async Task A_plan_that_is_none_changes_nothing(string plan)
    {
        var answer = await _root.PostAsync($"{Secrets}/rotate", $$"""{"retire_old":{{plan}}}""");

        Assert.True(answer.Status == 400, $"{answer.Status} {answer.Body}");
        Assert.Single(await _root.ListAsync(Secrets));
        Assert.Equal(200, (await _account.TokenAsync()).Status);
    }

    private async Task<JsonElement[]> ReportAsync(string query) =>
        [.. (await _root.ListAsync($"/reports/expiring-secrets{query}")).Where(r => r.GetProperty("account").GetGuid() == _account.Id)];

    private async Task<string> HashAsync(string id)
    {
        await using var db = shared.Server.Services.GetRequiredService<IDbContextFactory<Db>>().CreateDbContext();
        var guid = Guid.Parse(id);

        return (await db.ClientSecrets.AsNoTracking().SingleAsync(s => s.Id == guid)).Hash;
    }
}

using System.Text;
using System.Text.Json;
using Countersign.Server.Data;
using Countersign.Server.Keys;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests;

public sealed class KeyRotationTests : IAsyncLifetime
{
    private const string Inactive = """{"active":false}""";

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("R", "168")]
    public async Task A_scheduled_key_is_published_first_then_signs_and_the_old_one_stays_for_its_tokens()
    {
        var oldKid = Kid(await _server.AccessTokenAsync());
        var created = await _server.AdminAsync(HttpMethod.Post, "/signing-keys", new { alg = "ES256" });
        var newKid = created["kid"];

        Assert.Equal((201, "pending"), (created.Status, created["state"]));
        Assert.Contains(newKid, await PublishedAsync());
        Assert.Equal(oldKid, Kid(await _server.AccessTokenAsync()));

        var lead = created.Json.GetProperty("activates_at").GetDateTimeOffset() - created.Json.GetProperty("published_at").GetDateTimeOffset();
        Assert.True(lead >= KeyTimes.JwksMaxAge + TimeSpan.FromMinutes(5));

        _server.Clock.Advance(lead - TimeSpan.FromSeconds(30));
        var last = await _server.AccessTokenAsync();
        Assert.Equal(oldKid, Kid(last));
        _server.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(newKid, Kid(await _server.AccessTokenAsync()));
        Assert.Contains(oldKid, await PublishedAsync());
        Assert.Equal("True", (await _server.IntrospectAsync(last))["active"]);

        _server.Clock.Advance(KeyTimes.LongestTokenLife);
        Assert.DoesNotContain(oldKid, await PublishedAsync());
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("A256GCM")]
    [Trait("R", "170")]
    public async Task A_withdrawn_key_is_gone_at_once_with_all_that_it_made(string alg)
    {
        if (alg == "A256GCM")
        {
            await _server.AdminAsync(HttpMethod.Patch, $"/service-accounts/{_server.Demo.ServiceAccount.Id}", new { access_token = new { format = "opaque" } });
        }

        var token = await _server.AccessTokenAsync();
        var key = (await _server.AdminAsync(HttpMethod.Get, $"/signing-keys?alg={alg}")).Json.GetProperty("items")[0];

        var answer = await _server.AdminAsync(HttpMethod.Post, $"/signing-keys/{key.GetProperty("id")}/withdraw");

        Assert.Equal((200, "withdrawn"), (answer.Status, answer["state"]));
        Assert.DoesNotContain(key.GetProperty("kid").GetString(), await PublishedAsync());
        Assert.Equal(Inactive, (await _server.IntrospectAsync(token)).Body);
        _server.ForgetAdminToken();
        Assert.Equal("True", (await _server.IntrospectAsync(await _server.AccessTokenAsync()))["active"]);
    }

    [Fact]
    [Trait("R", "168")]
    [Trait("R", "172")]
    public async Task Keys_get_their_successor_by_themselves()
    {
        var rotation = _server.Services.GetRequiredService<KeyRotation>();
        var first = Kid(await _server.AccessTokenAsync());
        await rotation.RotateDueAsync(CancellationToken.None);
        Assert.Equal(2, (await PublishedAsync()).Count);

        _server.Clock.Advance(TimeSpan.FromDays(90) - KeyTimes.PublishedAhead + TimeSpan.FromSeconds(1));
        await rotation.RotateDueAsync(CancellationToken.None);
        await rotation.RotateDueAsync(CancellationToken.None);
        Assert.Equal(4, (await PublishedAsync()).Count);
        Assert.Equal(first, Kid(await _server.AccessTokenAsync()));

        _server.Clock.Advance(KeyTimes.PublishedAhead);
        Assert.NotEqual(first, Kid(await _server.AccessTokenAsync()));
    }

    [Fact]
    [Trait("R", "172")]
    public async Task A_key_that_was_never_replaced_stops_signing()
    {
        Assert.Equal(200, (await _server.TokenAsync()).Status);
        _server.Clock.Advance(TimeSpan.FromDays(90) + KeyTimes.Overdue - TimeSpan.FromDays(10));
        var health = await _server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health/ready"));
        Assert.Contains("ES256", health["warnings"], StringComparison.Ordinal);

        _server.Clock.Advance(TimeSpan.FromDays(10));

        Assert.Equal(503, (await _server.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "169")]
    public async Task Two_that_rotate_at_once_end_with_one_key_of_the_generation()
    {
        await using var other = await _server.StartSecondNodeAsync();
        KeyRotation[] nodes = [_server.Services.GetRequiredService<KeyRotation>(), other.Services.GetRequiredService<KeyRotation>()];

        // Several rounds, one node a little later each time: a check that is old when the key is made shows only then.
        for (var round = 1; round <= 8; round++)
        {
            _server.Clock.Advance(TimeSpan.FromDays(90) + KeyTimes.PublishedAhead);

            await Task.WhenAll(nodes.Select(async (node, i) =>
            {
                await Task.Delay(i * round);
                await node.RotateDueAsync(CancellationToken.None);
            }));

            await using var db = _server.Services.GetRequiredService<Store>().Open();
            Assert.Equal(1 + round, await db.TenantKeys.CountAsync(k => k.Alg == "ES256"));
        }
    }

    [Fact]
    [Trait("R", "172")]
    public async Task A_withdrawn_successor_does_not_stop_the_next()
    {
        await using var db = _server.Services.GetRequiredService<Store>().Open();
        var rotation = _server.Services.GetRequiredService<KeyRotation>();
        _server.Clock.Advance(TimeSpan.FromDays(90) - KeyTimes.PublishedAhead + TimeSpan.FromSeconds(1));
        await rotation.RotateDueAsync(CancellationToken.None);
        var successor = await db.TenantKeys.Where(k => k.Alg == "ES256").OrderByDescending(k => k.Generation).FirstAsync();
        Assert.Equal(200, (await _server.AdminAsync(HttpMethod.Post, $"/signing-keys/{successor.Id}/withdraw")).Status);

        await rotation.RotateDueAsync(CancellationToken.None);

        Assert.Equal(3, await db.TenantKeys.CountAsync(k => k.Alg == "ES256"));
    }

    [Fact]
    [Trait("R", "173")]
    public async Task No_private_key_is_stored_in_clear_or_moves_to_another_row()
    {
        var master = _server.Services.GetRequiredService<MasterKey>();
        await using var db = _server.Services.GetRequiredService<Store>().Open();
        var rows = await db.TenantKeys.ToListAsync();

        Assert.All(rows, row =>
        {
            var secret = master.Unwrap(row.Wrapped, KeyRows.Context(row.Id, row.TenantId, row.Alg));
            Assert.True(row.Wrapped.AsSpan().IndexOf(secret.AsSpan(0, 16)) < 0);
            Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(
                () => master.Unwrap(row.Wrapped, KeyRows.Context(Guid.NewGuid(), row.TenantId, row.Alg)));
        });
    }

    [Fact]
    [Trait("R", "174")]
    public async Task A_change_of_master_key_rewraps_and_the_old_one_opens_nothing_then()
    {
        var token = await _server.AccessTokenAsync();
        var database = _server.Database;
        var next = Enumerable.Repeat((byte)7, 32).ToArray();
        var settings = TestServer.Settings(database) with { MasterKey = next, PreviousMasterKeys = [TestDatabase.MasterKey] };

        await using (var app = await Countersign.Server.Hosting.ServerHost.BuildAsync(settings, CancellationToken.None))
        {
            await using var db = app.Services.GetRequiredService<Store>().Open();
            var old = new MasterKey(TestDatabase.MasterKey);
            Assert.All(
                await db.TenantKeys.ToListAsync(),
                row => Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(
                    () => old.Unwrap(row.Wrapped, KeyRows.Context(row.Id, row.TenantId, row.Alg))));
        }

        // The node that still runs keeps its keys open.
        Assert.Equal("True", (await _server.IntrospectAsync(token))["active"]);
    }

    private async Task<List<string?>> PublishedAsync() =>
    [
        .. (await _server.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/oauth2/jwks"))).Json.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()),
    ];

    private static string? Kid(string jwt) =>
        JsonDocument.Parse(Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(jwt.Split('.')[0]))).RootElement.GetProperty("kid").GetString();
}

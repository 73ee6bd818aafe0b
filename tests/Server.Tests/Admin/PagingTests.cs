using System.Text;
using Countersign.OAuth;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

public sealed class PagingTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private Caller _root = null!;

    public async ValueTask InitializeAsync() => _root = await shared.Server.RootAsync();

    public ValueTask DisposeAsync() => default;

    [Fact]
    [Trait("R", "221")]
    [Trait("R", "222")]
    public async Task A_walk_over_the_pages_meets_each_item_once_and_in_order()
    {
        var organization = (await _root.MakeAsync("/organizations", new { name = $"{Guid.NewGuid()}" }))["id"];
        await _root.PostAsync("/service-accounts/import", new { accounts = Enumerable.Range(0, 23).Select(i => new { client_id = $"{organization} {i}", name = $"n{i}", owner = new { organization } }) });
        var all = (await _root.ListAsync($"/service-accounts?organization={organization}&limit=200")).Select(Id).ToList();
        Assert.Equal(23, all.Count);

        foreach (var limit in new[] { 1, 5, 22, 23, 24 })
        {
            var walked = new List<string>();
            string? cursor = null;

            do
            {
                var page = await _root.ReadAsync($"/service-accounts?organization={organization}&limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}");
                var items = page.GetProperty("items").EnumerateArray().Select(Id).ToList();
                Assert.True(items.Count == limit || page.GetProperty("next_cursor").GetString() is null);
                walked.AddRange(items);
                cursor = page.GetProperty("next_cursor").GetString();
            }
            while (cursor is not null);

            Assert.Equal(all, walked);
        }
    }

    [Fact]
    public async Task Every_list_is_walked_one_by_one_to_the_same_end()
    {
        var estate = await Estate.MakeAsync(_root);
        await Estate.MakeAsync(_root);
        await _root.MakeAsync("/revocations", new { account = estate.Account });
        await _root.MakeAsync("/revocations", new { account = estate.Holder });
        await _root.MakeAsync($"/service-accounts/{estate.Account}/secrets", new { });
        await _root.MakeAsync($"/apis/{estate.Api}/resource-servers", new { account = estate.Account });

        foreach (var expires in new[] { 1, 2 })
        {
            await _root.MakeAsync($"/service-accounts/{estate.Signer}/keys", new { generate = new { kty = "EC" }, expires_at = shared.Server.Clock.GetUtcNow().AddDays(expires) });
        }

        foreach (var account in new[] { estate.Account, estate.Signer })
        {
            Assert.Equal(200, (await _root.PatchAsync($"/service-accounts/{account}", new { assertions = new { require_jti = false } })).Status);
        }

        await shared.Server.AccessTokenAsync();
        await shared.Server.AccessTokenAsync(("scope", "write"));

        foreach (var route in RouteTable.Routes.Where(r => r is { IsList: true, Pattern: not ("/whoami" or "/trust-rules/{id}/accounts") }))
        {
            var query = route.Pattern == "/audit-events" ? $"?account={estate.Holder}" : route.Pattern == "/reports/expiring-secrets" ? "?within_days=366" : "?";
            var path = $"{route.Path(estate)}{query}";
            var whole = (await _root.ReadAsync($"{path}&limit=200")).GetProperty("items").EnumerateArray().Select(i => i.GetRawText()).ToList();
            Assert.True(whole.Count > (route.Pattern is "/tenants" or "/service-accounts/{id}/grants" or "/service-accounts/{id}/roles" ? 0 : 1), path);
            var walked = new List<string>();
            string? cursor = null;

            do
            {
                var page = await _root.ReadAsync($"{path}&limit=1{(cursor is null ? "" : $"&cursor={cursor}")}");
                walked.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetRawText()));
                cursor = page.GetProperty("next_cursor").GetString();
            }
            while (cursor is not null);

            Assert.Equal(whole, walked);
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("201")]
    [InlineData("abc")]
    [InlineData("1.5")]
    [InlineData("1e1")]
    [InlineData("%201")]
    [InlineData("%2B1")]
    [InlineData("99999999999999999999")]
    [InlineData("1&limit=2")]
    [InlineData("")]
    [Trait("R", "222")]
    public async Task A_limit_that_is_no_number_from_1_to_200_is_refused(string limit)
    {
        var answer = await _root.GetAsync($"/service-accounts?limit={limit}");

        Assert.Equal((400, "application/problem+json"), (answer.Status, answer.Headers["Content-Type"]));
        Assert.StartsWith("limit must", answer["detail"], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("R", "221")]
    public async Task A_cursor_fits_the_list_and_the_filter_that_it_came_from_and_no_other()
    {
        await Estate.MakeAsync(_root);
        await Estate.MakeAsync(_root);
        var filter = "name=holder&disabled=false";
        var cursor = (await _root.ReadAsync($"/service-accounts?{filter}&limit=1")).GetProperty("next_cursor").GetString()!;
        Assert.Equal(200, (await _root.GetAsync($"/service-accounts?{filter}&limit=2&cursor={cursor}")).Status);
        Assert.Equal(200, (await _root.GetAsync($"/service-accounts?disabled=false&name=holder&cursor={cursor}")).Status);

        foreach (var path in new[]
        {
            "/service-accounts?", "/service-accounts?name=holder", "/service-accounts?disabled=false", "/service-accounts?name=account&disabled=false",
            "/service-accounts?name=holder&disabled=true", "/service-accounts?name=disabled=false%0Aname=holder", "/organizations?", "/groups?", "/audit-events?",
        })
        {
            var answer = await _root.GetAsync($"{path}&limit=1&cursor={cursor}");
            Assert.True(answer.Status == 400, $"{path}: {answer.Status}");
            Assert.Equal("the cursor is not one of this list: begin without it", answer["detail"]);
        }
    }

    [Fact]
    [Trait("R", "220")]
    [Trait("R", "221")]
    public async Task A_forged_cursor_is_refused()
    {
        var cursor = (await _root.ReadAsync("/service-accounts?limit=1")).GetProperty("next_cursor").GetString()!;
        var bytes = new byte[cursor.Length];
        Assert.True(StrictBase64Url.TryDecode(Encoding.UTF8.GetBytes(cursor), bytes, out var length));
        var (mac, position) = (bytes[..16], bytes[16..length]);

        foreach (var forged in new[]
        {
            "x", "AAAA", "%00", "'", "' OR 1=1 --", cursor + "A", cursor + "=", cursor[..^1], cursor[1..], cursor.ToLowerInvariant(), new string('A', 5000), Guid.NewGuid().ToString(),
            StrictBase64Url.Encode([.. mac, .. Encoding.UTF8.GetBytes(Guid.NewGuid().ToString())]), StrictBase64Url.Encode(mac), StrictBase64Url.Encode(position),
            StrictBase64Url.Encode([.. mac, .. Encoding.UTF8.GetBytes("' OR 1=1 --")]), StrictBase64Url.Encode([.. new byte[16], .. position]),
            $"{cursor}&cursor={cursor}",
        })
        {
            var answer = await _root.GetAsync($"/service-accounts?limit=1&cursor={(forged.Contains("&cursor", StringComparison.Ordinal) ? forged : Uri.EscapeDataString(forged))}");
            Assert.True(answer.Status == 400, $"{forged}: {answer.Status}");
        }
    }

    [Fact]
    [Trait("R", "221")]
    public async Task Part_of_a_filter_cannot_be_moved_into_the_position()
    {
        await Estate.MakeAsync(_root);
        await Estate.MakeAsync(_root);
        var cursor = (await _root.ReadAsync("/service-accounts?disabled=false&name=holder&limit=1")).GetProperty("next_cursor").GetString()!;
        var bytes = new byte[cursor.Length];
        StrictBase64Url.TryDecode(Encoding.UTF8.GetBytes(cursor), bytes, out var length);
        var moved = StrictBase64Url.Encode([.. bytes[..16], .. "name=holder\n"u8, .. bytes[16..length]]);

        Assert.Equal(400, (await _root.GetAsync($"/service-accounts?disabled=false&limit=1&cursor={moved}")).Status);
    }

    private static string Id(System.Text.Json.JsonElement item) => item.GetProperty("id").GetString()!;
}

using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

public sealed class FilterTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private static readonly string[] s_names = ["plain", "it's", "100%", "snake_case", "back\\slash", "snakeXcase", "100 percent", "[bracket]", "star*", "quote\"d", "Ünïcödé", "a''b", "semi;colon --"];

    private static readonly string[] s_injections =
    [
        "'", "%", "_", "\\", "' OR '1'='1", "'; DROP TABLE service_accounts; --", "\\' OR 1=1 --", "1) OR (1=1", "*", "\r\n",
    ];

    private Caller _root = null!;

    public async ValueTask InitializeAsync() => _root = await shared.Server.RootAsync();

    public ValueTask DisposeAsync() => default;

    [Fact]
    [Trait("R", "220")]
    public async Task A_part_of_a_name_is_matched_as_it_is_written()
    {
        var organization = (await _root.MakeAsync("/organizations", new { name = $"{Guid.NewGuid()}" }))["id"];

        foreach (var name in s_names)
        {
            await _root.MakeAsync("/service-accounts", new { name, client_id = $"{organization} {Array.IndexOf(s_names, name)}", owner = new { organization } });
        }

        foreach (var part in s_names.Concat(["'", "%", "_", "\\", "''", "*", "[", "\"", "SNAKE_", "ünï", "ÜNÏ", "0%", "e_c", "--", "a", "%%", "\\%", "\\_", ";", "nothing like it"]))
        {
            var found = await _root.ListAsync($"/service-accounts?organization={organization}&name={Uri.EscapeDataString(part)}");
            Assert.Equal(
                s_names.Where(n => n.Contains(part, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal),
                found.Select(f => f.GetProperty("name").GetString()!).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    [Trait("R", "220")]
    public async Task Other_filters_match_the_whole_value_or_are_refused()
    {
        await Estate.MakeAsync(_root);

        foreach (var injection in s_injections)
        {
            var text = Uri.EscapeDataString(injection);

            foreach (var filter in new[] { "service-accounts?client_id", "apis?identifier", "signing-keys?alg", "audit-events?kind", "audit-events?outcome", "audit-events?client_id" })
            {
                Assert.Empty(await _root.ListAsync($"/{filter}={text}"));
            }

            foreach (var filter in new[]
            {
                "service-accounts?organization", "service-accounts?group", "service-accounts?disabled", "service-accounts?unused_since", "organizations?group", "audit-events?account",
                "audit-events?since", "audit-events?until", "token-usage?account", "token-usage?credential", "token-usage?since", "reports/expiring-secrets?within_days",
            })
            {
                var answer = await _root.GetAsync($"/{filter}={text}");
                Assert.True(answer.Status == 400, $"{filter}={injection}: {answer.Status} {answer.Body}");
                Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
            }
        }
    }

    [Fact]
    [Trait("R", "220")]
    public async Task A_filter_that_is_unknown_empty_repeated_or_holds_a_null_character_is_refused()
    {
        foreach (var query in new[]
        {
            "service-accounts?nam=x", "service-accounts?owner=x", "service-accounts?sort=name", "service-accounts?order_by=1%3BDROP", "service-accounts?ClientId=x", "organizations?name=x", "groups?group=x",
            "service-accounts?organization=", "service-accounts?group=", "service-accounts?disabled=", "service-accounts?unused_since=", "service-accounts?name=", "service-accounts?client_id=",
            "audit-events?account=", "audit-events?since=", "audit-events?kind=", "token-usage?credential=", "reports/expiring-secrets?within_days=",
            "service-accounts?disabled=true&disabled=false", "service-accounts?name=a&name=b", "audit-events?kind=a&kind=b",
            "service-accounts?name=%00", "service-accounts?client_id=%00", "service-accounts?client_id=a%00b", "apis?identifier=%00", "audit-events?kind=%00", "audit-events?client_id=x%00", "signing-keys?alg=%00",
            "service-accounts?name=%E2%80%8B", "reports/expiring-secrets?within_days=0", "reports/expiring-secrets?within_days=3651", "reports/expiring-secrets?within_days=-1",
        })
        {
            var answer = await _root.GetAsync($"/{query}");
            Assert.True(answer.Status == 400, $"{query}: {answer.Status} {answer.Body}");
            Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        }
    }

    [Fact]
    public async Task Accounts_are_found_by_owner_state_and_use()
    {
        var estate = await Estate.MakeAsync(_root);
        var account = await TestAccount.CreateAsync(shared.Server);
        Assert.Equal(200, (await account.TokenAsync()).Status);
        await _root.DisableAsync(estate.Account);
        var since = Uri.EscapeDataString(shared.Server.Clock.GetUtcNow().AddMinutes(-1).ToString("O"));
        var until = Uri.EscapeDataString(shared.Server.Clock.GetUtcNow().AddMinutes(1).ToString("O"));

        Guid[] enabled = [estate.Holder, estate.Signer, estate.Publisher];
        Assert.Equal(enabled.Append(estate.Account).Order(), (await FoundAsync($"organization={estate.Organization}")).Order());
        Assert.Equal(enabled.Append(estate.Account).Order(), (await FoundAsync($"group={estate.Group}")).Order());
        Assert.Equal([estate.Account], await FoundAsync($"group={estate.Group}&disabled=true"));
        Assert.Equal(enabled.Order(), (await FoundAsync($"group={estate.Group}&disabled=false")).Order());
        Assert.Equal([account.Id], await FoundAsync($"client_id={account.ClientId}"));
        Assert.DoesNotContain(account.Id, await FoundAsync($"unused_since={since}&limit=200"));
        Assert.Contains(account.Id, await FoundAsync($"unused_since={until}&limit=200"));
        Assert.Contains(estate.Holder, await FoundAsync($"unused_since={since}&limit=200"));
    }

    private async Task<Guid[]> FoundAsync(string query) => [.. (await _root.ListAsync($"/service-accounts?{query}")).Select(a => a.GetProperty("id").GetGuid())];
}

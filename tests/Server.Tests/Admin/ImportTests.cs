using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

public sealed class ImportTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private Caller _root = null!;
    private Estate _estate = null!;

    public async ValueTask InitializeAsync()
    {
        _root = await shared.Server.RootAsync();
        _estate = await Estate.MakeAsync(_root);
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task A_thousand_accounts_come_at_once_with_secrets_and_grants_and_come_once()
    {
        var hash = ImportedSecret.Pbkdf2("from elsewhere", 1000);
        var grants = new[] { new { api = _estate.Identifier, scopes = new[] { "read" }, default_scopes = new[] { "read" } } };
        var accounts = Enumerable.Range(0, 1000)
            .Select(i => new { client_id = $"{_estate.Organization}/{i}", name = $"imported {i}", owner = _estate.Owner, secret_hash = hash, grants }).ToList();

        var answer = await _root.PostAsync("/service-accounts/import", new { accounts });
        Assert.Equal((200, """{"created":1000,"skipped":[]}"""), (answer.Status, answer.Body));
        var token = await shared.Server.PostAsAsync(accounts[999].client_id, "from elsewhere", "/oauth2/token", ("grant_type", "client_credentials"));
        Assert.Equal((200, "read"), (token.Status, token["scope"]));

        // Broken off and repeated, with one more.
        var again = await _root.PostAsync("/service-accounts/import", new { accounts = accounts.Take(2).Append(new { client_id = $"{_estate.Organization}/more", name = "more", owner = _estate.Owner, secret_hash = hash, grants }) });
        Assert.Equal((200, "1"), (again.Status, again["created"]));
        Assert.Equal(accounts.Take(2).Select(a => a.client_id).Order(), again.Json.GetProperty("skipped").EnumerateArray().Select(s => s.GetString()!).Order());

        Assert.Equal(400, (await _root.PostAsync("/service-accounts/import", new { accounts = accounts.Append(accounts[0] with { client_id = "the 1001st" }) })).Status);
        Assert.Equal(400, (await _root.PostAsync("/service-accounts/import", new { accounts = Array.Empty<object>() })).Status);
    }

    [Fact]
    [Trait("R", "217")]
    public async Task One_fault_names_its_place_and_nothing_is_half_done()
    {
        var good = Account("good");
        (object Bad, int Status, string Member)[] faults =
        [
            (Account(" leading"), 400, "client_id"),
            (Account(""), 400, "client_id"),
            (new { client_id = Id("b"), name = "" }, 400, "name"),
            (new { client_id = Id("b"), name = "ѕuper-admin" }, 400, "name"),
            (new { client_id = Id("b"), name = "b", secret_hash = "plain text" }, 400, "secret_hash"),
            (new { client_id = Id("b"), name = "b", owner = new { organization = Guid.NewGuid() } }, 404, ""),
            (new { client_id = Id("b"), name = "b", owner = new { organization = "a", group = "b" } }, 400, "owner"),
            (new { client_id = Id("b"), name = "b", grants = new[] { new { api = "urn:no:such", scopes = new[] { "read" } } } }, 404, ""),
            (new { client_id = Id("b"), name = "b", grants = new[] { new { api = _estate.Identifier, scopes = new[] { "fly" } } } }, 400, "scopes"),
            (new { client_id = Id("b"), name = "b", grants = new[] { new { api = _estate.Identifier, scopes = Array.Empty<string>() } } }, 400, "scopes"),
            (new { client_id = Id("b"), name = "b", grants = new[] { Grant(), Grant() } }, 400, "grants"),
            (new { client_id = _estate.Account.ToString("B"), name = "b" }, 400, "client_id"),
        ];

        foreach (var (bad, status, member) in faults)
        {
            var answer = await _root.PostAsync("/service-accounts/import", new { accounts = new[] { good, bad } });
            Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");
            Assert.StartsWith("accounts[1]: ", answer["detail"], StringComparison.Ordinal);

            if (member.Length > 0)
            {
                Assert.Equal($"accounts[1].{member}", answer.Json.GetProperty("errors").EnumerateObject().Single().Name);
            }
        }

        var twice = await _root.PostAsync("/service-accounts/import", new { accounts = new[] { good, good } });
        Assert.Equal(400, twice.Status);
        Assert.Empty(await _root.ListAsync($"/service-accounts?client_id={Id("good")}"));
        Assert.Empty(await _root.ListAsync($"/service-accounts?client_id={Id("b")}"));
    }

    [Fact]
    [Trait("R", "224")]
    public async Task Each_imported_account_has_its_event()
    {
        Assert.Equal(200, (await _root.PostAsync("/service-accounts/import", new { accounts = new[] { Account("one"), Account("two") } })).Status);

        foreach (var id in new[] { "one", "two" })
        {
            var account = Assert.Single(await _root.ListAsync($"/service-accounts?client_id={Uri.EscapeDataString(Id(id))}")).GetProperty("id").GetString();
            var made = Assert.Single(await _root.ListAsync($"/audit-events?account={account}"));
            Assert.Equal(("service-account.imported", account), (made.GetProperty("kind").GetString(), made.GetProperty("target").GetString()));
        }
    }

    private object Account(string id) => new { client_id = id is "" or " leading" ? id : Id(id), name = "imported", owner = _estate.Owner };

    private object Grant() => new { api = _estate.Identifier, scopes = new[] { "read" } };

    private string Id(string name) => $"{name} of {_estate.Organization}";
}

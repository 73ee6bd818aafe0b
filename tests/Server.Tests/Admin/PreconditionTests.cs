using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>No change is lost unseen.</summary>
public sealed class PreconditionTests : IAsyncLifetime
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

    private static (string Path, string Inner)[] Versioned(Estate e) =>
    [
        ("/groups", $"{e.Group}"), ("/organizations", $"{e.Organization}"), ("/service-accounts", $"{e.Account}"), ($"/service-accounts/{e.Account}/secrets", $"{e.Secret}"),
        ("/trusted-issuers", $"{e.Issuer}"), ("/trust-rules", $"{e.Rule}"), ("/exchange-rules", $"{e.Exchange}"),
        ($"/service-accounts/{e.Holder}/grants", $"{e.Grant}"), ("/apis", $"{e.Api}"), ("/roles", $"{e.Role}"), ("/tenants", $"{e.Tenant}"),
    ];

    [Fact]
    [Trait("R", "223")]
    public async Task A_stale_version_is_refused_and_the_current_one_taken()
    {
        foreach (var (path, id) in Versioned(_estate))
        {
            var at = $"{path}/{id}";
            var tag = (await _root.GetAsync(at)).Headers["ETag"];

            foreach (var stale in new[] { "\"0\"", "\"999\"", "x", tag.Trim('"'), "W/" + tag, "\"\"", $"\"1\" OR {tag}" })
            {
                Assert.Equal((at, stale, 412), (at, stale, (await _root.PatchAsync(at, new { }, ("If-Match", stale))).Status));
                Assert.Equal((at, stale, 412), (at, stale, (await _root.DeleteAsync(at, ("If-Match", stale))).Status));
            }

            Assert.Equal(tag, (await _root.GetAsync(at)).Headers["ETag"]);
            Assert.Equal((at, 200), (at, (await _root.PatchAsync(at, new { }, ("If-Match", $"\"999\", {tag}"))).Status));
            Assert.Equal((at, 200), (at, (await _root.PatchAsync(at, new { }, ("If-Match", "*"))).Status));
            Assert.Equal((at, 200), (at, (await _root.PatchAsync(at, new { })).Status));
        }

        var secret = $"/service-accounts/{_estate.Account}/secrets/{_estate.Secret}";
        Assert.Equal(412, (await _root.PostAsync($"{secret}/retire", new { }, ("If-Match", "\"999\""))).Status);
    }

    [Fact]
    [Trait("R", "223")]
    public async Task A_tenant_may_demand_the_version_on_every_change()
    {
        Assert.Equal(200, (await _root.PatchAsync($"/tenants/{_estate.Tenant}", new { settings = new { require_if_match = true } })).Status);

        foreach (var (path, id) in Versioned(_estate))
        {
            var patch = await _root.PatchAsync($"{path}/{id}", new { });
            Assert.Equal((path, 428, "application/problem+json"), (path, patch.Status, patch.Headers["Content-Type"]));
            Assert.Equal((path, 428), (path, (await _root.DeleteAsync($"{path}/{id}")).Status));
        }

        var at = $"/service-accounts/{_estate.Account}";
        Assert.Equal(428, (await _root.PostAsync($"{at}/secrets/{_estate.Secret}/retire", new { })).Status);
        Assert.Equal(200, (await _root.PatchAsync(at, new { name = "new" }, ("If-Match", (await _root.GetAsync(at)).Headers["ETag"]))).Status);
        Assert.Equal(201, (await _root.PostAsync("/service-accounts", new { name = "creates need none" })).Status);
    }

    [Fact]
    [Trait("R", "223")]
    public async Task Of_50_parallel_edits_of_one_version_one_is_made()
    {
        var at = $"/service-accounts/{_estate.Account}";
        var tag = (await _root.GetAsync(at)).Headers["ETag"];

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => _root.PatchAsync(at, new { description = $"edit {i}" }, ("If-Match", tag))));

        var made = Assert.Single(answers, a => a.Status == 200);
        Assert.All(answers.Where(a => a != made), a => Assert.Equal(412, a.Status));
        Assert.Equal(made.Body, (await _root.GetAsync(at)).Body);
    }

    [Fact]
    [Trait("R", "223")]
    public async Task Of_50_parallel_edits_without_a_version_each_is_made_or_refused_and_none_is_lost()
    {
        var at = $"/service-accounts/{_estate.Account}";
        var before = Version(await _root.GetAsync(at));

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => _root.PatchAsync(at, new { description = $"edit {i}" })));

        var made = answers.Where(a => a.Status == 200).ToArray();
        Assert.All(answers.Except(made), a => Assert.True(a.Status == 409 && a["detail"].StartsWith("somebody else changed this", StringComparison.Ordinal), $"{a.Status} {a.Body}"));
        Assert.Equal(Enumerable.Range(before + 1, made.Length), made.Select(Version).Order());
        Assert.Equal(before + made.Length, Version(await _root.GetAsync(at)));
        Assert.Equal(made.Length, (await _root.ListAsync($"/audit-events?kind=service-account.updated&account={_estate.Account}&limit=200")).Length);
    }

    [Fact]
    [Trait("R", "223")]
    public async Task Writers_that_read_again_and_repeat_all_get_their_part_in()
    {
        var at = $"/apis/{_estate.Api}";

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            while (true)
            {
                var seen = await _root.GetAsync(at);
                var scopes = seen.Json.GetProperty("scopes").EnumerateArray().Select(s => new { name = s.GetProperty("name").GetString() }).Append(new { name = (string?)$"scope{i}" });
                var answer = await _root.PatchAsync(at, new { scopes }, ("If-Match", seen.Headers["ETag"]));

                if (answer.Status == 200)
                {
                    return;
                }

                Assert.Equal(412, answer.Status);
            }
        }));

        var names = (await _root.ReadAsync(at)).GetProperty("scopes").EnumerateArray().Select(s => s.GetProperty("name").GetString());
        Assert.Superset(new HashSet<string?>(Enumerable.Range(0, 8).Select(i => $"scope{i}")), new HashSet<string?>(names));
    }

    private static int Version(Answer answer) => int.Parse(answer.Headers["ETag"].Trim('"'), System.Globalization.CultureInfo.InvariantCulture);
}

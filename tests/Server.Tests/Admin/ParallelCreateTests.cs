namespace Countersign.Server.Tests.Admin;

/// <summary>Of two that make the same thing at the same moment one makes it, and the other is told so.</summary>
public sealed class ParallelCreateTests(SharedEstate shared) : IClassFixture<SharedEstate>
{
    [Theory]
    [InlineData("/service-accounts")]
    [InlineData("/service-accounts/import")]
    [InlineData("/groups")]
    [InlineData("/organizations")]
    [InlineData("/apis")]
    [InlineData("/roles")]
    [InlineData("/tenants")]
    [InlineData("/service-accounts/{id}/grants")]
    [InlineData("/apis/{id}/resource-servers")]
    [Trait("R", "223")]
    public async Task One_is_made(string pattern)
    {
        var route = RouteTable.Routes.Single(r => r.Method == "POST" && r.Pattern == pattern);
        var made = await shared.Root.MakeAsync("/service-accounts", new { name = "new" });
        var estate = shared.Estate with { Account = Guid.Parse(made["id"]), Holder = Guid.Parse(made["id"]) };
        var body = pattern == "/service-accounts" ? new { name = "twin", client_id = $"{Guid.NewGuid()}" } : route.Body!(estate);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => shared.Root.PostAsync(route.Path(estate), body)));

        // An import passes over what is there already.
        Assert.Single(answers, a => a.Status == 201 || (a.Status == 200 && a["created"] == "1"));
        Assert.All(answers, a => Assert.True(a.Status is 200 or 201 or 409, $"{a.Status} {a.Body}"));
    }

    [Fact]
    [Trait("R", "214")]
    [Trait("R", "223")]
    public async Task A_role_that_was_given_twice_at_once_is_taken_away_whole()
    {
        var admin = await shared.Root.AdministratorAsync("auditor", shared.Estate.Owner);
        var path = $"/service-accounts/{admin.Id}/roles";
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => shared.Root.PostAsync(path, new { role = "org-admin", reach = shared.Estate.Owner })));
        Assert.Equal(200, (await admin.Caller.GetAsync("/whoami")).Status);

        Assert.Equal(204, (await shared.Root.DeleteAsync($"{path}/{made.First(m => m.Status == 201)["id"]}")).Status);

        Assert.Equal("auditor", Assert.Single(await shared.Root.ListAsync(path)).GetProperty("role").GetProperty("name").GetString());
    }
}

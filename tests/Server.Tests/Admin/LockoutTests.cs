using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>A tenant never loses its last super-admin.</summary>
public sealed class LockoutTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Caller _root = null!;
    private Guid _rootId;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _root = await _server.RootAsync();
        _rootId = (await _root.ReadAsync("/whoami")).GetProperty("account").GetGuid();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("R", "218")]
    public async Task The_last_one_is_neither_disabled_nor_deleted_nor_deprived()
    {
        // A super-admin of a part, and one that is disabled, are none.
        var estate = await Estate.MakeAsync(_root);
        await _root.AdministratorAsync("super-admin", estate.Owner);
        var disabled = await _root.AdministratorAsync("super-admin");
        await _root.DisableAsync(disabled.Id);
        var assignment = (await _root.ListAsync($"/service-accounts/{_rootId}/roles"))[0].GetProperty("id");
        var secret = (await _root.ListAsync($"/service-accounts/{_rootId}/secrets"))[0].GetProperty("id");
        Answer[] answers =
        [
            await _root.PatchAsync($"/service-accounts/{_rootId}", new { disabled = true }),
            await _root.DeleteAsync($"/service-accounts/{_rootId}"),
            await _root.DeleteAsync($"/service-accounts/{_rootId}/roles/{assignment}"),
            await _root.DeleteAsync($"/service-accounts/{_rootId}/secrets/{secret}"),
            await _root.PostAsync($"/service-accounts/{_rootId}/secrets/{secret}/retire", new { }),
        ];

        Assert.All(answers, a => Assert.True(a.Status == 409 && a["detail"].Contains("last super-admin", StringComparison.Ordinal), $"{a.Status} {a.Body}"));
        Assert.Equal(200, (await _root.GetAsync("/whoami")).Status);

        // With another, all of it goes.
        var other = await _root.AdministratorAsync("super-admin");
        Assert.Equal(200, (await other.Caller.PostAsync($"/service-accounts/{_rootId}/secrets/{secret}/retire", new { })).Status);
        Assert.Equal(204, (await other.Caller.DeleteAsync($"/service-accounts/{_rootId}")).Status);
    }

    [Fact]
    [Trait("R", "218")]
    [Trait("R", "223")]
    public async Task Super_admins_that_remove_each_other_at_the_same_moment_leave_one()
    {
        for (var round = 0; round < 5; round++)
        {
            var others = new[] { await _root.AdministratorAsync("super-admin"), await _root.AdministratorAsync("super-admin") };
            Guid[] ids = [.. others.Select(o => o.Id), _rootId];
            Caller[] callers = [.. others.Select(o => o.Caller), _root];

            // Each disables the next, round in a ring.
            await Task.WhenAll(callers.Select((caller, i) => caller.PatchAsync($"/service-accounts/{ids[(i + 1) % ids.Length]}", new { disabled = true })));

            var answers = await Task.WhenAll(callers.Select(c => c.GetAsync("/whoami")));
            var left = callers.Where((_, i) => answers[i].Status == 200).ToArray();
            Assert.NotEmpty(left);

            // As it was, for the next round.
            foreach (var id in ids)
            {
                Assert.Equal(200, (await left[0].PatchAsync($"/service-accounts/{id}", new { disabled = false })).Status);
            }

            _root = await _server.RootAsync();

            foreach (var other in others)
            {
                Assert.Equal(204, (await _root.DeleteAsync($"/service-accounts/{other.Id}")).Status);
            }
        }
    }
}

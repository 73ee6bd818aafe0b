using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>A create that returns a secret may be repeated: the caller that lost the answer gets it again, and nobody else does.</summary>
public sealed class IdempotencyTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private Caller _root = null!;
    private Estate _estate = null!;

    public async ValueTask InitializeAsync()
    {
        _root = await shared.Server.RootAsync();
        _estate = await Estate.MakeAsync(_root);
    }

    public ValueTask DisposeAsync() => default;

    private string Secrets => $"/service-accounts/{_estate.Account}/secrets";

    [Fact]
    [Trait("R", "43")]
    public async Task The_same_key_and_body_get_the_same_answer_with_its_secret()
    {
        var key = Key();
        var first = await _root.PostAsync(Secrets, new { }, key);
        var again = await _root.PostAsync(Secrets, new { }, key);

        Assert.Equal((201, 201), (first.Status, again.Status));
        Assert.Equal(first.Body, again.Body);
        Assert.StartsWith("cs_secret_", again["client_secret"], StringComparison.Ordinal);
        Assert.Equal((first.Headers["ETag"], first.Headers["Location"], first.Headers["Content-Type"]), (again.Headers["ETag"], again.Headers["Location"], again.Headers["Content-Type"]));
        Assert.Equal(("true", false, "no-store"), (again.Headers["Idempotent-Replayed"], first.Headers.ContainsKey("Idempotent-Replayed"), again.Headers["Cache-Control"]));
        Assert.Equal(2, (await _root.ListAsync(Secrets)).Length);
        Assert.Single(await _root.ListAsync($"/audit-events?kind=secret.created&account={_estate.Account}"), e => e.GetProperty("target").GetString() == first["id"]);
    }

    [Fact]
    public async Task Rotating_and_making_a_tenant_are_repeated_alike()
    {
        var key = Key();
        var rotation = new { retire_old = new { now = true } };
        var first = await _root.PostAsync($"{Secrets}/rotate", rotation, key);
        var again = await _root.PostAsync($"{Secrets}/rotate", rotation, key);
        Assert.Equal((201, first.Body), (again.Status, again.Body));
        Assert.Single(await _root.ListAsync(Secrets), s => s.GetProperty("state").GetString() == "active");

        // The key names one request to one address.
        Assert.NotEqual(first["id"], (await _root.PostAsync(Secrets, new { }, key))["id"]);

        var tenant = new { name = $"t{Guid.NewGuid():n}", issuer = $"https://{Guid.NewGuid():n}.example" };
        var made = await _root.PostAsync("/tenants", tenant, key);
        Assert.Equal((201, made.Body), ((await _root.PostAsync("/tenants", tenant, key)).Status, (await _root.PostAsync("/tenants", tenant, key)).Body));
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        var key = Key();
        Assert.Equal(201, (await _root.PostAsync(Secrets, new { }, key)).Status);

        var other = await _root.PostAsync(Secrets, new { expires_at = shared.Server.Clock.GetUtcNow().AddDays(1) }, key);

        Assert.Equal((422, "application/problem+json"), (other.Status, other.Headers["Content-Type"]));
        Assert.Equal(2, (await _root.ListAsync(Secrets)).Length);
    }

    [Fact]
    [Trait("R", "43")]
    public async Task Another_caller_with_the_same_key_gets_a_secret_of_its_own()
    {
        var key = Key();
        var other = (await _root.AdministratorAsync("super-admin")).Caller;
        var first = await _root.PostAsync(Secrets, new { }, key);

        var second = await other.PostAsync(Secrets, new { }, key);

        Assert.Equal(201, second.Status);
        Assert.NotEqual(first["client_secret"], second["client_secret"]);
    }

    [Fact]
    [Trait("R", "43")]
    [Trait("R", "223")]
    public async Task Parallel_requests_with_one_key_make_one_secret_and_all_read_it()
    {
        var key = Key();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => _root.PostAsync(Secrets, new { }, key)));

        Assert.All(answers, a => Assert.True(a.Status == 201, $"{a.Status} {a.Body}"));
        Assert.Single(answers.Select(a => a.Body).Distinct());
        Assert.Single(answers, a => !a.Headers.ContainsKey("Idempotent-Replayed"));
        Assert.Equal(2, (await _root.ListAsync(Secrets)).Length);
    }

    [Fact]
    [Trait("R", "43")]
    public async Task Who_may_no_longer_make_a_secret_is_not_told_of_one_either()
    {
        var key = Key();
        var admin = await _root.AdministratorAsync("org-admin", _estate.Owner);
        Assert.Equal(201, (await admin.Caller.PostAsync(Secrets, new { }, key)).Status);

        await _root.MakeAsync($"/service-accounts/{_estate.Account}/roles", new { role = "super-admin", reach = "tenant" });
        await _root.AssertForbiddenAsync(await admin.Caller.PostAsync(Secrets, new { }, key), "further than you do");

        Assert.Equal(204, (await _root.DeleteAsync($"/service-accounts/{_estate.Account}")).Status);
        Assert.Equal(404, (await admin.Caller.PostAsync(Secrets, new { }, key)).Status);
    }

    [Fact]
    public async Task A_refused_request_keeps_no_key()
    {
        var key = Key();
        Assert.Equal(400, (await _root.PostAsync(Secrets, new { hash = "plain" }, key)).Status);
        Assert.Equal(201, (await _root.PostAsync(Secrets, new { }, key)).Status);
    }

    [Theory]
    [InlineData("a\tb")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_key_that_is_none_is_refused_or_counts_as_absent(string? key)
    {
        var answer = await _root.PostAsync(Secrets, new { }, ("Idempotency-Key", key ?? new string('a', 256)));

        Assert.Equal(key == "" ? 201 : 400, answer.Status);
    }

    private static (string Name, string Value) Key() => ("Idempotency-Key", Guid.NewGuid().ToString());
}

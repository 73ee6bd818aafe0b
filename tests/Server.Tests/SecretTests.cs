using System.Diagnostics;
using System.Text.RegularExpressions;
using Countersign.OAuth;
using Countersign.Server.Data;
using Countersign.Server.Tests.Framework;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Tests;

/// <summary>Secrets in use: how long each works, and how those that another system stored do.</summary>
public sealed class SecretTests(SharedServer shared) : IClassFixture<SharedServer>
{
    // From the test data of the systems that made them: John the Ripper and the Argon2 reference.
    private const string Bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    private const string Argon2 = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    private readonly TestServer _server = shared.Server;

    [Fact]
    [Trait("R", "40")]
    public async Task A_secret_fails_one_second_after_its_end_though_its_row_is_there()
    {
        await using var server = await TestServer.StartAsync();
        var account = await TestAccount.CreateAsync(server);
        var (id, secret) = await account.NewSecretAsync(server.Clock.GetUtcNow().AddMinutes(10));

        await server.ElapseAsync(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(5));
        var before = await account.TokenByAsync(secret);
        await server.ElapseAsync(TimeSpan.FromSeconds(6));
        var after = await account.TokenByAsync(secret);

        Assert.Equal(200, before.Status);
        await server.AssertRefusedAsync(after, 401, "invalid_client", "secret-not-expired");
        Assert.Equal("expired", (await account.AdminAsync(HttpMethod.Get, $"/secrets/{id}"))["state"]);
        Assert.Equal(200, (await account.TokenAsync()).Status);
    }

    [Fact]
    [Trait("R", "40")]
    public async Task A_retired_secret_works_until_its_time_and_not_after()
    {
        await using var server = await TestServer.StartAsync();
        var account = await TestAccount.CreateAsync(server);
        var rotated = await account.AdminAsync(
            HttpMethod.Post, "/secrets/rotate", new { retire_old = new { at = server.Clock.GetUtcNow().AddMinutes(10) } });

        var before = await account.TokenAsync();
        await server.ElapseAsync(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));

        Assert.Equal(200, before.Status);
        await server.AssertRefusedAsync(await account.TokenAsync(), 401, "invalid_client", "secret-not-retired");
        Assert.Equal(200, (await account.TokenByAsync(rotated["client_secret"])).Status);
    }

    [Fact]
    [Trait("R", "46")]
    public async Task Two_secrets_work_side_by_side_and_the_end_of_one_leaves_the_other_alone()
    {
        var account = await TestAccount.CreateAsync(_server);
        var second = await account.NewSecretAsync();
        var third = await account.NewSecretAsync();

        Assert.Equal((200, 200), ((await account.TokenAsync()).Status, (await account.TokenByAsync(second.Text)).Status));

        await account.AdminAsync(HttpMethod.Delete, $"/secrets/{account.SecretId}");
        await account.AdminAsync(HttpMethod.Post, $"/secrets/{third.Id}/retire", new { });

        await _server.AssertRefusedAsync(await account.TokenAsync(), 401, "invalid_client", "secret-matches");
        await _server.AssertRefusedAsync(await account.TokenByAsync(third.Text), 401, "invalid_client", "secret-not-retired");
        Assert.Equal(200, (await account.TokenByAsync(second.Text)).Status);
    }

    [Fact]
    [Trait("R", "46")]
    public async Task The_last_use_is_told_for_each_secret()
    {
        var account = await TestAccount.CreateAsync(_server);
        var unused = await account.NewSecretAsync();
        Assert.Equal(200, (await account.TokenAsync()).Status);

        var used = await account.AdminAsync(HttpMethod.Get, $"/secrets/{account.SecretId}");
        var other = await account.AdminAsync(HttpMethod.Get, $"/secrets/{unused.Id}");

        Assert.Equal("127.0.0.1", used["last_used_from"]);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, other.Json.GetProperty("last_used_at").ValueKind);
    }

    [Fact]
    [Trait("R", "43")]
    public async Task An_issued_secret_has_its_form_and_all_of_it_counts()
    {
        var account = await TestAccount.CreateAsync(_server);
        var secret = account.Secret;

        Assert.Matches($"^{GeneratedSecret.Pattern}$", secret);
        Assert.StartsWith(GeneratedSecret.ClientSecret, secret, StringComparison.Ordinal);

        foreach (var near in new[] { secret[..^1], secret + "0", secret.ToLowerInvariant(), Regex.Replace(secret, "^cs_secret_", ""), secret + " " })
        {
            Assert.Equal(401, (await account.TokenByAsync(near)).Status);
        }
    }

    [Theory]
    [InlineData(512, 200)]
    [InlineData(513, 401)]
    [InlineData(40_000, 401)]
    [Trait("R", "45")]
    public async Task A_secret_over_512_bytes_is_refused(int length, int status)
    {
        var account = await TestAccount.CreateAsync(_server);
        var secret = string.Concat(Enumerable.Repeat("Aa0-", length / 4)).PadRight(length, 'z');
        await account.ImportAsync(ImportedSecret.Pbkdf2(secret));

        var answer = await _server.PostAsync(
            "/oauth2/token", ("grant_type", "client_credentials"), ("client_id", account.ClientId), ("client_secret", secret));

        Assert.Equal(status, answer.Status);
    }

    [Theory]
    [InlineData("pbkdf2-sha256", "a secret of another system")]
    [InlineData("pbkdf2-sha512", "a secret of another system")]
    [InlineData("bcrypt", "U*U")]
    [InlineData("argon2id", "password")]
    [Trait("R", "44")]
    public async Task An_imported_hash_proves_its_secret_again_and_again(string kind, string secret)
    {
        var account = await TestAccount.CreateAsync(_server);
        var id = await account.ImportAsync(kind switch
        {
            "bcrypt" => Bcrypt,
            "argon2id" => Argon2,
            _ => ImportedSecret.Pbkdf2(secret, sha512: kind == "pbkdf2-sha512"),
        });

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await account.TokenByAsync(secret)).Status);
        }

        Assert.Equal(401, (await account.TokenByAsync(secret + "x")).Status);
        Assert.Equal("imported", (await account.AdminAsync(HttpMethod.Get, $"/secrets/{id}"))["kind"]);
    }

    [Theory]
    [InlineData("n3Vq8Zr2Kx7Lw5Tb9Yc4Hd6P")]
    [InlineData("9f86d081884c7d659a2feaa0c55ad015")]
    [InlineData("gho_16C7e42F292c6912E7710c838347Ae178B4a")]
    [InlineData("3f2504e0-4f89-41d3-9a0c-0305e82c3301")]
    [Trait("R", "44")]
    public async Task A_random_secret_is_kept_in_the_fast_form_once_it_was_proven(string secret)
    {
        var account = await TestAccount.CreateAsync(_server);
        var id = await account.ImportAsync(ImportedSecret.Pbkdf2(secret));

        Assert.Equal(401, (await account.TokenByAsync(secret[..^1])).Status);
        Assert.StartsWith("$pbkdf2", await StoredAsync(id), StringComparison.Ordinal);
        Assert.Equal(200, (await account.TokenByAsync(secret)).Status);

        Assert.StartsWith("$sha256$", await StoredAsync(id), StringComparison.Ordinal);
        Assert.Equal(200, (await account.TokenByAsync(secret)).Status);
        Assert.Equal(401, (await account.TokenByAsync(secret[..^1])).Status);
        Assert.Equal(secret[^4..], (await account.AdminAsync(HttpMethod.Get, $"/secrets/{id}"))["hint"]);
    }

    [Theory]
    [InlineData("password")]
    [InlineData("passwordpassword1234")]
    [InlineData("correct horse battery staple")]
    [InlineData("CorrectHorseBatteryStaple1")]
    [InlineData("Winter2024Summer2025Autumn")]
    [InlineData("my-service-account-secret-for-production")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456789")]
    [InlineData("12345678901234567890123456789012345678")]
    [InlineData("8fA2k9Qx1Zb7")]
    [Trait("R", "44")]
    public async Task A_secret_that_a_person_may_have_chosen_keeps_its_slow_hash(string secret)
    {
        var account = await TestAccount.CreateAsync(_server);
        var id = await account.ImportAsync(ImportedSecret.Pbkdf2(secret));

        Assert.Equal(200, (await account.TokenByAsync(secret)).Status);

        Assert.StartsWith("$pbkdf2", await StoredAsync(id), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("R", "44")]
    public async Task Many_first_uses_at_once_upgrade_the_hash_once_and_all_succeed()
    {
        const string Secret = "n3Vq8Zr2Kx7Lw5Tb9Yc4Hd6P";
        var account = await TestAccount.CreateAsync(_server);
        var id = await account.ImportAsync(ImportedSecret.Pbkdf2(Secret, rounds: 50_000));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => account.TokenByAsync(Secret)));

        Assert.All(answers, a => Assert.Equal(200, a.Status));
        var upgrades = await _server.AdminAsync(HttpMethod.Get, $"/audit-events?kind=secret.upgraded&account={account.Id}");
        Assert.Single(upgrades.Json.GetProperty("items").EnumerateArray(), e => e.GetProperty("target").GetString() == id.ToString());
    }

    [Fact]
    [Trait("R", "44")]
    public async Task A_generated_secret_does_not_wait_for_a_slow_hash_beside_it()
    {
        var account = await TestAccount.CreateAsync(_server);
        await account.ImportAsync(ImportedSecret.Pbkdf2("x").Replace("$5000$", "$10000000$", StringComparison.Ordinal));
        var began = Stopwatch.GetTimestamp();

        Assert.Equal(200, (await account.TokenAsync()).Status);

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 0, 1000);
    }

    [Fact]
    [Trait("R", "40")]
    public async Task The_same_secret_imported_again_with_a_later_end_works_after_the_first_has_expired()
    {
        await using var server = await TestServer.StartAsync();
        var account = await TestAccount.CreateAsync(server);
        await account.ImportAsync(ImportedSecret.Pbkdf2("one secret"), server.Clock.GetUtcNow().AddDays(2));
        await account.ImportAsync(ImportedSecret.Pbkdf2("one secret"), server.Clock.GetUtcNow().AddMinutes(5));
        await account.ImportAsync(ImportedSecret.Pbkdf2("one secret"), server.Clock.GetUtcNow().AddMinutes(6));

        await server.ElapseAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(200, (await account.TokenByAsync("one secret")).Status);
    }

    private async Task<string> StoredAsync(Guid secret)
    {
        await using var db = _server.Services.GetRequiredService<Store>().Open();

        return await db.ClientSecrets.Where(s => s.Id == secret).Select(s => s.Hash).SingleAsync();
    }
}

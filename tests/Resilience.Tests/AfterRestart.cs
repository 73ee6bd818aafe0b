using System.Net;
using System.Text.Json;

namespace Countersign.Resilience.Tests;

/// <summary>Holds what the server says and does after a restart against what it had acknowledged.</summary>
internal sealed class AfterRestart(Wire wire)
{
    private const int MostGuesses = 3;

    public Task VerifyAsync(IEnumerable<AccountEntry> accounts, CancellationToken ct) =>
        Parallel.ForEachAsync(accounts, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct }, VerifyAsync);

    private async ValueTask VerifyAsync(AccountEntry account, CancellationToken ct)
    {
        account.Refusals = 0;
        var answer = await GetAsync($"service-accounts/{account.Id}", ct);
        account.Exists.Confirm(answer is not null, $"{account.Id} exists");
        if (answer is not null)
        {
            account.Disabled.Confirm(answer.Body.GetProperty("disabled").GetBoolean(), $"{account.Id} is disabled");
            await VerifyGrantsAsync(account, ct);
            await VerifySecretListAsync(account, ct);
        }

        await VerifySecretsAsync(account, ct);
        await VerifyTokensAsync(account, ct);
    }

    private async Task VerifyGrantsAsync(AccountEntry account, CancellationToken ct)
    {
        var stored = await ListAsync($"service-accounts/{account.Id}/grants", ct);
        foreach (var grant in account.Grants)
        {
            grant.Exists.Confirm(stored.Remove(grant.Id), $"grant {grant.Id} of {account.Id}");
        }

        // A grant that was never acknowledged may be there, if the server died while it was being made.
        account.Making.Confirm("grant", stored.Count, adopted: true, account.Id);
        account.Grants.AddRange(stored.Select(grant => new GrantEntry(grant.Key, grant.Value.GetProperty("scopes")[0].GetString()!)));
    }

    private async Task VerifySecretListAsync(AccountEntry account, CancellationToken ct)
    {
        var stored = await ListAsync($"service-accounts/{account.Id}/secrets", ct);
        foreach (var secret in account.Secrets)
        {
            secret.Exists.Confirm(stored.Remove(secret.Id), $"secret {secret.Id} of {account.Id}");
        }

        account.Making.Confirm("secret", stored.Count, adopted: false, account.Id);
    }

    // The lists say what is stored; this says that the server acts on it.
    private async Task VerifySecretsAsync(AccountEntry account, CancellationToken ct)
    {
        var guesses = 0;
        foreach (var secret in account.Secrets)
        {
            var good = account.MayAuthenticate && secret.Exists.Value;
            if (!good && ++guesses > MostGuesses)
            {
                continue;
            }

            var expected = !good ? HttpStatusCode.Unauthorized : account.Holds("read") ? HttpStatusCode.OK : HttpStatusCode.BadRequest;
            var answer = await wire.TokenAsync(account.ClientId, secret.Text, "read", ct);
            Assert.True(
                answer.Status == expected,
                $"a token for {account.Id} by secret {secret.Id}: {(int)answer.Status}, not {(int)expected}: {answer.Body}");
        }
    }

    private async Task VerifyTokensAsync(AccountEntry account, CancellationToken ct)
    {
        foreach (var token in account.Tokens)
        {
            var active = await wire.IsActiveAsync(token.Text, ct);
            var ended = !account.MayAuthenticate || !token.Secret.Exists.Value;
            if (ended)
            {
                Assert.False(active, $"{account.Id}: a token is active whose account or secret is gone");
            }
            else if (token.Revoked.Value || !account.Unsteady)
            {
                token.Revoked.Confirm(!active, $"{account.Id}: a token is revoked");
            }
        }
    }

    private async Task<Dictionary<string, JsonElement>> ListAsync(string path, CancellationToken ct)
    {
        var answer = await GetAsync($"{path}?limit=200", ct);
        Assert.True(answer is not null, $"{path} is not there");

        return answer.Body.GetProperty("items").EnumerateArray().ToDictionary(item => item.GetProperty("id").GetString()!);
    }

    private async Task<Answer?> GetAsync(string path, CancellationToken ct)
    {
        var answer = await wire.AdminAsync(HttpMethod.Get, path, null, ct);
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.NotFound, $"GET {path}: {(int)answer.Status}: {answer.Body}");

        return answer.Status == HttpStatusCode.OK ? answer : null;
    }
}

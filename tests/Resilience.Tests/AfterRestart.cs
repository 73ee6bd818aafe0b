using System.Net;

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
            foreach (var secret in account.Secrets)
            {
                secret.Exists.Confirm(await GetAsync($"service-accounts/{account.Id}/secrets/{secret.Id}", ct) is not null, $"secret {secret.Id}");
            }

            foreach (var grant in account.Grants)
            {
                grant.Exists.Confirm(await GetAsync($"service-accounts/{account.Id}/grants/{grant.Id}", ct) is not null, $"grant {grant.Id}");
            }
        }

        await VerifySecretsAsync(account, ct);
        await VerifyTokensAsync(account, ct);
    }

    // The lists above say what is stored; this says that the server acts on it.
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

    private async Task<Answer?> GetAsync(string path, CancellationToken ct)
    {
        var answer = await wire.AdminAsync(HttpMethod.Get, path, null, ct);
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.NotFound, $"GET {path}: {(int)answer.Status}: {answer.Body}");

        return answer.Status == HttpStatusCode.OK ? answer : null;
    }
}

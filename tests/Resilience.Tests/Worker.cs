using System.Net;

namespace Countersign.Resilience.Tests;

/// <summary>
/// One client among several that changes accounts of its own and asks for tokens, until the server is gone.
/// It writes down what was acknowledged, and holds every answer against that.
/// </summary>
internal sealed class Worker(string name, int seed)
{
    private const int MostAccounts = 8;
    private const int MostRefusals = 3;

    private readonly Random _random = new(seed);
    private int _made;

    public List<AccountEntry> Accounts { get; } = [];

    /// <summary>Answers so far, changes and tokens.</summary>
    public int Answered { get; private set; }

    public async Task RunAsync(Wire wire, int round, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await StepAsync(wire, round, ct);
            }
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException)
        {
            // The server was killed; what was unanswered then stays open in the ledger.
        }
    }

    private async Task StepAsync(Wire wire, int round, CancellationToken ct)
    {
        var live = Accounts.Where(account => account.Exists.Value && account.Touched >= round - 1).ToList();
        if (live.Count == 0 || (live.Count < MostAccounts && _random.Next(5) == 0))
        {
            await CreateAsync(wire, round, ct);
            return;
        }

        var account = live[_random.Next(live.Count)];
        account.Touched = round;

        await (_random.Next(12) switch
        {
            0 => AddSecretAsync(wire, account, ct),
            1 => DeleteSecretAsync(wire, account, ct),
            2 => SetDisabledAsync(wire, account, ct),
            3 => AddGrantAsync(wire, account, _random.Next(2) == 0 ? "read" : "write", ct),
            4 => DeleteGrantAsync(wire, account, ct),
            5 or 6 => RevokeAsync(wire, account, ct),
            7 when _random.Next(3) == 0 => DeleteAsync(wire, account, ct),
            _ => AskAsync(wire, account, ct),
        });
    }

    private async Task CreateAsync(Wire wire, int round, CancellationToken ct)
    {
        var answer = await AdminAsync(wire, HttpMethod.Post, "service-accounts", new { name = $"{name}-{++_made}" }, HttpStatusCode.Created, ct);
        var account = new AccountEntry(answer.Text("id"), answer.Text("client_id")) { Touched = round };
        Accounts.Add(account);

        if (_random.Next(2) == 0)
        {
            await AdminAsync(wire, HttpMethod.Patch, $"service-accounts/{account.Id}", new { access_token = new { format = "opaque" } }, HttpStatusCode.OK, ct);
        }

        await AddSecretAsync(wire, account, ct);
        await AddGrantAsync(wire, account, "read", ct);
    }

    private async Task AddSecretAsync(Wire wire, AccountEntry account, CancellationToken ct)
    {
        if (account.Secrets.Count(secret => secret.Exists.Value) < 2)
        {
            var answer = await account.Making.WhileAsync(
                "secret",
                () => AdminAsync(wire, HttpMethod.Post, $"service-accounts/{account.Id}/secrets", new { }, HttpStatusCode.Created, ct));
            account.Secrets.Add(new SecretEntry(answer.Text("id"), answer.Text("client_secret")));
        }
    }

    private async Task DeleteSecretAsync(Wire wire, AccountEntry account, CancellationToken ct)
    {
        if (Pick(account.Secrets, secret => secret.Exists.Value) is { } secret)
        {
            await secret.Exists.ChangeAsync(
                false,
                () => AdminAsync(wire, HttpMethod.Delete, $"service-accounts/{account.Id}/secrets/{secret.Id}", null, HttpStatusCode.NoContent, ct));
            await ExpectRefusalAsync(wire, account, secret, ct);
        }
    }

    private async Task SetDisabledAsync(Wire wire, AccountEntry account, CancellationToken ct)
    {
        var disabled = !account.Disabled.Value;
        account.Unsteady = true;
        await account.Disabled.ChangeAsync(
            disabled,
            () => AdminAsync(wire, HttpMethod.Patch, $"service-accounts/{account.Id}", new { disabled }, HttpStatusCode.OK, ct));

        if (disabled && Pick(account.Secrets, secret => secret.Exists.Value) is { } secret)
        {
            await ExpectRefusalAsync(wire, account, secret, ct);
        }
    }

    private async Task AddGrantAsync(Wire wire, AccountEntry account, string scope, CancellationToken ct)
    {
        // A grant for an API that is there already is a conflict, so one at a time.
        if (account.Grants.All(grant => !grant.Exists.Value))
        {
            var grant = new { api = wire.Api, scopes = new[] { scope } };
            var answer = await account.Making.WhileAsync(
                "grant",
                () => AdminAsync(wire, HttpMethod.Post, $"service-accounts/{account.Id}/grants", grant, HttpStatusCode.Created, ct));
            account.Grants.Add(new GrantEntry(answer.Text("id"), scope));
        }
    }

    private async Task DeleteGrantAsync(Wire wire, AccountEntry account, CancellationToken ct)
    {
        if (Pick(account.Grants, grant => grant.Exists.Value) is { } grant)
        {
            account.Unsteady = true;
            await grant.Exists.ChangeAsync(
                false,
                () => AdminAsync(wire, HttpMethod.Delete, $"service-accounts/{account.Id}/grants/{grant.Id}", null, HttpStatusCode.NoContent, ct));
        }
    }

    private async Task DeleteAsync(Wire wire, AccountEntry account, CancellationToken ct)
    {
        await account.Exists.ChangeAsync(
            false,
            () => AdminAsync(wire, HttpMethod.Delete, $"service-accounts/{account.Id}", null, HttpStatusCode.NoContent, ct));

        if (Pick(account.Secrets, secret => secret.Exists.Value) is { } secret)
        {
            await ExpectRefusalAsync(wire, account, secret, ct);
        }
    }

    private async Task RevokeAsync(Wire wire, AccountEntry account, CancellationToken ct)
    {
        if (account.MayAuthenticate
            && Pick(account.Tokens, token => !token.Revoked.Value) is { } token
            && Pick(account.Secrets, secret => secret.Exists.Value) is { } secret)
        {
            await token.Revoked.ChangeAsync(
                true,
                async () => Expect(await wire.RevokeAsync(account.ClientId, secret.Text, token.Text, ct), HttpStatusCode.OK, "revoking a token"));
            Assert.False(await wire.IsActiveAsync(token.Text, ct), $"{account.Id}: a revoked token is active");
        }
    }

    private async Task AskAsync(Wire wire, AccountEntry account, CancellationToken ct)
    {
        if (account.MayAuthenticate && Pick(account.Secrets, secret => secret.Exists.Value) is { } secret)
        {
            var held = account.Holds("read");
            var answer = await wire.TokenAsync(account.ClientId, secret.Text, "read", ct);
            Expect(answer, held ? HttpStatusCode.OK : HttpStatusCode.BadRequest, $"a token for {account.Id}");
            if (held && account.Tokens.Count(token => !token.Revoked.Value) < 3)
            {
                account.Tokens.Add(new TokenEntry(answer.Text("access_token"), secret));
            }
        }
    }

    private async Task ExpectRefusalAsync(Wire wire, AccountEntry account, SecretEntry secret, CancellationToken ct)
    {
        if (account.Refusals++ < MostRefusals)
        {
            Expect(await wire.TokenAsync(account.ClientId, secret.Text, "read", ct), HttpStatusCode.Unauthorized, $"a token for {account.Id} at once after the change");
        }
    }

    private async Task<Answer> AdminAsync(Wire wire, HttpMethod method, string path, object? body, HttpStatusCode expected, CancellationToken ct)
    {
        var answer = await wire.AdminAsync(method, path, body, ct);
        Expect(answer, expected, $"{method} {path}");

        return answer;
    }

    private void Expect(Answer answer, HttpStatusCode expected, string what)
    {
        Assert.True(answer.Status == expected, $"{what}: {(int)answer.Status}, not {(int)expected}: {answer.Body}");
        Answered++;
    }

    private T? Pick<T>(List<T> from, Func<T, bool> condition)
        where T : class
    {
        var fitting = from.Where(condition).ToList();
        return fitting.Count == 0 ? null : fitting[_random.Next(fitting.Count)];
    }
}

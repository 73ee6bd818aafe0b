using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Countersign.Server.Clients;
using Countersign.Server.Data;
using Countersign.Server.Token;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Server.Audit;

/// <summary>
/// Counts issued tokens per account, credential, scope set, address and minute, and remembers the last use of each credential; written every
/// few seconds. Rows grow with accounts and minutes in use, never with tokens.
/// </summary>
internal sealed partial class TokenUsage(Store store, TimeProvider time, ILogger<TokenUsage> logger) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _flushing = new(1, 1);
    private ConcurrentDictionary<UsageKey, Tally> _tallies = new();

    public void Count(Exchange exchange, ProvenClient client, TokenGrant grant)
    {
        var key = new UsageKey(
            exchange.Tenant.Id, client.CredentialId, exchange.Source ?? IPAddress.None, grant.Scope, grant.AudienceText, exchange.Now.ToUnixTimeSeconds() / 60);
        var tallies = _tallies;

        if (!tallies.TryGetValue(key, out var tally))
        {
            tally = tallies.GetOrAdd(key, static (_, proven) => new Tally(proven), client);
        }

        Interlocked.Increment(ref tally.Tokens);
        Volatile.Write(ref tally.LastMs, exchange.Now.ToUnixTimeMilliseconds());
    }

    /// <summary>Writes what is counted so far; a reader that calls it first sees this node's use up to now.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        await _flushing.WaitAsync(ct);

        try
        {
            if (_tallies.IsEmpty)
            {
                return;
            }

            var ended = Interlocked.Exchange(ref _tallies, new());

            // A request that holds the old table may still count in it: let it finish.
            await Task.Delay(5, CancellationToken.None);

            foreach (var part in ended.OrderBy(t => t.Key.Credential).Chunk(500))
            {
                try
                {
                    await store.RecordAsync(db => WriteAsync(db, part), CancellationToken.None);
                }
                catch
                {
                    TakeBack(part);
                    throw;
                }
            }
        }
        finally
        {
            _flushing.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await Task.Delay(s_interval, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                await TryFlushAsync();

                return;
            }

            await TryFlushAsync();
        }
    }

    private async Task TryFlushAsync()
    {
        try
        {
            await FlushAsync(CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogFailed(exception.GetType().Name);
        }
    }

    // What could not be written is counted on and written the next time.
    private void TakeBack(KeyValuePair<UsageKey, Tally>[] part)
    {
        foreach (var (key, tally) in part)
        {
            var held = _tallies.GetOrAdd(key, tally);

            if (!ReferenceEquals(held, tally))
            {
                Interlocked.Add(ref held.Tokens, tally.Tokens);
            }
        }
    }

    private static async Task WriteAsync(Db db, KeyValuePair<UsageKey, Tally>[] part)
    {
        await db.Database.ExecuteSqlAsync(UsageSql.Counts(part.Select(p => Row(p.Key, p.Value))));

        // In one order everywhere, so that two nodes do not wait for each other in a circle; a part is in that of credentials.
        var uses = part
            .GroupBy(p => p.Key.Credential)
            .Select(used => used.MaxBy(u => u.Value.LastMs))
            .GroupBy(u => TableOf(u.Key.Credential, u.Value.Client), u => new LastUse(u.Key.Credential, LastOf(u.Value), u.Key.Source.ToString()));

        foreach (var ofOneKind in uses.OrderBy(u => u.Key, StringComparer.Ordinal))
        {
            await db.Database.ExecuteSqlAsync(UsageSql.Credentials(ofOneKind.Key, ofOneKind));
        }

        var accounts = part
            .GroupBy(p => p.Value.Client.Account.Id)
            .OrderBy(used => used.Key)
            .Select(used => new LastUse(used.Key, used.Max(u => LastOf(u.Value)), ""));
        await db.Database.ExecuteSqlAsync(UsageSql.Accounts(accounts));
    }

    private static string TableOf(Guid credential, ProvenClient client) =>
        client.Rules.Length > 0 ? "trust_rules"
        : client.Account.JwksUrl?.Id == credential ? "jwks_urls"
        : Array.Exists(client.Account.Keys, k => k.Id == credential) ? "account_keys"
        : "client_secrets";

    private static DateTime LastOf(Tally tally) => DateTimeOffset.FromUnixTimeMilliseconds(tally.LastMs).UtcDateTime;

    private static TokenUsageRow Row(UsageKey key, Tally tally)
    {
        var account = tally.Client.Account;
        var source = key.Source.ToString();

        return new TokenUsageRow
        {
            Key = Hash($"{account.Id}|{key.Credential}|{key.Minute}|{source}|{key.Audience}|{key.Scope}"),
            TenantId = key.Tenant,
            AccountId = account.Id,
            CredentialId = key.Credential,
            ClientId = account.ClientId,
            GroupId = account.GroupId,
            OrganizationId = account.OrganizationId,
            Scope = key.Scope,
            Audience = key.Audience,
            Source = source,
            Minute = DateTimeOffset.FromUnixTimeSeconds(key.Minute * 60),
            Count = tally.Tokens,
        };
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    [LoggerMessage(LogLevel.Error, "the roll-up of token usage could not be written ({Kind}); trying again with the next")]
    private partial void LogFailed(string kind);

    private readonly record struct UsageKey(Guid Tenant, Guid Credential, IPAddress Source, string Scope, string Audience, long Minute);

    private sealed class Tally(ProvenClient client)
    {
        public long Tokens;
        public long LastMs;

        public ProvenClient Client { get; } = client;
    }
}

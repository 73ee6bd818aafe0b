using System.Collections.Concurrent;
using System.Collections.Frozen;
using Countersign.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Tenants;

/// <summary>All tenants of this server in memory, found by host name; kept true by the change feed.</summary>
internal sealed class TenantDirectory(
    TenantLoader tenants, AccountLoader accounts, IDbContextFactory<Db> contexts, int accountsInMemory) : IFollowChanges
{
    private readonly ConcurrentDictionary<Guid, Tenant> _byId = new();
    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile FrozenDictionary<string, Tenant> _byHost = FrozenDictionary<string, Tenant>.Empty;

    public IEnumerable<Tenant> All => _byId.Values;

    /// <summary>The tenant of a host name without its port, or null: nothing is served on a name that nobody configured (R4).</summary>
    public Tenant? ByHost(string host)
    {
        var byHost = _byHost;

        return byHost.TryGetValue(host, out var tenant) ? tenant : byHost.GetValueOrDefault(host.ToLowerInvariant());
    }

    public Tenant? ById(Guid id) => _byId.GetValueOrDefault(id);

    public async Task LoadAsync(CancellationToken ct)
    {
        await ReloadTenantsAsync(null, ct);
        await ReadRevocationsAsync(null, ct);
    }

    public async Task ApplyAsync(IReadOnlyList<ChangeRow> changes, CancellationToken ct)
    {
        // Accounts first: dropping one is memory only and ends what a request may still rely on.
        foreach (var change in changes.Where(c => c.Kind == ChangeKind.Account))
        {
            ById(change.TenantId)?.Accounts.Drop(change.EntityId);
        }

        var changed = changes.Where(c => c.Kind == ChangeKind.Tenant).Select(c => c.TenantId).ToHashSet();

        if (changed.Count > 0)
        {
            await ReloadTenantsAsync(changed, ct);
        }

        var revoked = changes.Where(c => c.Kind == ChangeKind.Revocation).Select(c => c.EntityId).ToList();

        if (revoked.Count > 0)
        {
            await ReadRevocationsAsync(revoked, ct);
        }
    }

    public async Task ForgetAsync(CancellationToken ct)
    {
        foreach (var tenant in All)
        {
            tenant.Accounts.DropAll();
        }

        await LoadAsync(ct);
    }

    private async Task ReloadTenantsAsync(HashSet<Guid>? only, CancellationToken ct)
    {
        await _loading.WaitAsync(ct);

        try
        {
            var rows = await tenants.ListAsync(ct);
            var byHost = new Dictionary<string, Tenant>(StringComparer.Ordinal);

            foreach (var (row, hosts) in rows)
            {
                var tenant = _byId.GetValueOrDefault(row.Id);

                if (tenant is null)
                {
                    var snapshot = await tenants.LoadAsync(row, null, ct);
                    tenant = new Tenant(snapshot, new AccountDirectory(row.Id, accounts, accountsInMemory), new RevocationState());
                    _byId[row.Id] = tenant;
                }
                else if (only is null || only.Contains(row.Id))
                {
                    tenant.Snapshot = await tenants.LoadAsync(row, tenant.Snapshot, ct);
                }

                foreach (var host in hosts)
                {
                    byHost[host] = tenant;
                }
            }

            foreach (var gone in _byId.Keys.Except(rows.Select(r => r.Row.Id)).ToList())
            {
                _byId.TryRemove(gone, out _);
            }

            _byHost = byHost.ToFrozenDictionary(StringComparer.Ordinal);
        }
        finally
        {
            _loading.Release();
        }
    }

    private async Task ReadRevocationsAsync(List<Guid>? only, CancellationToken ct)
    {
        await using var db = contexts.CreateDbContext();
        var rows = db.Revocations.AsNoTracking();

        if (only is not null)
        {
            rows = rows.Where(r => only.Contains(r.Id));
        }

        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(ct))
        {
            ById(row.TenantId)?.Revocations.Add(row);
        }
    }
}

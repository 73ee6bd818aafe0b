namespace Countersign.Server.Tenants;

/// <summary>A tenant in memory: its snapshot, its accounts, what it has revoked. Nothing here is shared with another tenant.</summary>
internal sealed class Tenant(TenantSnapshot snapshot, AccountDirectory accounts, RevocationState revocations)
{
    private volatile TenantSnapshot _snapshot = snapshot;

    public Guid Id { get; } = snapshot.Id;

    public TenantSnapshot Snapshot
    {
        get => _snapshot;
        set => _snapshot = value;
    }

    public AccountDirectory Accounts { get; } = accounts;

    public RevocationState Revocations { get; } = revocations;
}

using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Countersign.Server.Admin;

/// <summary>The administrator of this request: who it is, and how far each of its permissions reaches.</summary>
internal sealed class AdminCaller(Tenant tenant, LiveAdminToken token, string? source, string route, DateTimeOffset now, AuditWriter audit)
{
    public Tenant Tenant { get; } = tenant;

    public TenantSnapshot Snapshot { get; } = tenant.Snapshot;

    public Account Account { get; } = token.Account;

    public AccessToken Token { get; } = token.Token;

    public DateTimeOffset Now { get; } = now;

    public Guid TenantId => Tenant.Id;

    public Entitlements Held => Account.EntitlementsIn(Snapshot);

    /// <summary>Of a permission that the token carries too; else none.</summary>
    public Reach Reach(string permission) =>
        Introspection.BearerToken.HasScope(Token, permission) ? Held.ReachOf(permission) : Tenants.Reach.None;

    public bool ReachesTenant(string permission) => Reach(permission).WholeTenant;

    /// <summary>The event of a change that this administrator makes.</summary>
    public AuditEventRow Event(string kind, string? target, IOwned? owner = null, Guid? accountId = null)
    {
        var row = AuditEvents.Change(kind, TenantId, Now, Account.Id, target, accountId, owner?.GroupId, owner?.OrganizationId);
        row.ClientId = Account.ClientId;
        row.CredentialId = Token.CredentialId;
        row.Source = source;
        row.Method = route;

        return row;
    }

    public Guid RecordRefusal(Refusal refusal)
    {
        var row = Event("admin", null);
        row.Outcome = "refused";
        row.Error = ReasonPhrases.GetReasonPhrase(refusal.Status);
        row.Detail = refusal.Detail;
        audit.Add(row);

        return row.Id;
    }

    /// <summary>Minimal API binding: <see cref="AdminGate"/> has put the caller there.</summary>
    public static ValueTask<AdminCaller> BindAsync(HttpContext http) =>
        new(http.Features.Get<AdminCaller>() ?? throw new InvalidOperationException("the route asks for a caller and demands no permission"));
}

internal sealed record LiveAdminToken(AccessToken Token, Account Account);

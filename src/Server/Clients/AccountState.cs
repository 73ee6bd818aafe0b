using Countersign.OAuth;
using Countersign.Server.Audit;
using Countersign.Server.Tenants;

namespace Countersign.Server.Clients;

/// <summary>Whether an account that was proven is switched on, and its tenant; asked the same of every kind of proof.</summary>
internal static class AccountState
{
    public static readonly FailedCheck AccountDisabled = new("account-enabled", "the account is disabled", Hint: "enable the account");

    public static readonly FailedCheck TenantDisabled = new("tenant-enabled", "the tenant is disabled", Hint: "enable the tenant");

    public static FailedCheck? Fault(Account account, Exchange exchange)
    {
        if (account.Disabled)
        {
            return AccountDisabled;
        }

        exchange.Passed("account-enabled");

        return exchange.Snapshot.Disabled ? TenantDisabled : null;
    }
}

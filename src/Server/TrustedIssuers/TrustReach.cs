using Countersign.Server.Admin;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Who may see and change whom the tenant trusts: a rule of one organization could make another's tokens ambiguous.</summary>
internal static class TrustReach
{
    public const string Read = "trust.read";
    public const string Write = "trust.write";

    /// <summary>The refusal of a caller whose permission does not reach the whole tenant; null when it does.</summary>
    public static Refusal? Fault(AdminCaller caller, string permission) =>
        caller.ReachesTenant(permission) ? null : Refusal.Forbidden($"whom the tenant trusts concerns all of it: {permission} must reach the whole tenant");
}

namespace Countersign.Server.Tenants;

/// <summary>The API that guards the admin API; every tenant has it from the start, with the built-in roles.</summary>
internal static class AdminApi
{
    public const string Identifier = "urn:countersign:admin";

    public const string SuperAdmin = "super-admin";

    public static readonly string[] Reads =
    [
        "accounts.read", "roles.read", "apis.read", "organizations.read", "signing-keys.read", "audit.read", "tenants.read", "trust.read",
    ];

    public static readonly string[] Scopes =
    [
        .. Reads,
        "accounts.write", "credentials.write", "grants.write", "roles.write", "apis.write", "organizations.write", "signing-keys.write",
        "tokens.introspect", "tokens.revoke", "tenants.write", "trust.write",
    ];

    /// <summary>Whether who holds the scope can make or open a way in: tokens that anybody may repeat never carry it (R69).</summary>
    public static bool MakesCredentials(string scope) => scope.EndsWith(".write", StringComparison.Ordinal) && Scopes.AsSpan().Contains(scope);

    private static readonly string[] s_owner =
    [
        "accounts.read", "accounts.write", "credentials.write", "grants.write", "roles.read", "roles.write", "apis.read", "apis.write",
        "organizations.read", "tokens.revoke", "audit.read",
    ];

    /// <summary>The roles that exist in every tenant and cannot be changed.</summary>
    public static readonly (string Name, string[] Scopes)[] BuiltInRoles =
    [
        (SuperAdmin, Scopes),
        ("group-admin", [.. s_owner, "organizations.write"]),
        ("org-admin", s_owner),
        ("auditor", Reads),
    ];
}

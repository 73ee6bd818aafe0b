namespace Countersign.Server.Tests.Admin;

/// <summary>A route of the admin API as it was agreed on: its scope, and a body that it takes of an estate.</summary>
internal sealed record AgreedRoute(string Method, string Pattern, string Scope, Func<Estate, object>? Body = null)
{
    /// <summary>Whether the token must be at most 15 minutes old.</summary>
    public bool Sensitive { get; init; }

    /// <summary>Whether it concerns the whole tenant rather than something that somebody owns.</summary>
    public bool OfTenant { get; init; }

    public bool IsList => Method == "GET" && !Pattern.EndsWith('}') && !Pattern.EndsWith("/jwks-url", StringComparison.Ordinal);

    public string Path(Estate estate) => Pattern
        .Replace("{secretId}", estate.Secret.ToString(), StringComparison.Ordinal)
        .Replace("{keyId}", estate.PublicKey.ToString(), StringComparison.Ordinal)
        .Replace("{grantId}", estate.Grant.ToString(), StringComparison.Ordinal)
        .Replace("{assignmentId}", estate.Assignment.ToString(), StringComparison.Ordinal)
        .Replace("{accountId}", estate.Holder.ToString(), StringComparison.Ordinal)
        .Replace("{id}", First(estate).ToString(), StringComparison.Ordinal);

    /// <summary>A dry run changes nothing and so leaves no record.</summary>
    public bool IsChange => Method != "GET" && Pattern != "/explanations";

    public Task<Framework.Answer> CallAsync(Caller caller, Estate estate) =>
        caller.SendAsync(new HttpMethod(Method), Path(estate), Body?.Invoke(estate) ?? (Method is "POST" or "PATCH" or "PUT" ? new { } : null));

    public override string ToString() => $"{Method} {Pattern}";

    private Guid First(Estate estate) => Pattern.Split('/')[1] switch
    {
        "tenants" => estate.Tenant,
        "groups" => estate.Group,
        "organizations" => estate.Organization,
        "apis" => estate.Api,
        "roles" => estate.Role,
        "signing-keys" => estate.Key,
        "trusted-issuers" => estate.Issuer,
        "trust-rules" => estate.Rule,
        "exchange-rules" => estate.Exchange,
        "audit-events" or "explanations" => estate.Event,
        _ when Pattern.Contains("/keys", StringComparison.Ordinal) => estate.Signer,
        _ when Pattern.Contains("/jwks-url", StringComparison.Ordinal) => estate.Publisher,
        _ => Pattern.Contains("/grants", StringComparison.Ordinal) || Pattern.Contains("/roles", StringComparison.Ordinal) ? estate.Holder : estate.Account,
    };
}

/// <summary>All routes, in an order in which one estate can be walked through: what takes away comes last, the inner before the outer.</summary>
internal static class RouteTable
{
    public static readonly string[] Open = ["GET /openapi.json", "POST /setup"];

    public static readonly AgreedRoute[] Routes =
    [
        new("GET", "/whoami", "") { OfTenant = true },
        new("GET", "/tenants", "tenants.read") { OfTenant = true },
        new("GET", "/tenants/{id}", "tenants.read") { OfTenant = true },
        new("POST", "/tenants", "tenants.write", _ => new { name = New(), issuer = $"https://{New()}.example" }) { OfTenant = true, Sensitive = true },
        new("PATCH", "/tenants/{id}", "tenants.write") { OfTenant = true, Sensitive = true },
        new("GET", "/groups", "organizations.read"),
        new("GET", "/groups/{id}", "organizations.read"),
        new("POST", "/groups", "organizations.write", _ => new { name = New() }) { OfTenant = true },
        new("PATCH", "/groups/{id}", "organizations.write", _ => new { name = New() }),
        new("GET", "/organizations", "organizations.read"),
        new("GET", "/organizations/{id}", "organizations.read"),
        new("POST", "/organizations", "organizations.write", e => new { name = New(), group = e.Group }),
        new("PATCH", "/organizations/{id}", "organizations.write", _ => new { name = New() }),
        new("GET", "/service-accounts", "accounts.read"),
        new("GET", "/service-accounts/{id}", "accounts.read"),
        new("POST", "/service-accounts", "accounts.write", e => new { name = New(), owner = e.Owner }),
        new("POST", "/service-accounts/import", "accounts.write", e => new { accounts = new[] { new { client_id = New(), name = New(), owner = e.Owner } } }),
        new("PATCH", "/service-accounts/{id}", "accounts.write", _ => new { name = New() }),
        new("GET", "/service-accounts/{id}/secrets", "accounts.read"),
        new("GET", "/service-accounts/{id}/secrets/{secretId}", "accounts.read"),
        new("POST", "/service-accounts/{id}/secrets", "credentials.write"),
        new("PATCH", "/service-accounts/{id}/secrets/{secretId}", "credentials.write"),
        new("POST", "/service-accounts/{id}/secrets/rotate", "credentials.write", _ => new { retire_old = new { quiet_hours = 5 } }),
        new("POST", "/service-accounts/{id}/secrets/{secretId}/retire", "credentials.write"),
        new("GET", "/service-accounts/{id}/keys", "accounts.read"),
        new("GET", "/service-accounts/{id}/keys/{keyId}", "accounts.read"),
        new("POST", "/service-accounts/{id}/keys", "credentials.write", _ => new { generate = new { kty = "EC" } }),
        new("PATCH", "/service-accounts/{id}/keys/{keyId}", "credentials.write", _ => new { name = New() }),
        new("GET", "/service-accounts/{id}/jwks-url", "accounts.read"),
        new("PUT", "/service-accounts/{id}/jwks-url", "credentials.write", _ => new { url = "https://keys.example/jwks.json" }),
        new("POST", "/service-accounts/{id}/jwks-url/refresh", "credentials.write"),
        new("GET", "/service-accounts/{id}/grants", "accounts.read"),
        new("GET", "/service-accounts/{id}/grants/{grantId}", "accounts.read"),
        new("PATCH", "/service-accounts/{id}/grants/{grantId}", "grants.write", _ => new { default_scopes = new[] { "read" } }),
        new("GET", "/service-accounts/{id}/roles", "roles.read"),
        new("POST", "/service-accounts/{id}/revoke-tokens", "tokens.revoke"),
        new("GET", "/apis", "apis.read"),
        new("GET", "/apis/{id}", "apis.read"),
        new("POST", "/apis", "apis.write", e => new { identifier = $"urn:example:{New()}", name = New(), owner = e.Owner, scopes = Array.Empty<object>() }),
        new("PATCH", "/apis/{id}", "apis.write", _ => new { name = New() }),
        new("GET", "/apis/{id}/resource-servers", "apis.read"),
        new("POST", "/apis/{id}/resource-servers", "apis.write", e => new { account = e.Account }),
        new("GET", "/roles", "roles.read"),
        new("GET", "/roles/{id}", "roles.read"),
        new("POST", "/roles", "roles.write", e => new { name = New(), owner = e.Owner, scopes = Array.Empty<object>() }) { Sensitive = true },
        new("PATCH", "/roles/{id}", "roles.write", _ => new { name = New() }) { Sensitive = true },
        new("GET", "/trusted-issuers", "trust.read") { OfTenant = true },
        new("GET", "/trusted-issuers/{id}", "trust.read") { OfTenant = true },
        new("POST", "/trusted-issuers", "trust.write", _ => new { name = New(), issuer = $"https://{New()}.example", jwks_url = "https://keys.example/jwks.json", audiences = new[] { "https://as.example" } }) { OfTenant = true, Sensitive = true },
        new("PATCH", "/trusted-issuers/{id}", "trust.write", _ => new { name = New() }) { OfTenant = true, Sensitive = true },
        new("POST", "/trusted-issuers/{id}/refresh", "trust.write") { OfTenant = true },
        new("GET", "/trust-rules", "trust.read") { OfTenant = true },
        new("GET", "/trust-rules/{id}", "trust.read") { OfTenant = true },
        new("GET", "/trust-rules/{id}/accounts", "trust.read") { OfTenant = true },
        new("POST", "/trust-rules", "trust.write", e => new { name = New(), trusted_issuer = e.Issuer, account = e.Holder, conditions = new[] { new { claim = "sub", equals = New() } } }) { OfTenant = true, Sensitive = true },
        new("PATCH", "/trust-rules/{id}", "trust.write", _ => new { name = New() }) { OfTenant = true, Sensitive = true },
        new("GET", "/exchange-rules", "trust.read") { OfTenant = true },
        new("GET", "/exchange-rules/{id}", "trust.read") { OfTenant = true },
        new("POST", "/exchange-rules", "trust.write", e => new { name = New(), client = e.Holder, subjects = new[] { e.Account }, apis = new[] { new { api = e.Api, scopes = new[] { "read" } } } }) { OfTenant = true, Sensitive = true },
        new("PATCH", "/exchange-rules/{id}", "trust.write", _ => new { name = New() }) { OfTenant = true, Sensitive = true },
        new("GET", "/signing-keys", "signing-keys.read") { OfTenant = true },
        new("GET", "/signing-keys/{id}", "signing-keys.read") { OfTenant = true },
        new("POST", "/signing-keys", "signing-keys.write", _ => new { alg = "ES512" }) { OfTenant = true, Sensitive = true },
        new("POST", "/signing-keys/{id}/withdraw", "signing-keys.write") { OfTenant = true, Sensitive = true },
        new("GET", "/revocations", "tokens.revoke") { OfTenant = true },
        new("POST", "/revocations", "tokens.revoke", e => new { account = e.Account }),
        new("GET", "/audit-events", "audit.read"),
        new("GET", "/audit-events/{id}", "audit.read"),
        new("GET", "/explanations/{id}", "audit.read"),
        new("POST", "/explanations", "trust.write", e => new { account = e.Holder, scope = "read" }) { OfTenant = true },
        new("GET", "/token-usage", "audit.read"),
        new("GET", "/reports/expiring-secrets", "accounts.read"),
        new("GET", "/reports/expiring-keys", "accounts.read"),
        new("GET", "/reports/relaxed-assertions", "accounts.read"),
        new("DELETE", "/exchange-rules/{id}", "trust.write") { OfTenant = true, Sensitive = true },
        new("DELETE", "/trust-rules/{id}", "trust.write") { OfTenant = true, Sensitive = true },
        new("DELETE", "/trusted-issuers/{id}", "trust.write") { OfTenant = true, Sensitive = true },
        new("DELETE", "/apis/{id}/resource-servers/{accountId}", "apis.write"),
        new("DELETE", "/service-accounts/{id}/roles/{assignmentId}", "roles.write") { Sensitive = true },
        new("POST", "/service-accounts/{id}/roles", "roles.write", e => new { role = e.Role }) { Sensitive = true },
        new("DELETE", "/service-accounts/{id}/grants/{grantId}", "grants.write"),
        new("POST", "/service-accounts/{id}/grants", "grants.write", e => new { api = e.Api, scopes = new[] { "write" } }),
        new("DELETE", "/service-accounts/{id}/secrets/{secretId}", "credentials.write"),
        new("DELETE", "/service-accounts/{id}/keys/{keyId}", "credentials.write"),
        new("DELETE", "/service-accounts/{id}/jwks-url", "credentials.write"),
        new("DELETE", "/service-accounts/{id}", "accounts.write"),
        new("DELETE", "/roles/{id}", "roles.write") { Sensitive = true },
        new("DELETE", "/apis/{id}", "apis.write"),
        new("DELETE", "/organizations/{id}", "organizations.write"),
        new("DELETE", "/groups/{id}", "organizations.write"),
        new("DELETE", "/tenants/{id}", "tenants.write") { OfTenant = true, Sensitive = true },
    ];

    private static string New() => $"n{Guid.NewGuid():n}";
}

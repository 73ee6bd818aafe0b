namespace Countersign.Cli;

/// <summary>A kind of thing that the Admin API keeps: where it lives, what people call it by, and what a list of it shows.</summary>
internal sealed record Kind(string Name, string Path, string[] Keys, Column[] Columns)
{
    /// <summary>The query parameter that finds a key exactly, where the API has one.</summary>
    public string? Filter { get; init; }

    public static Kind Tenant { get; } = new("tenant", "tenants", ["name", "issuer"],
        [new("NAME", "name"), new("ISSUER", "issuer"), new("HOSTS", "hosts"), new("DISABLED", "disabled"), new("ID", "id")]);

    public static Kind Group { get; } = new("group", "groups", ["name"],
        [new("NAME", "name"), new("ID", "id"), new("CREATED", "created_at")]);

    public static Kind Organization { get; } = new("organization", "organizations", ["name"],
        [new("NAME", "name"), new("GROUP", "group", "group.id"), new("ID", "id"), new("CREATED", "created_at")]);

    public static Kind Account { get; } = new("service account", "service-accounts", ["client_id"],
    [
        new("CLIENT ID", "client_id"), new("NAME", "name"), new("OWNER", "owner.organization", "owner.group"),
        new("DISABLED", "disabled"), new("LAST USED", "last_used_at"),
    ])
    { Filter = "client_id" };

    public static Kind Api { get; } = new("API", "apis", ["identifier"],
        [new("IDENTIFIER", "identifier"), new("NAME", "name"), new("SCOPES", "scopes"), new("ID", "id")]);

    public static Kind Role { get; } = new("role", "roles", ["name"],
        [new("NAME", "name"), new("BUILT IN", "built_in"), new("SCOPES", "scopes"), new("ID", "id")]);

    public static Kind SigningKey { get; } = new("signing key", "signing-keys", ["kid"],
    [
        new("KID", "kid"), new("ALG", "alg"), new("USE", "use"), new("STATE", "state"),
        new("ACTIVE FROM", "activates_at"), new("RETIRES", "retires_at"), new("ID", "id"),
    ]);

    public static Kind Issuer { get; } = new("trusted issuer", "trusted-issuers", ["name", "issuer"],
    [
        new("NAME", "name"), new("KIND", "kind"), new("ISSUER", "issuer"), new("RULES", "rules"), new("DISABLED", "disabled"),
        new("LAST USED", "last_used_at"), new("PROBLEM", "problem"),
    ]);

    public static Kind Rule { get; } = new("trust rule", "trust-rules", ["name"],
    [
        new("NAME", "name"), new("ISSUER", "trusted_issuer.name"), new("ACCOUNT", "account.client_id", "template.client_id"),
        new("MODE", "mode"), new("STATE", "state"), new("LAST USED", "last_used_at"),
    ]);

    public static Kind ExchangeRule { get; } = new("exchange rule", "exchange-rules", ["name"],
    [
        new("NAME", "name"), new("CLIENT", "client.client_id", "client"), new("SUBJECTS", "subjects"), new("ANY", "any_subject"),
        new("IMPERSONATION", "impersonation"), new("DISABLED", "disabled"), new("ID", "id"),
    ]);

    /// <summary>Things that live below another one, called by its path.</summary>
    public static Kind Secret(string account) => new("secret", $"{account}/secrets", [],
    [
        new("ID", "id"), new("HINT", "hint"), new("STATE", "state"), new("EXPIRES", "expires_at"),
        new("RETIRES", "retires_at"), new("LAST USED", "last_used_at"), new("FROM", "last_used_from"),
    ]);

    public static Kind Key(string account) => new("key", $"{account}/keys", ["kid"],
    [
        new("KID", "kid"), new("ALG", "alg"), new("STATE", "state"), new("ORIGIN", "origin"), new("NAME", "name"),
        new("EXPIRES", "expires_at"), new("LAST USED", "last_used_at"), new("FROM", "last_used_from"), new("ID", "id"),
    ]);

    public static Kind Grant(string account) => new("grant", $"{account}/grants", ["api.id", "api.identifier"],
        [new("API", "api.identifier"), new("SCOPES", "scopes"), new("DEFAULT SCOPES", "default_scopes"), new("ID", "id")]);

    public static Kind Assignment(string account) => new("role assignment", $"{account}/roles", ["role.name", "role.id"],
        [new("ROLE", "role.name"), new("REACH", "reach.organization", "reach.group", "reach"), new("ID", "id")]);
}

/// <summary>A column of a list: the first of the paths that has a value.</summary>
internal sealed record Column(string Header, params string[] Paths);

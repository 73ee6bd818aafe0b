using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>A group with an organization that owns one of everything.</summary>
internal sealed record Estate(
    Guid Tenant,
    Guid Group,
    Guid Organization,
    Guid Account,
    string ClientId,
    Guid Secret,
    Guid Api,
    string Identifier,
    Guid Role,
    Guid Holder,
    Guid Grant,
    Guid Assignment,
    Guid Signer,
    Guid PublicKey,
    Guid Publisher,
    Guid Issuer,
    Guid Rule,
    Guid Exchange,
    Guid Key,
    Guid Event)
{
    public object Owner => new { organization = Organization };

    /// <summary>All that must not be seen from elsewhere.</summary>
    public IEnumerable<string> Ids =>
        new[] { Group, Organization, Account, Secret, Api, Role, Holder, Grant, Assignment, Signer, PublicKey, Publisher, Issuer, Rule, Exchange, Event }.Select(id => id.ToString());

    /// <summary>Account holds nothing but a secret, Signer a key, Publisher a JWKS URL; Holder holds a grant and a role, and acts as the API.</summary>
    public static async Task<Estate> MakeAsync(Caller root)
    {
        var name = Guid.NewGuid().ToString("n");
        var group = Id(await root.MakeAsync("/groups", new { name }));
        var organization = Id(await root.MakeAsync("/organizations", new { name, group }));
        var owner = new { organization };
        var account = await root.MakeAsync("/service-accounts", new { name = $"{name} account", owner });
        var secret = Id(await root.MakeAsync($"/service-accounts/{account["id"]}/secrets", new { }));
        var identifier = $"urn:example:{name}";
        var api = Id(await root.MakeAsync("/apis", new { identifier, name, owner, scopes = new[] { new { name = "read" }, new { name = "write" } } }));
        var role = Id(await root.MakeAsync("/roles", new { name, owner, scopes = new[] { new { api, scope = "read" } } }));
        var holder = Id(await root.MakeAsync("/service-accounts", new { name = $"{name} holder", owner }));
        var grant = Id(await root.MakeAsync($"/service-accounts/{holder}/grants", new { api, scopes = new[] { "read" } }));
        var assignment = Id(await root.MakeAsync($"/service-accounts/{holder}/roles", new { role }));
        await root.MakeAsync($"/apis/{api}/resource-servers", new { account = holder });
        var signer = Id(await root.MakeAsync("/service-accounts", new { name = $"{name} signer", owner }));
        var publicKey = Id(await root.MakeAsync($"/service-accounts/{signer}/keys", new { generate = new { kty = "EC" } }));
        var publisher = Id(await root.MakeAsync("/service-accounts", new { name = $"{name} publisher", owner }));
        var set = await root.SendAsync(HttpMethod.Put, $"/service-accounts/{publisher}/jwks-url", new { url = "https://keys.example/jwks.json" });
        Assert.True(set.Status == 200, set.Body);
        var issuer = Id(await root.MakeAsync("/trusted-issuers", new { name, issuer = $"https://{name}.example", jwks_url = "https://keys.example/jwks.json", audiences = new[] { TestServer.Issuer } }));
        var rule = Id(await root.MakeAsync("/trust-rules", new { name, trusted_issuer = issuer, account = holder, conditions = new[] { new { claim = "sub", equals = name } } }));
        var exchange = Id(await root.MakeAsync("/exchange-rules", new { name, client = holder, subjects = new[] { account["id"] }, apis = new[] { new { api, scopes = new[] { "read" } } } }));
        var key = Id(await root.MakeAsync("/signing-keys", new { alg = "ES384" }));
        var made = (await root.ListAsync($"/audit-events?account={account["id"]}&kind=service-account.created"))[0];

        return new Estate(
            (await root.ReadAsync("/whoami")).GetProperty("tenant").GetGuid(),
            group,
            organization,
            Id(account),
            account["client_id"],
            secret,
            api,
            identifier,
            role,
            holder,
            grant,
            assignment,
            signer,
            publicKey,
            publisher,
            issuer,
            rule,
            exchange,
            key,
            made.GetProperty("id").GetGuid());
    }

    private static Guid Id(Answer answer) => Guid.Parse(answer["id"]);
}

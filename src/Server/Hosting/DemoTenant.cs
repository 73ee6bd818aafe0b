using System.Text.Json;
using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Hosting;

internal sealed record DemoClient(string ClientId, string ClientSecret);

internal sealed record DemoAccount(Guid Id, string ClientId, string ClientSecret);

internal sealed record DemoApi(Guid Id, string Identifier, string[] Scopes);

/// <summary>What <c>countersign dev</c> writes to <c>dev.json</c> for scripts.</summary>
internal sealed record DemoFile(
    string Issuer, string TokenEndpoint, Guid GroupId, Guid OrganizationId, DemoClient Admin, DemoAccount ServiceAccount, DemoApi Api);

/// <summary>Fills the default tenant for a first try: an administrator, an API, and an account that may call it.</summary>
internal sealed class DemoTenant(Store store, TimeProvider time)
{
    private const string Identifier = "urn:countersign:demo";

    private static readonly string[] s_scopes = ["read", "write"];
    private static readonly JsonSerializerOptions s_json = new(AdminJson.Options) { WriteIndented = true };

    /// <summary>Keeps what an earlier start made; makes it where it is absent. The secrets are in the file only.</summary>
    public async Task<DemoFile> EnsureAsync(string path, string issuer, CancellationToken ct)
    {
        var demo = await ReadAsync(path, ct) is { } held
            ? held with { Issuer = issuer, TokenEndpoint = issuer + "/oauth2/token" }
            : await MakeAsync(issuer, ct);
        PrivateFile.Write(path, JsonSerializer.Serialize(demo, s_json) + "\n", FileMode.Create);

        return demo;
    }

    private async Task<DemoFile?> ReadAsync(string path, CancellationToken ct)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var held = JsonSerializer.Deserialize<DemoFile>(await File.ReadAllBytesAsync(path, ct), s_json);
            await using var db = store.Open();

            // A file that belongs to other data opens nothing here.
            return held is not null && await db.ServiceAccounts.AnyAsync(a => a.ClientId == held.Admin.ClientId, ct) ? held : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<DemoFile> MakeAsync(string issuer, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = store.Open();
        var tenant = await db.Tenants.SingleAsync(t => t.NameKey == TenantSetup.DefaultName, ct);
        var organization = await db.Organizations.SingleAsync(o => o.TenantId == tenant.Id && o.NameKey == TenantSetup.DefaultName, ct);
        var superAdmin = await db.Roles.SingleAsync(r => r.TenantId == tenant.Id && r.BuiltIn && r.NameKey == AdminApi.SuperAdmin, ct);
        var (admin, adminSecret) = TenantSetup.AddAdministrator(
            db, tenant.Id, organization.GroupId, organization.Id, superAdmin.Id, "demo administrator", now, tenant.MaxSecretLifetimeDays);

        var api = await db.Apis.SingleOrDefaultAsync(a => a.TenantId == tenant.Id && a.Identifier == Identifier, ct);

        if (api is null)
        {
            api = new ApiRow { Id = Guid.CreateVersion7(now), TenantId = tenant.Id, Identifier = Identifier, Name = "Demo API", CreatedAt = now };
            api.Scopes.AddRange(s_scopes.Select(s => new ApiScopeRow { ApiId = api.Id, Name = s }));
            db.Apis.Add(api);
        }

        var account = TenantSetup.NewAccount(tenant.Id, organization.GroupId, organization.Id, "demo account", now);
        db.ServiceAccounts.Add(account);
        var secret = TenantSetup.AddSecret(db, account, now, now.AddDays(tenant.MaxSecretLifetimeDays));
        db.Grants.Add(new GrantRow
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenant.Id,
            AccountId = account.Id,
            ApiId = api.Id,
            Scopes = s_scopes,
            DefaultScopes = ["read"],
            CreatedAt = now,
        });
        db.ResourceServers.Add(new ResourceServerRow { ApiId = api.Id, AccountId = account.Id, TenantId = tenant.Id });
        await store.CommitAsync(db, AuditEvents.Change("demo.created", tenant.Id, now, null, null), ct);

        return new DemoFile(
            issuer,
            issuer + "/oauth2/token",
            organization.GroupId,
            organization.Id,
            new DemoClient(admin.ClientId, adminSecret.Reveal()),
            new DemoAccount(account.Id, account.ClientId, secret.Reveal()),
            new DemoApi(api.Id, api.Identifier, s_scopes));
    }
}

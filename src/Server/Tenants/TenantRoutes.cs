using System.Net;
using System.Text.RegularExpressions;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Tenants;

/// <summary>
/// Tenants. The administrators of the default tenant make and see all of them; those of another see their own alone. Nobody reaches into
/// another tenant's accounts: a new tenant comes with an administrator of its own.
/// </summary>
internal static partial class TenantRoutes
{
    private const string Read = "tenants.read";
    private const string Write = "tenants.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/tenants").WithTags("tenants");
        routes.MapGet("/", ListAsync).Requires(Read);
        routes.MapPost("/", CreateAsync).Requires(Write, sensitive: true).Produces<TenantView>(StatusCodes.Status201Created);
        routes.MapGet("/{id:guid}", GetAsync).Requires(Read);
        routes.MapPatch("/{id:guid}", PatchAsync).Requires(Write, sensitive: true);
        routes.MapDelete("/{id:guid}", DeleteAsync).Requires(Write, sensitive: true);
    }

    private static bool IsOperator(AdminCaller caller, string permission) =>
        caller.Snapshot.Name == TenantSetup.DefaultName && caller.ReachesTenant(permission);

    private static IQueryable<TenantRow> Visible(Db db, AdminCaller caller, string permission)
    {
        var everyTenant = IsOperator(caller, permission);
        var own = caller.ReachesTenant(permission) ? caller.TenantId : Guid.Empty;

        return db.Tenants.Include(t => t.Hosts).Where(t => everyTenant || t.Id == own);
    }

    private static async Task<Ok<Page<TenantView>>> ListAsync(AdminCaller caller, Db db, PageRequest page, CancellationToken ct)
    {
        var after = page.AfterId;

        return TypedResults.Ok(await page.ReadAsync(
            Visible(db, caller, Read).AsNoTracking().Where(t => t.Id > after).OrderBy(t => t.Id), TenantView.Of, t => t.Id.ToString(), ct));
    }

    private static async Task<IResult> CreateAsync(
        AdminCaller caller, Db db, Store store, MasterKey master, IdempotencyKey idempotency, TenantCreate body, CancellationToken ct)
    {
        if (!IsOperator(caller, Write))
        {
            return Problems.Of(caller, Refusal.Forbidden("tenants are made by a super-admin of the default tenant"));
        }

        if (await idempotency.FindAsync(db, caller, body, ct) is { } replayed)
        {
            return replayed;
        }

        if (Names.Fault(body.Name) is { } fault)
        {
            return Problems.Of(caller, Refusal.Invalid("name", fault));
        }

        if (!Issuer(body.Issuer).Is(out var issuer, out var refusal) || !HostNames([issuer.Host, .. body.Hosts ?? []]).Is(out var hosts, out refusal))
        {
            return Problems.Of(caller, refusal);
        }

        var made = TenantSetup.Add(db, master, body.Name, body.Issuer, hosts, caller.Now);
        var (account, secret) = TenantSetup.AddAdministrator(
            db, made.Tenant.Id, made.Group.Id, made.Organization.Id, made.SuperAdmin.Id, "first administrator", caller.Now, made.Tenant.MaxSecretLifetimeDays);
        var answer = TenantView.Of(made.Tenant) with { Admin = new AdministratorView(account.ClientId, secret.Reveal()) };

        return await idempotency.CreatedAsync(store, db, caller, made.Tenant, answer, $"/admin/v1/tenants/{made.Tenant.Id}", caller.Event("tenant.created", made.Tenant.Id.ToString()), ct);
    }

    private static async Task<Results<Ok<TenantView>, ProblemHttpResult>> GetAsync(AdminCaller caller, Db db, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await Visible(db, caller, Read).AsNoTracking().SingleOrDefaultAsync(t => t.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("tenant"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(TenantView.Of(row));
    }

    private static async Task<Results<Ok<TenantView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, TenantDirectory tenants, HttpContext http, Guid id, TenantPatch body, CancellationToken ct)
    {
        if (await Visible(db, caller, Write).SingleOrDefaultAsync(t => t.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("tenant"));
        }

        var migrated = row.AllowSecretsBesideKeys;

        if ((Precondition.Check(http, caller, row) ?? Change(caller, row, body, tenants.ById(id)?.Snapshot.Keys)) is { } refusal)
        {
            return Problems.Of(caller, refusal);
        }

        if (migrated && !row.AllowSecretsBesideKeys && await safeguards.AgainstEndOfMigrationAsync(id, caller.Now, ct) is { } lockout)
        {
            return Problems.Of(caller, lockout);
        }

        row.UpdatedAt = caller.Now;
        await store.CommitAsync(db, caller.Event("tenant.updated", row.Id.ToString()), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(TenantView.Of(row));
    }

    private static Refusal? Change(AdminCaller caller, TenantRow row, TenantPatch body, KeyRing? keys)
    {
        if (body.Name.Is(out var name))
        {
            if (Names.Fault(name) is { } fault)
            {
                return Refusal.Invalid("name", fault);
            }

            if (row.NameKey == TenantSetup.DefaultName)
            {
                return Refusal.Conflict("the default tenant keeps its name");
            }

            (row.Name, row.NameKey) = (name!, Names.Key(name!));
        }

        if (body.Hosts.Is(out var asked))
        {
            // Which names a tenant answers on is decided by who runs the server.
            if (!IsOperator(caller, Write))
            {
                return Refusal.Forbidden("host names are given by a super-admin of the default tenant");
            }

            if (!HostNames([new Uri(row.Issuer).Host, .. asked ?? []]).Is(out var hosts, out var refusal))
            {
                return refusal;
            }

            row.Hosts.RemoveAll(h => !hosts.Contains(h.Host));
            row.Hosts.AddRange(hosts.Where(h => !row.Hosts.Any(held => held.Host == h)).Select(h => new TenantHostRow { Host = h, TenantId = row.Id }).ToList());
        }

        if (body.Disabled.Is(out var disabled))
        {
            if (disabled && row.NameKey == TenantSetup.DefaultName)
            {
                return Refusal.Conflict("the default tenant stays enabled: nobody could enable it again");
            }

            if (!IsOperator(caller, Write))
            {
                return Refusal.Forbidden("tenants are disabled and enabled by a super-admin of the default tenant");
            }

            row.Disabled = disabled;
        }

        return !body.Settings.Is(out var settings) ? null
            : settings is null ? Refusal.Invalid("settings", "must be an object")
            : TenantSettings.Apply(row, settings, keys, caller.Now);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, CancellationToken ct)
    {
        if (!IsOperator(caller, Write) || await db.Tenants.Include(t => t.Hosts).SingleOrDefaultAsync(t => t.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("tenant"));
        }

        if (Precondition.Check(http, caller, row) is { } stale)
        {
            return Problems.Of(caller, stale);
        }

        if (!row.Disabled)
        {
            return Problems.Of(caller, Refusal.Conflict("disable the tenant first, and see that nothing misses it"));
        }

        if (await db.ServiceAccounts.CountAsync(a => a.TenantId == id, ct) > TenantRemoval.MostAccounts)
        {
            return Problems.Of(caller, Refusal.Conflict($"the tenant has more than {TenantRemoval.MostAccounts} accounts: delete them first"));
        }

        await TenantRemoval.MarkAsync(db, row, ct);
        await store.CommitAsync(db, caller.Event("tenant.deleted", $"{row.Id} {row.Name}"), ct);

        return TypedResults.NoContent();
    }

    private static Outcome<Uri> Issuer(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        && uri.GetLeftPart(UriPartial.Authority) == text
        && uri.UserInfo.Length == 0
            ? uri
            : Refusal.Invalid("issuer", "must be https://host or https://host:port in lower case, without path, query and closing slash");

    private static Outcome<string[]> HostNames(string[] hosts)
    {
        var names = hosts.Select(h => h.ToLowerInvariant()).Distinct(StringComparer.Ordinal).ToArray();

        return names.FirstOrDefault(h => !HostName().IsMatch(h) && !IPAddress.TryParse(h, out _)) is { } bad
            ? Refusal.Invalid("hosts", $"holds a name that is none: {new string([.. bad.Take(80).Where(c => c is > ' ' and <= '~')])}")
            : names;
    }

    // As it comes in a Host header: ASCII, without a closing dot.
    [GeneratedRegex(@"\A(?=.{1,253}\z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\z")]
    private static partial Regex HostName();
}

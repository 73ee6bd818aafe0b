using System.Text;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Introspection;
using Countersign.Server.ServiceAccounts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Revocation;

/// <summary>What to end: one token, or all tokens of an account, a credential, a signing key or the tenant, issued up to a moment.</summary>
internal sealed record RevocationCreate(
    string? Token = null, Guid? Account = null, Guid? Credential = null, Guid? SigningKey = null, bool? All = null, DateTimeOffset? IssuedBefore = null);

internal sealed record RevocationView(Guid Id, string Kind, string Target, DateTimeOffset? IssuedBefore, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt)
{
    public static RevocationView Of(RevocationRow row) => new(
        row.Id,
        row.Scope,
        row.Target,
        row.Scope == "token" ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.IssuedBeforeMs),
        row.CreatedAt,
        row.ExpiresAt);
}

/// <summary>Ending tokens before their time (R161).</summary>
internal static class RevocationRoutes
{
    private const string Permission = "tokens.revoke";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/revocations").WithTags("revocations");
        routes.MapGet("/", ListAsync).Requires(Permission);
        routes.MapPost("/", CreateAsync).Requires(Permission);
    }

    private static async Task<Results<Ok<Page<RevocationView>>, ProblemHttpResult>> ListAsync(AdminCaller caller, Db db, PageRequest page, CancellationToken ct)
    {
        if (!caller.ReachesTenant(Permission))
        {
            return Problems.Of(caller, Refusal.Forbidden($"the list is the whole tenant's: {Permission} must reach it"));
        }

        var after = page.AfterId;
        var rows = db.Revocations.AsNoTracking().Where(r => r.TenantId == caller.TenantId && r.Id > after && r.ExpiresAt > caller.Now).OrderBy(r => r.Id);

        return TypedResults.Ok(await page.ReadAsync(rows, RevocationView.Of, r => r.Id.ToString(), ct));
    }

    private static async Task<Results<Created<RevocationView>, ProblemHttpResult>> CreateAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, RevocationCreate body, CancellationToken ct)
    {
        var named = (body.Token is null ? 0 : 1) + (body.Account is null ? 0 : 1) + (body.Credential is null ? 0 : 1) + (body.SigningKey is null ? 0 : 1) + (body.All == true ? 1 : 0);

        if (named != 1)
        {
            return Problems.Of(caller, new Refusal(StatusCodes.Status400BadRequest, "name exactly one of token, account, credential, signing_key, all"));
        }

        if (body.IssuedBefore > caller.Now)
        {
            return Problems.Of(caller, Refusal.Invalid("issued_before", "must not be ahead"));
        }

        var made = body switch
        {
            { Token: { } token } => await TokenAsync(caller, db, safeguards, token, ct),
            { SigningKey: { } key } => await KeyAsync(caller, db, key, ct),
            { All: true } => Tenant(caller, body.IssuedBefore ?? caller.Now),
            _ => await AccountAsync(caller, db, safeguards, body.Account, body.Credential, body.IssuedBefore ?? caller.Now, ct),
        };

        if (!made.Is(out var row, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        db.Revocations.Add(row);
        await store.CommitAsync(db, caller.Event("tokens.revoked", $"{row.Scope} {row.Target}"), ct);

        return TypedResults.Created($"/admin/v1/revocations/{row.Id}", RevocationView.Of(row));
    }

    private static async Task<Outcome<RevocationRow>> TokenAsync(AdminCaller caller, Db db, Safeguards safeguards, string token, CancellationToken ct)
    {
        var (live, reason) = await TokenInspection.InspectAsync(caller.Tenant, caller.Snapshot, Encoding.UTF8.GetBytes(token), caller.Now, ct);

        if (live is null)
        {
            return Refusal.Conflict($"nothing to revoke: {reason}");
        }

        return !await ServiceAccountRoutes.Visible(db, caller, Permission).AnyAsync(a => a.Id == live.Account.Id, ct) ? Refusal.NotFound("token")
            : await safeguards.AgainstStrongerAsync(caller, live.Account.Id, ct) is { } stronger ? stronger
            : Revocations.Token(caller.TenantId, live.Token, caller.Now);
    }

    private static async Task<Outcome<RevocationRow>> AccountAsync(
        AdminCaller caller, Db db, Safeguards safeguards, Guid? account, Guid? credential, DateTimeOffset before, CancellationToken ct)
    {
        var owner = account ?? await Credentials.OwnerAsync(db, caller.TenantId, credential!.Value, ct);

        if (owner is not { } id || !await ServiceAccountRoutes.Visible(db, caller, Permission).AnyAsync(a => a.Id == id, ct))
        {
            return Refusal.NotFound(account is null ? "credential" : "service account");
        }

        return await safeguards.AgainstStrongerAsync(caller, id, ct) is { } stronger
            ? stronger
            : Revocations.Before(caller.TenantId, account is null ? "credential" : "account", account ?? credential!.Value, before, caller.Now);
    }

    // Ending what a key made is withdrawing the key; that stands with the keys, where its successor is seen to.
    private static async Task<Outcome<RevocationRow>> KeyAsync(AdminCaller caller, Db db, Guid key, CancellationToken ct) =>
        await db.TenantKeys.AnyAsync(k => k.Id == key && k.TenantId == caller.TenantId, ct)
            ? Refusal.Conflict($"withdraw the key instead: POST /admin/v1/signing-keys/{key}/withdraw ends all that it signed")
            : Refusal.NotFound("signing key");

    private static Outcome<RevocationRow> Tenant(AdminCaller caller, DateTimeOffset before) =>
        caller.ReachesTenant(Permission)
            ? Revocations.Before(caller.TenantId, "tenant", caller.TenantId, before, caller.Now)
            : Refusal.Forbidden($"ending all tokens needs {Permission} over the whole tenant");
}

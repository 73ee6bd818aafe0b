using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Keys;

/// <param name="Activate"><c>scheduled</c>: after it has been published long enough for all verifiers; <c>now</c>: at once.</param>
internal sealed record SigningKeyCreate(string Alg, string Activate = "scheduled");

internal sealed record SigningKeyView(
    Guid Id,
    string Kid,
    string Alg,
    string Use,
    string State,
    DateTimeOffset CreatedAt,
    DateTimeOffset PublishedAt,
    DateTimeOffset ActivatesAt,
    DateTimeOffset? RetiresAt,
    DateTimeOffset? RemovedAt,
    DateTimeOffset? WithdrawnAt,
    JsonElement? PublicJwk)
{
    public static SigningKeyView Of(TenantKeyRow row, int days, DateTimeOffset now)
    {
        var key = new TenantKey(row.Id, row.Alg, row.ActivatesAt, row.RetiresAt, row.WithdrawnAt, row.ActivatesAt.AddDays(days) + KeyTimes.Overdue);

        return new SigningKeyView(
            row.Id,
            row.Kid,
            row.Alg,
            row.Alg == KeyRing.Sealing ? "enc" : "sig",
            key.StateAt(now).ToString().ToLowerInvariant(),
            row.CreatedAt,
            row.CreatedAt,
            row.ActivatesAt,
            row.RetiresAt,
            key.RemovedAt,
            row.WithdrawnAt,
            row.PublicJwk is null ? null : JsonDocument.Parse(row.PublicJwk).RootElement);
    }
}

/// <summary>The tenant's own keys: they rotate by themselves; here they are seen, rotated on demand, and withdrawn at once.</summary>
internal static class SigningKeyRoutes
{
    private const string Read = "signing-keys.read";
    private const string Write = "signing-keys.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/signing-keys").WithTags("signing-keys");
        routes.MapGet("/", ListAsync).Requires(Read);
        routes.MapPost("/", CreateAsync).Requires(Write, sensitive: true);
        routes.MapGet("/{id:guid}", GetAsync).Requires(Read);
        routes.MapPost("/{id:guid}/withdraw", WithdrawAsync).Requires(Write, sensitive: true);
    }

    private static async Task<Ok<Page<SigningKeyView>>> ListAsync(AdminCaller caller, Db db, PageRequest page, string? alg, CancellationToken ct)
    {
        var after = page.AfterId;
        var rows = db.TenantKeys.AsNoTracking().Where(k => k.TenantId == caller.TenantId && k.Id > after);

        if (alg is not null)
        {
            rows = rows.Where(k => k.Alg == alg);
        }

        return TypedResults.Ok(await page.ReadAsync(
            rows.OrderBy(k => k.Id), k => SigningKeyView.Of(k, caller.Snapshot.SigningKeyDays, caller.Now), k => k.Id.ToString(), ct));
    }

    private static async Task<Results<Created<SigningKeyView>, ProblemHttpResult>> CreateAsync(
        AdminCaller caller, Db db, Store store, MasterKey master, SigningKeyCreate body, CancellationToken ct)
    {
        if (!caller.ReachesTenant(Write))
        {
            return Problems.Of(caller, Refusal.Forbidden($"keys belong to the whole tenant: {Write} must reach it"));
        }

        if (body.Alg != KeyRing.Sealing && SigningAlgorithm.ByName(body.Alg) is null)
        {
            return Problems.Of(caller, Refusal.Invalid("alg", $"must be one of {string.Join(", ", SigningAlgorithm.All.Select(a => a.Name))}, or {KeyRing.Sealing} for opaque tokens"));
        }

        if (body.Activate is not ("now" or "scheduled"))
        {
            return Problems.Of(caller, Refusal.Invalid("activate", "must be now or scheduled"));
        }

        var activatesAt = body.Activate == "now" ? caller.Now : caller.Now + KeyTimes.PublishedAhead;
        var row = await KeyRotation.AddNextAsync(db, master, caller.TenantId, body.Alg, null, caller.Now, activatesAt, ct);
        await store.CommitAsync(db, caller.Event("signing-key.created", row.Id.ToString()), ct);

        return TypedResults.Created($"/admin/v1/signing-keys/{row.Id}", SigningKeyView.Of(row, caller.Snapshot.SigningKeyDays, caller.Now));
    }

    private static async Task<Results<Ok<SigningKeyView>, ProblemHttpResult>> GetAsync(AdminCaller caller, Db db, Guid id, CancellationToken ct) =>
        await db.TenantKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == id && k.TenantId == caller.TenantId, ct) is { } row
            ? TypedResults.Ok(SigningKeyView.Of(row, caller.Snapshot.SigningKeyDays, caller.Now))
            : Problems.Of(caller, Refusal.NotFound("signing key"));

    private static async Task<Results<Ok<SigningKeyView>, ProblemHttpResult>> WithdrawAsync(
        AdminCaller caller, Db db, Store store, MasterKey master, Guid id, CancellationToken ct)
    {
        if (!caller.ReachesTenant(Write))
        {
            return Problems.Of(caller, Refusal.Forbidden($"keys belong to the whole tenant: {Write} must reach it"));
        }

        if (await db.TenantKeys.SingleOrDefaultAsync(k => k.Id == id && k.TenantId == caller.TenantId, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("signing key"));
        }

        if (row.WithdrawnAt is not null)
        {
            return Problems.Of(caller, Refusal.Conflict("the key is withdrawn already"));
        }

        row.WithdrawnAt = caller.Now;

        // A pending successor cannot wait any longer, and where there is none one is made: tokens go on being issued.
        var next = await db.TenantKeys
            .Where(k => k.TenantId == caller.TenantId && k.Alg == row.Alg && k.Id != id && k.WithdrawnAt == null && (k.RetiresAt == null || k.RetiresAt > caller.Now))
            .OrderBy(k => k.ActivatesAt)
            .ToListAsync(ct);

        if (next.Count == 0)
        {
            await KeyRotation.AddNextAsync(db, master, caller.TenantId, row.Alg, null, caller.Now, caller.Now, ct);
        }
        else if (next[0].ActivatesAt > caller.Now)
        {
            next[0].ActivatesAt = caller.Now;
        }

        await store.CommitAsync(db, caller.Event("signing-key.withdrawn", row.Id.ToString()), ct);

        return TypedResults.Ok(SigningKeyView.Of(row, caller.Snapshot.SigningKeyDays, caller.Now));
    }
}

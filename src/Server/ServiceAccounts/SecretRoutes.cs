using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Revocation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

/// <summary>Client secrets of an account: several at a time, so that a rotation interrupts nobody.</summary>
internal static class SecretRoutes
{
    private const string Write = "credentials.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/service-accounts/{id:guid}/secrets").WithTags("secrets");
        routes.MapGet("/", ListAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapPost("/", CreateAsync).Requires(Write).Produces<NewSecretView>(StatusCodes.Status201Created);
        routes.MapPost("/rotate", RotateAsync).Requires(Write).Produces<NewSecretView>(StatusCodes.Status201Created);
        routes.MapGet("/{secretId:guid}", GetAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapPatch("/{secretId:guid}", PatchAsync).Requires(Write);
        routes.MapPost("/{secretId:guid}/retire", RetireAsync).Requires(Write);
        routes.MapDelete("/{secretId:guid}", DeleteAsync).Requires(Write);
    }

    private static async Task<Results<Ok<Page<SecretView>>, ProblemHttpResult>> ListAsync(
        AdminCaller caller, Db db, TokenUsage usage, PageRequest page, Guid id, CancellationToken ct)
    {
        if (!await ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AnyAsync(a => a.Id == id, ct))
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        await usage.FlushAsync(ct);
        var after = page.AfterId;
        var rows = db.ClientSecrets.AsNoTracking().Where(s => s.AccountId == id && s.Id > after).OrderBy(s => s.Id);

        return TypedResults.Ok(await page.ReadAsync(rows, s => SecretView.Of(s, caller.Now), s => s.Id.ToString(), ct));
    }

    private static async Task<IResult> CreateAsync(
        AdminCaller caller, Db db, Store store, ClientSecrets secrets, IdempotencyKey idempotency, Guid id, SecretCreate? body, CancellationToken ct)
    {
        body ??= new SecretCreate();

        // First of all: who may no longer make a secret is not shown the one that was made.
        if (!(await secrets.AccountAsync(caller, id, ct)).Is(out var account, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (await idempotency.FindAsync(db, caller, body, ct) is { } replayed)
        {
            return replayed;
        }

        if (!(await secrets.NewAsync(caller, account, body, ct)).Is(out var made, out refusal))
        {
            return Problems.Of(caller, refusal);
        }

        return await AnswerAsync(caller, db, store, idempotency, account, made, [], "secret.created", ct);
    }

    private static async Task<IResult> RotateAsync(
        AdminCaller caller, Db db, Store store, ClientSecrets secrets, TokenUsage usage, IdempotencyKey idempotency, Guid id, SecretRotate body, CancellationToken ct)
    {
        if (!(await secrets.AccountAsync(caller, id, ct)).Is(out var account, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (await idempotency.FindAsync(db, caller, body, ct) is { } replayed)
        {
            return replayed;
        }

        await usage.FlushAsync(ct);

        if (!(await secrets.NewAsync(caller, account, new SecretCreate(body.ExpiresAt), ct)).Is(out var made, out refusal)
            || !(await secrets.RetireOthersAsync(caller, account, made.Row, body.RetireOld, ct)).Is(out var previous, out refusal))
        {
            return Problems.Of(caller, refusal);
        }

        return await AnswerAsync(caller, db, store, idempotency, account, made, previous, "secret.rotated", ct);
    }

    private static async Task<IResult> AnswerAsync(
        AdminCaller caller,
        Db db,
        Store store,
        IdempotencyKey idempotency,
        ServiceAccountRow account,
        ClientSecrets.Made made,
        List<ClientSecretRow> previous,
        string kind,
        CancellationToken ct)
    {
        var row = made.Row;
        var shown = SecretView.Of(row, caller.Now);
        var answer = new NewSecretView(
            row.Id,
            made.Secret?.Reveal(),
            row.Hint,
            shown.State,
            row.Origin,
            row.CreatedAt,
            row.ExpiresAt,
            kind == "secret.rotated" ? [.. previous.Select(p => SecretView.Of(p, caller.Now))] : null);

        return await idempotency.CreatedAsync(store, db, caller, row, answer, $"/admin/v1/service-accounts/{account.Id}/secrets/{row.Id}", caller.Event(kind, row.Id.ToString(), account, account.Id), ct);
    }

    private static async Task<Results<Ok<SecretView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, TokenUsage usage, HttpContext http, Guid id, Guid secretId, CancellationToken ct)
    {
        await usage.FlushAsync(ct);

        if (!await ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AnyAsync(a => a.Id == id, ct)
            || await db.ClientSecrets.AsNoTracking().SingleOrDefaultAsync(s => s.Id == secretId && s.AccountId == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("secret"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(SecretView.Of(row, caller.Now));
    }

    private static async Task<Results<Ok<SecretView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, ClientSecrets secrets, HttpContext http, Guid id, Guid secretId, SecretPatch body, CancellationToken ct)
    {
        if (!(await secrets.FindAsync(caller, http, id, secretId, ct)).Is(out var found, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (body.ExpiresAt.Is(out var expiresAt))
        {
            // The longest life counts from the making: put off again and again, it would have no end.
            if (!ClientSecrets.InUse(caller, found.Secret).Is(out var secret, out refusal)
                || !ClientSecrets.Expiry(caller, expiresAt, secret.CreatedAt).Is(out var expiry, out refusal))
            {
                return Problems.Of(caller, refusal);
            }

            found.Secret.ExpiresAt = expiry.At;
        }

        return await SavedAsync(caller, db, store, http, found, "secret.updated", ct);
    }

    private static async Task<Results<Ok<SecretView>, ProblemHttpResult>> RetireAsync(
        AdminCaller caller, Db db, Store store, ClientSecrets secrets, Safeguards safeguards, HttpContext http, Guid id, Guid secretId, SecretRetire? body, CancellationToken ct)
    {
        if (!(await secrets.FindAsync(caller, http, id, secretId, ct)).Is(out var found, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        var when = new RetireOld(body?.At, body?.At is null && body?.QuietHours is null ? true : null, body?.QuietHours);

        refusal = ClientSecrets.InUse(caller, found.Secret).Is(out _, out var gone)
            ? await safeguards.AgainstLockoutAsync(caller, id, ct, secretId) ?? ClientSecrets.Retire(caller, found.Secret, when)
            : gone;

        return refusal is not null ? Problems.Of(caller, refusal) : await SavedAsync(caller, db, store, http, found, "secret.retired", ct);
    }

    private static async Task<Results<Ok<SecretView>, ProblemHttpResult>> SavedAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, ClientSecrets.Found found, string kind, CancellationToken ct)
    {
        await store.CommitAsync(db, caller.Event(kind, found.Secret.Id.ToString(), found.Account, found.Account.Id), ct);
        Precondition.Tag(http, found.Secret);

        return TypedResults.Ok(SecretView.Of(found.Secret, caller.Now));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, ClientSecrets secrets, Safeguards safeguards, HttpContext http, Guid id, Guid secretId, CancellationToken ct)
    {
        if (!(await secrets.FindAsync(caller, http, id, secretId, ct)).Is(out var found, out var refusal)
            || (refusal = await safeguards.AgainstLockoutAsync(caller, id, ct, secretId)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        // Tokens that it got end with it: their credential is gone, and a copy restored later must not bring them back.
        db.ClientSecrets.Remove(found.Secret);
        db.Revocations.Add(Revocations.OfCredential(caller.TenantId, secretId, caller.Now));
        await store.CommitAsync(db, caller.Event("secret.deleted", secretId.ToString(), found.Account, id), ct);

        return TypedResults.NoContent();
    }
}

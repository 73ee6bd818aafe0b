using Countersign.OAuth;
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

/// <summary>Public keys of an account. The private half stays with its owner; one that the server makes is shown once and never kept.</summary>
internal static class KeyRoutes
{
    private const string Write = "credentials.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/service-accounts/{id:guid}/keys").WithTags("keys");
        routes.MapGet("/", ListAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapPost("/", CreateAsync).Requires(Write).Produces<KeyView>(StatusCodes.Status201Created);
        routes.MapGet("/{keyId:guid}", GetAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapPatch("/{keyId:guid}", PatchAsync).Requires(Write);
        routes.MapDelete("/{keyId:guid}", DeleteAsync).Requires(Write);
    }

    private static async Task<Results<Ok<Page<KeyView>>, ProblemHttpResult>> ListAsync(
        AdminCaller caller, Db db, TokenUsage usage, PageRequest page, Guid id, CancellationToken ct)
    {
        if (!await ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AnyAsync(a => a.Id == id, ct))
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        await usage.FlushAsync(ct);
        var after = page.AfterId;
        var rows = db.AccountKeys.AsNoTracking().Where(k => k.AccountId == id && k.Id > after).OrderBy(k => k.Id);

        return TypedResults.Ok(await page.ReadAsync(rows, k => KeyView.Of(k, caller.Now), k => k.Id.ToString(), ct));
    }

    private static async Task<IResult> CreateAsync(
        AdminCaller caller,
        Db db,
        Store store,
        ClientSecrets secrets,
        AccountKeys keys,
        MethodSwitch method,
        IdempotencyKey idempotency,
        HttpContext http,
        Guid id,
        KeyCreate body,
        CancellationToken ct)
    {
        // First of all: who may no longer make a credential is not shown the one that was made.
        if (!(await secrets.AccountAsync(caller, id, ct)).Is(out var account, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (!AccountKeys.IsText(body.Jwk))
        {
            return Problems.Of(caller, Refusal.Invalid("jwk", "holds half of a surrogate pair"));
        }

        if (await idempotency.FindAsync(db, caller, body, ct) is { } replayed)
        {
            return replayed;
        }

        if (!(await keys.NewAsync(caller, account, body, ct)).Is(out var made, out refusal))
        {
            return Problems.Of(caller, refusal);
        }

        using (made)
        {
            var warnings = await method.ToKeysAsync(caller, account, ct);
            var answer = Private(caller, account, made, body.Generate?.Format) with { Warnings = warnings.Count > 0 ? [.. warnings] : null };
            var location = $"/admin/v1/service-accounts/{id}/keys/{made.Row.Id}";

            // The private half is kept nowhere, not even for a request that is repeated.
            idempotency.Keep(db, caller, answer.WithoutPrivate(), location, Precondition.Tag(made.Row.Version));

            if (await idempotency.CommitAsync(store, db, caller, caller.Event("key.created", made.Row.Id.ToString(), account, id), ct) is { } first)
            {
                return first;
            }

            Precondition.Tag(http, made.Row);

            return TypedResults.Created(location, answer);
        }
    }

    private static KeyView Private(AdminCaller caller, ServiceAccountRow account, AccountKeys.Made made, string? format)
    {
        var view = KeyView.Of(made.Row, caller.Now);

        return made.Private is not { } key ? view : format switch
        {
            "pem" => view with { PrivateKeyPem = PrivateKeyText.Pem(key) },
            "jwk" => view with { PrivateJwk = KeyView.Object(PrivateKeyText.Jwk(key)) },
            _ => view with
            {
                KeyFile = KeyView.Object(new KeyFile
                {
                    KeyId = made.Row.Kid,
                    Key = PrivateKeyText.TraditionalPem(key),
                    ExpirationDate = made.Row.ExpiresAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
                    UserId = account.Id.ToString(),
                    ClientId = account.ClientId,
                    Issuer = caller.Snapshot.Issuer,
                    TokenUrl = caller.Snapshot.TokenEndpoint,
                }.ToJson()),
            },
        };
    }

    private static async Task<Results<Ok<KeyView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, TokenUsage usage, HttpContext http, Guid id, Guid keyId, CancellationToken ct)
    {
        await usage.FlushAsync(ct);

        if (!await ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AnyAsync(a => a.Id == id, ct)
            || await db.AccountKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == keyId && k.AccountId == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("key"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(KeyView.Of(row, caller.Now));
    }

    private static async Task<Results<Ok<KeyView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, AccountKeys keys, Safeguards safeguards, HttpContext http, Guid id, Guid keyId, KeyPatch body, CancellationToken ct)
    {
        if (!(await keys.FindAsync(caller, http, id, keyId, ct)).Is(out var found, out var refusal)
            || (refusal = await ChangeAsync(caller, found.Key, body, safeguards, ct)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        await store.CommitAsync(db, caller.Event("key.updated", keyId.ToString(), found.Account, id), ct);
        Precondition.Tag(http, found.Key);

        return TypedResults.Ok(KeyView.Of(found.Key, caller.Now));
    }

    private static async Task<Refusal?> ChangeAsync(AdminCaller caller, AccountKeyRow row, KeyPatch body, Safeguards safeguards, CancellationToken ct)
    {
        if (body.Name.Is(out var name))
        {
            if (AccountKeys.Fault(name) is { } fault)
            {
                return Refusal.Invalid("name", fault);
            }

            row.Name = name;
        }

        if (body.ExpiresAt.Is(out var expiresAt))
        {
            // What has ended stays ended: whoever kept it could use it again.
            if (row.ExpiresAt <= caller.Now)
            {
                return Refusal.Conflict("the key has expired: add a new one");
            }

            if (AccountKeys.Expiry(caller, expiresAt) is { } fault)
            {
                return Refusal.Invalid("expires_at", fault);
            }

            row.ExpiresAt = expiresAt;
        }

        if (!body.Disabled.Is(out var disabled))
        {
            return null;
        }

        var refusal = disabled && !row.Disabled ? await safeguards.AgainstLockoutAsync(caller, row.AccountId, ct, row.Id) : null;
        row.Disabled = refusal is null && disabled;

        return refusal;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, AccountKeys keys, Safeguards safeguards, HttpContext http, Guid id, Guid keyId, CancellationToken ct)
    {
        if (!(await keys.FindAsync(caller, http, id, keyId, ct)).Is(out var found, out var refusal)
            || (refusal = await safeguards.AgainstLockoutAsync(caller, id, ct, keyId)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        // Tokens that it got end with it, as those of a deleted secret do.
        db.AccountKeys.Remove(found.Key);
        db.Revocations.Add(Revocations.OfCredential(caller.TenantId, keyId, caller.Now));
        await store.CommitAsync(db, caller.Event("key.deleted", keyId.ToString(), found.Account, id), ct);

        return TypedResults.NoContent();
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Server.Data;
using Countersign.Server.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Server.Admin;

/// <summary>
/// The caller's <c>Idempotency-Key</c> on a create that returns a secret: a retry within 24 hours gets the first answer again instead of a second
/// secret. The answer is kept sealed, in the transaction of the change itself.
/// </summary>
internal sealed class IdempotencyKey
{
    private readonly string? _key;
    private readonly HttpContext _http;
    private readonly MasterKey _master;
    private string _requestHash = "";

    private IdempotencyKey(string? key, HttpContext http) =>
        (_key, _http, _master) = (key, http, http.RequestServices.GetRequiredService<MasterKey>());

    public static ValueTask<IdempotencyKey> BindAsync(HttpContext http)
    {
        var text = http.Request.Headers["Idempotency-Key"].ToString();

        if (text.Length > 255 || text.Any(c => c is < ' ' or > '~'))
        {
            throw new InvalidQueryException("Idempotency-Key must be at most 255 printable ASCII characters");
        }

        var caller = http.Features.Get<AdminCaller>();

        return new(new IdempotencyKey(
            text.Length == 0 ? null : Hash($"{caller!.TenantId}|{caller.Account.Id}|{http.Request.Method} {http.Request.Path}|{text}"), http));
    }

    /// <summary>The first answer to this key, or a refusal where the key came with another request; null when it is new.</summary>
    public async Task<IResult?> FindAsync<TBody>(Db db, AdminCaller caller, TBody body, CancellationToken ct)
    {
        if (_key is null)
        {
            return null;
        }

        _requestHash = Hash(JsonSerializer.Serialize(body, AdminJson.Options));

        return await HeldAsync(db, caller, ct);
    }

    /// <summary>Commits the change; where a request with the same key was faster, the change is dropped and that one's answer returned.</summary>
    public async Task<IResult?> CommitAsync(Store store, Db db, AdminCaller caller, AuditEventRow row, CancellationToken ct)
    {
        try
        {
            await store.CommitAsync(db, row, ct);

            return null;
        }
        catch (DbUpdateException exception) when (_key is not null && (exception is DbUpdateConcurrencyException || store.Engine.IsUniqueViolation(exception)))
        {
            db.ChangeTracker.Clear();

            if (await HeldAsync(db, caller, ct) is { } replayed)
            {
                return replayed;
            }

            throw;
        }
    }

    private async Task<IResult?> HeldAsync(Db db, AdminCaller caller, CancellationToken ct)
    {
        var held = await db.IdempotencyRecords.AsNoTracking().SingleOrDefaultAsync(i => i.Key == _key && i.TenantId == caller.TenantId, ct);

        if (held is null)
        {
            return null;
        }

        if (held.RequestHash != _requestHash)
        {
            return Problems.Of(caller, new Refusal(StatusCodes.Status422UnprocessableEntity, "this Idempotency-Key came before with another request: use a new key"));
        }

        _http.Response.Headers["Idempotent-Replayed"] = "true";
        _http.Response.Headers.ETag = held.ETag;
        _http.Response.Headers.Location = held.Location;

        return TypedResults.Text(_master.Unwrap(held.SealedBody, Context), "application/json; charset=utf-8", held.Status);
    }

    /// <summary>Commits what was created and answers with it, or with what a request with the same key created first.</summary>
    public async Task<IResult> CreatedAsync<T>(
        Store store, Db db, AdminCaller caller, IVersioned row, T answer, string location, AuditEventRow audit, CancellationToken ct)
    {
        Keep(db, caller, answer, location, Precondition.Tag(row.Version));

        if (await CommitAsync(store, db, caller, audit, ct) is { } first)
        {
            return first;
        }

        Precondition.Tag(_http, row);

        return TypedResults.Created(location, answer);
    }

    /// <summary>Adds the answer to the transaction that makes it true.</summary>
    public void Keep<T>(Db db, AdminCaller caller, T answer, string location, string etag)
    {
        if (_key is not null)
        {
            db.IdempotencyRecords.Add(new IdempotencyRow
            {
                Key = _key,
                TenantId = caller.TenantId,
                RequestHash = _requestHash,
                Status = StatusCodes.Status201Created,
                SealedBody = _master.Wrap(JsonSerializer.SerializeToUtf8Bytes(answer, AdminJson.Options), Context),
                Location = location,
                ETag = etag,
                CreatedAt = caller.Now,
            });
        }
    }

    private string Context => $"idempotent answer {_key}";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

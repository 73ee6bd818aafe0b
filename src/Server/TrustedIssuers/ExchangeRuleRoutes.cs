using Countersign.Server.Admin;
using Countersign.Server.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Exchange rules: which client may exchange whose tokens, and for what (RFC 8693).</summary>
internal static class ExchangeRuleRoutes
{
    /// <summary>Rules that one tenant may have; each is in the memory of every node.</summary>
    public const int Most = 1000;

    private const string What = "exchange rule";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/exchange-rules").WithTags("exchange-rules");
        routes.MapGet("/", ListAsync).ForReaders();
        routes.MapPost("/", CreateAsync).ForWriters(sensitive: true).Produces<ExchangeRuleView>(StatusCodes.Status201Created);
        routes.MapGet("/{id:guid}", GetAsync).ForReaders();
        routes.MapPatch("/{id:guid}", PatchAsync).ForWriters(sensitive: true);
        routes.MapDelete("/{id:guid}", DeleteAsync).ForWriters(sensitive: true);
    }

    private static async Task<Ok<Page<ExchangeRuleView>>> ListAsync(AdminCaller caller, Db db, PageRequest page, CancellationToken ct)
    {
        var after = page.AfterId;
        var rows = await page.ReadAsync(
            db.ExchangeRules.AsNoTracking().Where(r => r.TenantId == caller.TenantId && r.Id > after).OrderBy(r => r.Id), r => r, r => r.Id.ToString(), ct);
        var clientIds = await ClientIdsAsync(caller, db, rows.Items, ct);

        return TypedResults.Ok(new Page<ExchangeRuleView>([.. rows.Items.Select(r => ExchangeRuleView.Of(r, clientIds, caller.Snapshot))], rows.NextCursor));
    }

    private static async Task<IResult> CreateAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, IdempotencyKey idempotency, ExchangeRuleCreate body, CancellationToken ct)
    {
        if (await idempotency.FindAsync(db, caller, body, ct) is { } replayed)
        {
            return replayed;
        }

        var row = new ExchangeRuleRow
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            Name = "",
            NameKey = "",
            Subjects = [],
            Targets = "[]",
            CreatedAt = caller.Now,
            UpdatedAt = caller.Now,
        };

        if ((await ExchangeSettings.ApplyAsync(row, body.AsPatch(), caller, db, ct) ?? await AgainstReachAsync(caller, safeguards, row, ct) ?? await ClashAsync(caller, db, row, ct)) is { } refusal)
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.ExchangeRules.CountAsync(r => r.TenantId == caller.TenantId, ct) >= Most)
        {
            return Problems.Of(caller, Refusal.Conflict($"the tenant has {Most} exchange rules, the most that it may: delete one first"));
        }

        db.ExchangeRules.Add(row);
        var answer = await SavedAsync(caller, db, row, ct);

        return await idempotency.CreatedAsync(store, db, caller, row, answer, $"/admin/v1/exchange-rules/{row.Id}", caller.Event("exchange-rule.created", row.Id.ToString()), ct);
    }

    private static async Task<Results<Ok<ExchangeRuleView>, ProblemHttpResult>> GetAsync(AdminCaller caller, Db db, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await db.ExchangeRules.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id && r.TenantId == caller.TenantId, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound(What));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(ExchangeRuleView.Of(row, await ClientIdsAsync(caller, db, [row], ct), caller.Snapshot));
    }

    private static async Task<Results<Ok<ExchangeRuleView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, HttpContext http, Guid id, ExchangeRulePatch body, CancellationToken ct)
    {
        if (!(await WritableAsync(caller, db, http, id, ct)).Is(out var row, out var refusal)
            || (refusal = await ExchangeSettings.ApplyAsync(row, body, caller, db, ct) ?? await AgainstReachAsync(caller, safeguards, row, ct) ?? await ClashAsync(caller, db, row, ct)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        row.UpdatedAt = caller.Now;
        await store.CommitAsync(db, caller.Event("exchange-rule.changed", id.ToString()), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(await SavedAsync(caller, db, row, ct));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, CancellationToken ct)
    {
        if (!(await WritableAsync(caller, db, http, id, ct)).Is(out var row, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        db.ExchangeRules.Remove(row);
        await store.CommitAsync(db, caller.Event("exchange-rule.deleted", id.ToString()), ct);

        return TypedResults.NoContent();
    }

    private static async Task<Outcome<ExchangeRuleRow>> WritableAsync(AdminCaller caller, Db db, HttpContext http, Guid id, CancellationToken ct)
    {
        return await db.ExchangeRules.SingleOrDefaultAsync(r => r.Id == id && r.TenantId == caller.TenantId, ct) is not { } row ? Refusal.NotFound(What)
            : Precondition.Check(http, caller, row) is { } stale ? stale
            : row;
    }

    /// <summary>
    /// A rule lets its client get tokens for APIs, and as others: whoever saves it could grant those scopes, and make credentials for the client and for
    /// those others (R218).
    /// </summary>
    private static async Task<Refusal?> AgainstReachAsync(AdminCaller caller, Safeguards safeguards, ExchangeRuleRow row, CancellationToken ct)
    {
        if (safeguards.AgainstGrants(caller, ExchangeRule.ReadTargets(row.Targets).Select(t => t.Api)) is { } grant)
        {
            return grant;
        }

        if (row.AnySubject && !caller.ReachesTenant("credentials.write"))
        {
            return Refusal.Forbidden("a rule for every subject is a way to all accounts: credentials.write must reach the whole tenant");
        }

        foreach (var account in row.Subjects.Prepend(row.ClientAccountId))
        {
            if (await safeguards.AgainstCredentialAsync(caller, account, ct) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    private static async Task<Refusal?> ClashAsync(AdminCaller caller, Db db, ExchangeRuleRow row, CancellationToken ct) =>
        await db.ExchangeRules.AnyAsync(r => r.TenantId == caller.TenantId && r.Id != row.Id && r.NameKey == row.NameKey, ct)
            ? Refusal.Invalid("name", "is another exchange rule's") with { Status = StatusCodes.Status409Conflict }
            : null;

    private static async Task<ExchangeRuleView> SavedAsync(AdminCaller caller, Db db, ExchangeRuleRow row, CancellationToken ct) =>
        ExchangeRuleView.Of(row, await ClientIdsAsync(caller, db, [row], ct), caller.Snapshot) with
        {
            Warnings = row is { Impersonation: true, AnySubject: true }
                ? ["with it the client can pass for every account whose token reaches it, and the new token does not say so"]
                : null,
        };

    private static Task<Dictionary<Guid, string>> ClientIdsAsync(AdminCaller caller, Db db, IReadOnlyList<ExchangeRuleRow> rows, CancellationToken ct) =>
        AccountReferences.ClientIdsAsync(caller, db, rows.SelectMany(r => r.Subjects.Append(r.ClientAccountId)), ct);
}

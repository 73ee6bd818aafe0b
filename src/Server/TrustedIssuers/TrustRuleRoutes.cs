using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Revocation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Trust rules: which tokens of a trusted issuer stand for which account.</summary>
internal static class TrustRuleRoutes
{
    /// <summary>Rules that one tenant may have; each is in the memory of every node.</summary>
    public const int Most = 2000;

    private const string What = "trust rule";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/trust-rules").WithTags("trust-rules");
        routes.MapGet("/", ListAsync).ForReaders();
        routes.MapPost("/", CreateAsync).ForWriters(sensitive: true).Produces<TrustRuleView>(StatusCodes.Status201Created);
        routes.MapGet("/{id:guid}", GetAsync).ForReaders();
        routes.MapPatch("/{id:guid}", PatchAsync).ForWriters(sensitive: true);
        routes.MapDelete("/{id:guid}", DeleteAsync).ForWriters(sensitive: true);
        routes.MapGet("/{id:guid}/accounts", AccountsAsync).ForReaders();
    }

    private static async Task<Ok<Page<TrustRuleView>>> ListAsync(
        AdminCaller caller, Db db, TokenUsage usage, PageRequest page, [AsParameters] TrustRuleFilter filter, CancellationToken ct)
    {
        await usage.FlushAsync(ct);
        var after = page.AfterId;
        var rows = await page.ReadAsync(filter.Apply(db, caller).Where(r => r.Id > after).OrderBy(r => r.Id), r => r, r => r.Id.ToString(), ct);
        var clientIds = await ClientIdsAsync(caller, db, rows.Items, ct);

        return TypedResults.Ok(new Page<TrustRuleView>([.. rows.Items.Select(r => View(r, clientIds, caller, RuleSettings.Findings(r, caller.Snapshot)))], rows.NextCursor));
    }

    private static async Task<IResult> CreateAsync(
        AdminCaller caller, Db db, Store store, RuleSettings settings, IdempotencyKey idempotency, TrustRuleCreate body, CancellationToken ct)
    {
        if (await idempotency.FindAsync(db, caller, body, ct) is { } replayed)
        {
            return replayed;
        }

        var row = New(caller);

        if (!(await settings.ApplyAsync(row, body.AsPatch(), caller, ct)).Is(out var findings, out var refusal) || (refusal = await ClashAsync(db, row, ct)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.TrustRules.CountAsync(r => r.TenantId == caller.TenantId, ct) >= Most)
        {
            return Problems.Of(caller, Refusal.Conflict($"the tenant has {Most} trust rules, the most that it may: delete one first"));
        }

        db.TrustRules.Add(row);
        var answer = await SavedAsync(caller, db, row, findings, ct);

        return await idempotency.CreatedAsync(store, db, caller, row, answer, $"/admin/v1/trust-rules/{row.Id}", caller.Event("trust-rule.created", row.Id.ToString(), accountId: row.AccountId), ct);
    }

    private static async Task<Results<Ok<TrustRuleView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, TokenUsage usage, HttpContext http, Guid id, CancellationToken ct)
    {
        await usage.FlushAsync(ct);

        if (await db.TrustRules.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id && r.TenantId == caller.TenantId, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound(What));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(View(row, await ClientIdsAsync(caller, db, [row], ct), caller, RuleSettings.Findings(row, caller.Snapshot)));
    }

    private static async Task<Results<Ok<TrustRuleView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, RuleSettings settings, HttpContext http, Guid id, TrustRulePatch body, CancellationToken ct)
    {
        if (!(await WritableAsync(caller, db, safeguards, http, id, ct)).Is(out var row, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        var (issuer, account, template, wasDisabled) = (row.TrustedIssuerId, row.AccountId, row.Template, row.Disabled);

        if (!(await settings.ApplyAsync(row, body, caller, ct)).Is(out var findings, out refusal) || (refusal = await ClashAsync(db, row, ct)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        // Other tokens or another account: what was got before was got by something else. Disabled is over, and stays so when it is enabled again.
        if (issuer != row.TrustedIssuerId || account != row.AccountId || (template is null) != (row.Template is null) || (row.Disabled && !wasDisabled))
        {
            db.Revocations.Add(Revocations.OfCredential(caller.TenantId, id, caller.Now));
            findings = [.. findings, "the tokens got by the rule before have ended"];
        }

        row.UpdatedAt = caller.Now;
        await store.CommitAsync(db, caller.Event("trust-rule.changed", id.ToString(), accountId: row.AccountId), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(await SavedAsync(caller, db, row, findings, ct));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, HttpContext http, Guid id, CancellationToken ct)
    {
        if (!(await WritableAsync(caller, db, safeguards, http, id, ct)).Is(out var row, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        // What was got by it ends with it.
        db.Revocations.Add(Revocations.OfCredential(caller.TenantId, id, caller.Now));
        db.TrustRules.Remove(row);
        await store.CommitAsync(db, caller.Event("trust-rule.deleted", id.ToString(), accountId: row.AccountId), ct);

        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<Page<MadeAccountView>>, ProblemHttpResult>> AccountsAsync(
        AdminCaller caller, Db db, TokenUsage usage, PageRequest page, Guid id, CancellationToken ct)
    {
        if (!await db.TrustRules.AnyAsync(r => r.Id == id && r.TenantId == caller.TenantId, ct))
        {
            return Problems.Of(caller, Refusal.NotFound(What));
        }

        await usage.FlushAsync(ct);
        var after = page.AfterId;
        var rows = db.ServiceAccounts.AsNoTracking().Where(a => a.TenantId == caller.TenantId && a.MadeByRule == id && a.Id > after).OrderBy(a => a.Id);

        return TypedResults.Ok(await page.ReadAsync(
            rows, a => new MadeAccountView(a.Id, a.ClientId, a.Name, a.Disabled, a.CreatedAt, a.LastUsedAt), a => a.Id.ToString(), ct));
    }

    private static TrustRuleRow New(AdminCaller caller) => new()
    {
        Id = Guid.CreateVersion7(caller.Now),
        TenantId = caller.TenantId,
        Name = "",
        NameKey = "",
        Conditions = "[]",
        Tests = "[]",
        Mode = TrustRule.Enforce,
        Allow = [],
        CreatedAt = caller.Now,
        UpdatedAt = caller.Now,
    };

    private static async Task<Outcome<TrustRuleRow>> WritableAsync(
        AdminCaller caller, Db db, Safeguards safeguards, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await db.TrustRules.SingleOrDefaultAsync(r => r.Id == id && r.TenantId == caller.TenantId, ct) is not { } row)
        {
            return Refusal.NotFound(What);
        }

        return Precondition.Check(http, caller, row) is { } stale ? stale
            : row.AccountId is { } account && await safeguards.AgainstStrongerAsync(caller, account, ct) is { } stronger ? stronger
            : row;
    }

    private static async Task<Refusal?> ClashAsync(Db db, TrustRuleRow row, CancellationToken ct) =>
        await db.TrustRules.AnyAsync(r => r.TenantId == row.TenantId && r.Id != row.Id && r.NameKey == row.NameKey, ct)
            ? Refusal.Invalid("name", "is another trust rule's") with { Status = StatusCodes.Status409Conflict }
            : null;

    private static async Task<TrustRuleView> SavedAsync(AdminCaller caller, Db db, TrustRuleRow row, string[] warnings, CancellationToken ct) =>
        View(row, await ClientIdsAsync(caller, db, [row], ct), caller, warnings);

    private static TrustRuleView View(TrustRuleRow row, IReadOnlyDictionary<Guid, string> clientIds, AdminCaller caller, string[] warnings)
    {
        var issuer = caller.Snapshot.Trust.Issuer(row.TrustedIssuerId);

        return TrustRuleView.Of(
            row,
            new IssuerReference(row.TrustedIssuerId, issuer?.Name ?? "", issuer?.Issuer ?? ""),
            row.AccountId is { } account ? new AccountReference(account, clientIds.GetValueOrDefault(account) ?? "") : null,
            caller) with
        {
            Warnings = warnings.Length > 0 ? warnings : null,
        };
    }

    private static Task<Dictionary<Guid, string>> ClientIdsAsync(AdminCaller caller, Db db, IReadOnlyList<TrustRuleRow> rows, CancellationToken ct) =>
        AccountReferences.ClientIdsAsync(caller, db, rows.Select(r => r.AccountId).OfType<Guid>(), ct);
}

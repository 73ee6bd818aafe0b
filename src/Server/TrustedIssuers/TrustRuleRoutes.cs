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
        routes.MapGet("/", ListAsync).Requires(TrustReach.Read);
        routes.MapPost("/", CreateAsync).Requires(TrustReach.Write, sensitive: true).Produces<TrustRuleView>(StatusCodes.Status201Created);
        routes.MapGet("/{id:guid}", GetAsync).Requires(TrustReach.Read);
        routes.MapPatch("/{id:guid}", PatchAsync).Requires(TrustReach.Write, sensitive: true);
        routes.MapDelete("/{id:guid}", DeleteAsync).Requires(TrustReach.Write, sensitive: true);
        routes.MapGet("/{id:guid}/accounts", AccountsAsync).Requires(TrustReach.Read);
    }

    private static async Task<Results<Ok<Page<TrustRuleView>>, ProblemHttpResult>> ListAsync(
        AdminCaller caller, Db db, TokenUsage usage, PageRequest page, [AsParameters] TrustRuleFilter filter, CancellationToken ct)
    {
        if (TrustReach.Fault(caller, TrustReach.Read) is { } refusal)
        {
            return Problems.Of(caller, refusal);
        }

        await usage.FlushAsync(ct);
        var after = page.AfterId;
        var rows = await page.ReadAsync(filter.Apply(db, caller).Where(r => r.Id > after).OrderBy(r => r.Id), r => r, r => r.Id.ToString(), ct);
        var clientIds = await ClientIdsAsync(db, rows.Items, ct);

        return TypedResults.Ok(new Page<TrustRuleView>([.. rows.Items.Select(r => View(r, clientIds, caller))], rows.NextCursor));
    }

    private static async Task<IResult> CreateAsync(
        AdminCaller caller, Db db, Store store, RuleSettings settings, IdempotencyKey idempotency, HttpContext http, TrustRuleCreate body, CancellationToken ct)
    {
        if (TrustReach.Fault(caller, TrustReach.Write) is { } refusal)
        {
            return Problems.Of(caller, refusal);
        }

        if (await idempotency.FindAsync(db, caller, body, ct) is { } replayed)
        {
            return replayed;
        }

        var row = New(caller);

        if (!(await settings.ApplyAsync(row, body.AsPatch(), caller, ct)).Is(out var findings, out refusal) || (refusal = await ClashAsync(db, row, ct)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.TrustRules.CountAsync(r => r.TenantId == caller.TenantId, ct) >= Most)
        {
            return Problems.Of(caller, Refusal.Conflict($"the tenant has {Most} trust rules, the most that it may: delete one first"));
        }

        db.TrustRules.Add(row);
        var answer = await SavedAsync(caller, db, row, findings, ct);
        var location = $"/admin/v1/trust-rules/{row.Id}";
        idempotency.Keep(db, caller, answer, location, Precondition.Tag(row.Version));

        if (await idempotency.CommitAsync(store, db, caller, caller.Event("trust-rule.created", row.Id.ToString(), accountId: row.AccountId), ct) is { } first)
        {
            return first;
        }

        Precondition.Tag(http, row);

        return TypedResults.Created(location, answer);
    }

    private static async Task<Results<Ok<TrustRuleView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, TokenUsage usage, HttpContext http, Guid id, CancellationToken ct)
    {
        if (TrustReach.Fault(caller, TrustReach.Read) is { } refusal)
        {
            return Problems.Of(caller, refusal);
        }

        await usage.FlushAsync(ct);

        if (await db.TrustRules.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id && r.TenantId == caller.TenantId, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound(What));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(View(row, await ClientIdsAsync(db, [row], ct), caller));
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
        if (TrustReach.Fault(caller, TrustReach.Read) is { } refusal)
        {
            return Problems.Of(caller, refusal);
        }

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
        if (TrustReach.Fault(caller, TrustReach.Write) is { } refusal)
        {
            return refusal;
        }

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
        View(row, await ClientIdsAsync(db, [row], ct), caller) with { Warnings = warnings.Length > 0 ? warnings : null };

    private static TrustRuleView View(TrustRuleRow row, IReadOnlyDictionary<Guid, string> clientIds, AdminCaller caller)
    {
        var issuer = caller.Snapshot.Trust.Issuer(row.TrustedIssuerId);
        var findings = RuleSettings.Findings(row, caller.Snapshot);

        return TrustRuleView.Of(
            row,
            new IssuerReference(row.TrustedIssuerId, issuer?.Name ?? "", issuer?.Issuer ?? ""),
            row.AccountId is { } account ? new AccountReference(account, clientIds.GetValueOrDefault(account) ?? "") : null,
            caller) with
        {
            Warnings = findings.Length > 0 ? findings : null,
        };
    }

    private static async Task<Dictionary<Guid, string>> ClientIdsAsync(Db db, IReadOnlyList<TrustRuleRow> rows, CancellationToken ct)
    {
        var ids = rows.Select(r => r.AccountId).OfType<Guid>().Distinct().ToArray();

        return await db.ServiceAccounts.AsNoTracking().Where(a => ids.Contains(a.Id)).ToDictionaryAsync(a => a.Id, a => a.ClientId, ct);
    }
}

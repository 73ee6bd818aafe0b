using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Jwks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.TrustedIssuers;

/// <summary>Foreign issuers that the tenant trusts: who they are, where their keys are, and what their tokens must say.</summary>
internal static class TrustedIssuerRoutes
{
    /// <summary>Issuers that one tenant may have; each is in the memory of every node.</summary>
    public const int Most = 500;

    private const string What = "trusted issuer";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/trusted-issuers").WithTags("trusted-issuers");
        routes.MapGet("/", ListAsync).ForReaders();
        routes.MapPost("/", CreateAsync).ForWriters(sensitive: true).Produces<TrustedIssuerView>(StatusCodes.Status201Created);
        routes.MapGet("/{id:guid}", GetAsync).ForReaders();
        routes.MapPatch("/{id:guid}", PatchAsync).ForWriters(sensitive: true);
        routes.MapDelete("/{id:guid}", DeleteAsync).ForWriters(sensitive: true);
        routes.MapPost("/{id:guid}/refresh", RefreshAsync).ForWriters();
    }

    private static async Task<Ok<Page<TrustedIssuerView>>> ListAsync(
        AdminCaller caller, Db db, TokenUsage usage, JwksSources sources, PageRequest page, CancellationToken ct)
    {
        await usage.FlushAsync(ct);
        var after = page.AfterId;
        var rows = Listing(db, db.TrustedIssuers.Where(i => i.TenantId == caller.TenantId && i.Id > after).OrderBy(i => i.Id));

        return TypedResults.Ok(await page.ReadAsync(rows, r => View(caller, r, sources), r => r.Row.Id.ToString(), ct));
    }

    private static async Task<IResult> CreateAsync(
        AdminCaller caller,
        Db db,
        Store store,
        JwksSources sources,
        OutboundRules rules,
        IdempotencyKey idempotency,
        TrustedIssuerCreate body,
        CancellationToken ct)
    {
        if (!ServiceAccounts.AccountKeys.IsText(body.Jwks))
        {
            return Problems.Of(caller, Refusal.Invalid(KeySources.Jwks, "holds half of a surrogate pair"));
        }

        if (await idempotency.FindAsync(db, caller, body, ct) is { } replayed)
        {
            return replayed;
        }

        var row = New(caller);

        if (!(await CompileAsync(caller, db, row, body.AsPatch(), rules, ct)).Is(out var issuer, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.TrustedIssuers.CountAsync(i => i.TenantId == caller.TenantId, ct) >= Most)
        {
            return Problems.Of(caller, Refusal.Conflict($"the tenant has {Most} trusted issuers, the most that it may: delete one first"));
        }

        db.TrustedIssuers.Add(row);
        var answer = await FetchedViewAsync(caller, row, issuer, issuer.Source, sources, [], ct);

        return await idempotency.CreatedAsync(store, db, caller, row, answer, $"/admin/v1/trusted-issuers/{row.Id}", caller.Event("trusted-issuer.created", row.Id.ToString()), ct);
    }

    private static async Task<Results<Ok<TrustedIssuerView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, TokenUsage usage, JwksSources sources, HttpContext http, Guid id, CancellationToken ct)
    {
        await usage.FlushAsync(ct);

        if (await FindAsync(caller, db, id, ct) is not { } found)
        {
            return Problems.Of(caller, Refusal.NotFound(What));
        }

        Precondition.Tag(http, found.Row);

        return TypedResults.Ok(View(caller, found, sources));
    }

    private static async Task<Results<Ok<TrustedIssuerView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller,
        Db db,
        Store store,
        Safeguards safeguards,
        JwksSources sources,
        OutboundRules rules,
        HttpContext http,
        Guid id,
        TrustedIssuerPatch body,
        CancellationToken ct)
    {
        if (!(await WritableAsync(caller, db, http, id, ct)).Is(out var row, out var refusal)
            || (refusal = await IssuerRules.AgainstStrongerAsync(caller, db, safeguards, row.Id, ct)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        var before = TrustedIssuer.Compile(row, out _);

        if (!(await CompileAsync(caller, db, row, body, rules, ct)).Is(out var issuer, out refusal))
        {
            return Problems.Of(caller, refusal);
        }

        // What is asked of rules now is asked of those that stand, too (R205).
        if ((before?.Kind != issuer.Kind || before.RequiresImmutableIds != issuer.RequiresImmutableIds)
            && await IssuerRules.UnfitAsync(db, issuer, ct) is { Length: > 0 } unfit)
        {
            return Problems.Of(caller, Refusal.Conflict($"rules of the issuer would not be taken any more: {unfit}: change or delete them first"));
        }

        var warnings = new List<string>();

        if (before is null || before.Issuer != issuer.Issuer)
        {
            // Another issuer is another credential, whatever it is called.
            await IssuerRules.EndAsync(caller, db, id, ct);
            warnings.Add("the tokens got by the rules of the issuer before have ended");
        }
        else if (issuer.Disabled && !before.Disabled)
        {
            // Disabled is over, and stays so when it is enabled again (R210).
            await IssuerRules.EndAsync(caller, db, id, ct);
            warnings.Add("the tokens got by the rules of the issuer have ended");
        }

        row.UpdatedAt = caller.Now;
        var answer = await FetchedViewAsync(caller, row, issuer, before?.Source == issuer.Source ? null : issuer.Source, sources, warnings, ct);
        await store.CommitAsync(db, caller.Event("trusted-issuer.changed", id.ToString()), ct);

        if (issuer.Source is null)
        {
            sources.Forget(caller.TenantId, id);
        }

        Precondition.Tag(http, row);
        var listed = await Listing(db, db.TrustedIssuers.Where(i => i.Id == id)).SingleAsync(ct);

        return TypedResults.Ok(answer with { Rules = listed.Rules, LastUsedAt = listed.LastUsedAt });
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, JwksSources sources, HttpContext http, Guid id, CancellationToken ct)
    {
        if (!(await WritableAsync(caller, db, http, id, ct)).Is(out var row, out var refusal)
            || (refusal = await IssuerRules.AgainstStrongerAsync(caller, db, safeguards, row.Id, ct)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        // Its rules go with it, and what was got by them ends.
        await IssuerRules.EndAsync(caller, db, id, ct);
        db.TrustedIssuers.Remove(row);
        await store.CommitAsync(db, caller.Event("trusted-issuer.deleted", id.ToString()), ct);
        sources.Forget(caller.TenantId, id);

        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<TrustedIssuerView>, ProblemHttpResult>> RefreshAsync(
        AdminCaller caller, Db db, Store store, TokenUsage usage, JwksSources sources, Guid id, CancellationToken ct)
    {
        await usage.FlushAsync(ct);

        if (await FindAsync(caller, db, id, ct) is not { } found)
        {
            return Problems.Of(caller, Refusal.NotFound(What));
        }

        if (TrustedIssuer.Compile(found.Row, out _)?.Source is not { } source)
        {
            return Problems.Of(caller, Refusal.Conflict("its keys are kept here: there is nothing to fetch"));
        }

        await store.CommitAsync(db, caller.Event("trusted-issuer.refreshed", id.ToString()), ct);
        await sources.RefreshAsync(caller.TenantId, source, ct);

        return TypedResults.Ok(View(caller, found, sources));
    }

    private static TrustedIssuerRow New(AdminCaller caller) => new()
    {
        Id = Guid.CreateVersion7(caller.Now),
        TenantId = caller.TenantId,
        Name = "",
        NameKey = "",
        Kind = IssuerKind.Generic,
        Issuer = "",
        KeySource = "",
        Algorithms = [],
        Audiences = [],
        Replay = "",
        CreatedAt = caller.Now,
        UpdatedAt = caller.Now,
    };

    /// <summary>Changes the row, and compiles it as every node will.</summary>
    private static async Task<Outcome<TrustedIssuer>> CompileAsync(
        AdminCaller caller, Db db, TrustedIssuerRow row, TrustedIssuerPatch body, OutboundRules rules, CancellationToken ct)
    {
        if (IssuerSettings.Apply(row, body, caller, rules) is { } refusal)
        {
            return refusal;
        }

        if (TrustedIssuer.Compile(row, out var fault) is not { } issuer)
        {
            // A fault begins with the member that it is about.
            return new Refusal(StatusCodes.Status400BadRequest, fault) { Errors = new Dictionary<string, string[]> { [fault.Split(": ")[0]] = [fault[(fault.IndexOf(": ", StringComparison.Ordinal) + 2)..]] } };
        }

        return await IssuerRules.ClashAsync(caller, db, row, ct) is { } clash ? clash : issuer;
    }

    private static async Task<Outcome<TrustedIssuerRow>> WritableAsync(AdminCaller caller, Db db, HttpContext http, Guid id, CancellationToken ct)
    {
        return await db.TrustedIssuers.SingleOrDefaultAsync(i => i.Id == id && i.TenantId == caller.TenantId, ct) is not { } row ? Refusal.NotFound(What)
            : Precondition.Check(http, caller, row) is { } stale ? stale
            : row;
    }

    // So that a wrong address is seen by who has just typed it, and not by the next workload.
    private static async Task<TrustedIssuerView> FetchedViewAsync(
        AdminCaller caller, TrustedIssuerRow row, TrustedIssuer issuer, JwksUrlFacts? changed, JwksSources sources, List<string> warnings, CancellationToken ct)
    {
        if (changed is { } source)
        {
            await sources.RefreshAsync(caller.TenantId, source, ct);
        }

        var state = IssuerState.Of(issuer, row, sources.StateOf(caller.TenantId, row.Id), caller.Now);
        string[] all = [.. warnings, .. state.Warnings(row)];

        return TrustedIssuerView.Of(row, state, 0, null) with { Warnings = all.Length > 0 ? all : null };
    }

    private static TrustedIssuerView View(AdminCaller caller, Listed listed, JwksSources sources) =>
        TrustedIssuerView.Of(listed.Row, IssuerState.Of(caller, listed.Row, sources), listed.Rules, listed.LastUsedAt);

    private static Task<Listed?> FindAsync(AdminCaller caller, Db db, Guid id, CancellationToken ct) =>
        Listing(db, db.TrustedIssuers.Where(i => i.Id == id && i.TenantId == caller.TenantId)).SingleOrDefaultAsync(ct);

    private static IQueryable<Listed> Listing(Db db, IQueryable<TrustedIssuerRow> rows) => rows.AsNoTracking().Select(i => new Listed(
        i, db.TrustRules.Count(r => r.TrustedIssuerId == i.Id), db.TrustRules.Where(r => r.TrustedIssuerId == i.Id).Max(r => r.LastUsedAt)));

    private sealed record Listed(TrustedIssuerRow Row, int Rules, DateTimeOffset? LastUsedAt);
}

using System.Text.Json.Serialization;
using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Jwks;
using Countersign.Server.Revocation;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

/// <summary>Where the account publishes its keys, and in PEM the only authorities that its host is trusted by; without, those of the system.</summary>
internal sealed record JwksUrlPut(string Url, string? CaCertificates = null);

internal sealed record FetchedKeyView(string? Kid, string Alg, string Thumbprint);

/// <summary>The URL, and what the answering node holds of it.</summary>
internal sealed record JwksUrlView(
    Guid Id,
    string Url,
    string? CaCertificates,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastUsedAt,
    string? LastUsedFrom,
    DateTimeOffset? FetchedAt,
    DateTimeOffset? NextRefreshAt,
    FetchedKeyView[] Keys,
    string? Problem)
{
    /// <summary>What else the change did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Warnings { get; init; }

    public static JwksUrlView Of(JwksUrlRow row, JwksState? state) => new(
        row.Id,
        row.Url,
        row.CaCertificates,
        row.CreatedAt,
        row.LastUsedAt,
        row.LastUsedFrom,
        state?.FetchedAt,
        state?.NextRefresh,
        [.. (state?.Keys ?? []).Select(k => new FetchedKeyView(k.Kid, k.Algorithm.Name, k.Thumbprint))],
        state?.Problem);
}

/// <summary>The JWKS URL of an account, in place of keys that are kept here.</summary>
internal static class JwksUrlRoutes
{
    private const string Write = "credentials.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/service-accounts/{id:guid}/jwks-url").WithTags("keys");
        routes.MapGet("/", GetAsync).Requires(ServiceAccountRoutes.Read);
        routes.MapPut("/", PutAsync).Requires(Write);
        routes.MapDelete("/", DeleteAsync).Requires(Write);
        routes.MapPost("/refresh", RefreshAsync).Requires(Write);
    }

    private static async Task<Results<Ok<JwksUrlView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, TokenUsage usage, JwksSources sources, HttpContext http, Guid id, CancellationToken ct)
    {
        await usage.FlushAsync(ct);

        if (!await ServiceAccountRoutes.Visible(db, caller, ServiceAccountRoutes.Read).AnyAsync(a => a.Id == id, ct)
            || await db.JwksUrls.AsNoTracking().SingleOrDefaultAsync(u => u.AccountId == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("JWKS URL"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(JwksUrlView.Of(row, sources.StateOf(caller.TenantId, row.Id)));
    }

    private static async Task<Results<Ok<JwksUrlView>, ProblemHttpResult>> PutAsync(
        AdminCaller caller,
        Db db,
        Store store,
        ClientSecrets secrets,
        MethodSwitch method,
        JwksSources sources,
        OutboundRules rules,
        Safeguards safeguards,
        HttpContext http,
        Guid id,
        JwksUrlPut body,
        CancellationToken ct)
    {
        if (!(await secrets.AccountAsync(caller, id, ct)).Is(out var account, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (JwksUrl.Fault(body.Url, rules) is { } urlFault)
        {
            return Problems.Of(caller, Refusal.Invalid("url", urlFault));
        }

        if (body.CaCertificates is { } bundle && CaBundle.Fault(bundle) is { } bundleFault)
        {
            return Problems.Of(caller, Refusal.Invalid("ca_certificates", bundleFault));
        }

        var row = await db.JwksUrls.SingleOrDefaultAsync(u => u.AccountId == id, ct);

        if (row is not null && Precondition.Check(http, caller, row) is { } stale)
        {
            return Problems.Of(caller, stale);
        }

        var warnings = await method.ToUrlAsync(caller, account, ct);

        if (row is null)
        {
            row = new JwksUrlRow { Id = Guid.CreateVersion7(caller.Now), TenantId = caller.TenantId, AccountId = id, Url = body.Url, CreatedAt = caller.Now };
            db.JwksUrls.Add(row);
        }
        else if (row.Url != body.Url || row.CaCertificates != body.CaCertificates)
        {
            // Another URL is another credential, whatever it is called.
            method.End(caller, row.Id);
            warnings.Add("the tokens got by the URL before have ended");
        }

        (row.Url, row.CaCertificates) = (body.Url, body.CaCertificates);

        // So that a wrong address is seen by who has just typed it, and not by the client's next request.
        var fetched = await sources.RefreshAsync(caller.TenantId, AccountLoader.JwksUrlOf(row, account), ct);

        if (fetched.Keys is not { Count: > 0 } && await safeguards.AgainstLockoutAsync(caller, id, ct) is { } lockout)
        {
            sources.Forget(caller.TenantId, row.Id);

            return Problems.Of(caller, lockout with { Detail = $"{lockout.Detail}; from this URL no key could be fetched: {fetched.Problem}" });
        }

        await store.CommitAsync(db, caller.Event("jwks-url.set", row.Id.ToString(), account, id), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(JwksUrlView.Of(row, sources.StateOf(caller.TenantId, row.Id)) with { Warnings = warnings.Count > 0 ? [.. warnings] : null });
    }

    private static async Task<Results<Ok<JwksUrlView>, ProblemHttpResult>> RefreshAsync(
        AdminCaller caller, Db db, Store store, ClientSecrets secrets, JwksSources sources, Guid id, CancellationToken ct)
    {
        if (!(await secrets.AccountAsync(caller, id, ct)).Is(out var account, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.JwksUrls.AsNoTracking().SingleOrDefaultAsync(u => u.AccountId == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("JWKS URL"));
        }

        await store.CommitAsync(db, caller.Event("jwks-url.refreshed", row.Id.ToString(), account, id), ct);
        await sources.RefreshAsync(caller.TenantId, AccountLoader.JwksUrlOf(row, account), ct);

        return TypedResults.Ok(JwksUrlView.Of(row, sources.StateOf(caller.TenantId, row.Id)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, ClientSecrets secrets, Safeguards safeguards, JwksSources sources, HttpContext http, Guid id, CancellationToken ct)
    {
        if (!(await secrets.AccountAsync(caller, id, ct)).Is(out var account, out var refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (await db.JwksUrls.SingleOrDefaultAsync(u => u.AccountId == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("JWKS URL"));
        }

        if ((Precondition.Check(http, caller, row) ?? await safeguards.AgainstLockoutAsync(caller, id, ct, row.Id)) is { } held)
        {
            return Problems.Of(caller, held);
        }

        db.JwksUrls.Remove(row);
        db.Revocations.Add(Revocations.OfCredential(caller.TenantId, row.Id, caller.Now));
        await store.CommitAsync(db, caller.Event("jwks-url.deleted", row.Id.ToString(), account, id), ct);
        sources.Forget(caller.TenantId, row.Id);

        return TypedResults.NoContent();
    }
}

using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Data;
using Countersign.Server.Organizations;
using Countersign.Server.Revocation;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.ServiceAccounts;

/// <summary>Service accounts: the machine identities of a tenant.</summary>
internal static class ServiceAccountRoutes
{
    public const string Read = "accounts.read";
    private const string Write = "accounts.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/service-accounts").WithTags("service-accounts");
        routes.MapGet("/", ListAsync).Requires(Read);
        routes.MapPost("/", CreateAsync).Requires(Write);
        routes.MapGet("/{id:guid}", GetAsync).Requires(Read);
        routes.MapPatch("/{id:guid}", PatchAsync).Requires(Write);
        routes.MapDelete("/{id:guid}", DeleteAsync).Requires(Write);
        routes.MapPost("/{id:guid}/revoke-tokens", RevokeTokensAsync).Requires("tokens.revoke");
    }

    /// <summary>The accounts that a permission of the caller reaches.</summary>
    public static IQueryable<ServiceAccountRow> Visible(Db db, AdminCaller caller, string permission) =>
        db.ServiceAccounts.Where(a => a.TenantId == caller.TenantId).Within(caller.Reach(permission));

    private static async Task<Ok<Page<ServiceAccountView>>> ListAsync(
        AdminCaller caller, Db db, TokenUsage usage, PageRequest page, [AsParameters] ServiceAccountFilter filter, CancellationToken ct)
    {
        if (filter.UnusedSince is not null)
        {
            await usage.FlushAsync(ct);
        }

        var after = page.AfterId;
        var rows = filter.Apply(Visible(db, caller, Read).AsNoTracking()).Where(a => a.Id > after).OrderBy(a => a.Id);

        return TypedResults.Ok(await page.ReadAsync(rows, ServiceAccountView.Of, a => a.Id.ToString(), ct));
    }

    private static async Task<Results<Created<ServiceAccountView>, ProblemHttpResult>> CreateAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, ServiceAccountCreate body, CancellationToken ct)
    {
        if (!(await Ownership.ResolveAsync(db, caller, Write, body.Owner, ct)).Is(out var owner, out var refusal)
            || !NewAccount(caller, body, owner).Is(out var row, out refusal))
        {
            return Problems.Of(caller, refusal);
        }

        if (body.ClientId is { } clientId && await ClientIds.TakenAsync(db, caller.TenantId, [clientId], ct) is not null)
        {
            return Problems.Of(caller, Refusal.Invalid("client_id", "is the id of another account"));
        }

        if (body.ClientId is not null && await ClientIds.TrustedAsync(db, caller.TenantId, [body.ClientId], ct) is not null)
        {
            return Problems.Of(caller, Refusal.Invalid("client_id", ClientIds.IsIssuer));
        }

        db.ServiceAccounts.Add(row);
        await store.CommitAsync(db, caller.Event("service-account.created", row.Id.ToString(), row, row.Id), ct);
        Precondition.Tag(http, row);

        return TypedResults.Created($"/admin/v1/service-accounts/{row.Id}", ServiceAccountView.Of(row));
    }

    private static Outcome<ServiceAccountRow> NewAccount(AdminCaller caller, ServiceAccountCreate body, Owner owner)
    {
        if (Names.Fault(body.Name) is { } fault)
        {
            return Refusal.Invalid("name", fault);
        }

        if (body.ClientId is { } clientId && ClientIds.Fault(clientId) is { } clientFault)
        {
            return Refusal.Invalid("client_id", clientFault);
        }

        if (Names.DescriptionFault(body.Description) is { } descriptionFault)
        {
            return Refusal.Invalid("description", descriptionFault);
        }

        if (!TokenSettingsView.Apply(new TokenSettingsView(null, null, null), body.AccessToken, caller.Snapshot.Keys, caller.Now).Is(out var token, out var refusal))
        {
            return refusal;
        }

        var row = TenantSetup.NewAccount(caller.TenantId, owner.GroupId, owner.OrganizationId, body.Name, caller.Now);
        row.ClientId = body.ClientId ?? row.ClientId;
        row.Description = body.Description;
        row.DpopBoundAccessTokens = body.DpopBoundAccessTokens;
        (row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg) = (token.Format, token.LifetimeSeconds, token.Alg);

        return body.Assertions?.Apply(row) is { } assertionFault ? assertionFault : row;
    }

    private static async Task<Results<Ok<ServiceAccountView>, ProblemHttpResult>> GetAsync(
        AdminCaller caller, Db db, TokenUsage usage, HttpContext http, Guid id, CancellationToken ct)
    {
        await usage.FlushAsync(ct);

        if (await Visible(db, caller, Read).AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(ServiceAccountView.Of(row));
    }

    private static async Task<Results<Ok<ServiceAccountView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, TimeProvider time, HttpContext http, Guid id, ServiceAccountPatch body, CancellationToken ct)
    {
        if (await Visible(db, caller, Write).SingleOrDefaultAsync(a => a.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        var refusal = Precondition.Check(http, caller, row) ?? await safeguards.AgainstStrongerAsync(caller, id, ct);

        // How assertions are judged, whether a token alone suffices, and who is let in, are part of the credential.
        if (refusal is null && (body.DpopBoundAccessTokens.IsSet || body.Assertions.IsSet || body.AccessPolicy.IsSet))
        {
            refusal = await safeguards.AgainstCredentialAsync(caller, id, ct)
                ?? (caller.Reach("credentials.write").Covers(row) ? null : Refusal.Forbidden("this is part of the account's credential: the permission credentials.write is needed"));
        }

        // What its keys do not have, or what its client may not know how to send, would shut it out.
        if (refusal is null && (body.Assertions.Value?.SigningAlg is { IsSet: true, Value: not null } || body.DpopBoundAccessTokens.Value))
        {
            refusal = await safeguards.AgainstLockoutAsync(caller, id, ct);
        }

        if (refusal is null && body.AccessPolicy.IsSet)
        {
            refusal = await AgainstPolicyAsync(caller, safeguards, time, row, body.AccessPolicy.Value, ct);
        }

        if (refusal is null && body.Disabled is { IsSet: true, Value: true } && !row.Disabled)
        {
            refusal = await safeguards.AgainstLockoutAsync(caller, id, ct);
        }

        if (refusal is not null || (refusal = Change(caller, row, body)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        if (db.Entry(row).Property(r => r.Disabled).IsModified && row.Disabled)
        {
            // What was issued before does not come back to life when the account is enabled again.
            db.Revocations.Add(Revocations.Before(caller.TenantId, "account", row.Id, caller.Now, caller.Now));
        }

        row.UpdatedAt = caller.Now;
        await store.CommitAsync(db, caller.Event("service-account.updated", row.Id.ToString(), row, row.Id), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(ServiceAccountView.Of(row));
    }

    /// <summary>A policy may shut everybody out.</summary>
    private static async Task<Refusal?> AgainstPolicyAsync(
        AdminCaller caller, Safeguards safeguards, TimeProvider time, ServiceAccountRow row, AccessPolicyBody? policy, CancellationToken ct) =>
        policy is null ? null : policy.Fault(row.ClientId, time) ?? await safeguards.AgainstLockoutAsync(caller, row.Id, ct);

    private static Refusal? Change(AdminCaller caller, ServiceAccountRow row, ServiceAccountPatch body)
    {
        if (body.Name.Is(out var name))
        {
            if (Names.Fault(name) is { } fault)
            {
                return Refusal.Invalid("name", fault);
            }

            (row.Name, row.NameKey) = (name!, Names.Key(name!));
        }

        if (body.Description.Is(out var description))
        {
            if (Names.DescriptionFault(description) is { } fault)
            {
                return Refusal.Invalid("description", fault);
            }

            row.Description = description;
        }

        if (body.Disabled.Is(out var disabled))
        {
            row.Disabled = disabled;
        }

        if (body.DpopBoundAccessTokens.Is(out var bound))
        {
            row.DpopBoundAccessTokens = bound;
        }

        if (body.AccessPolicy.Is(out var policy))
        {
            AccessPolicyBody.Apply(policy, row);
        }

        if (body.AccessToken.IsSet)
        {
            // A null takes all three back to what is inherited.
            var patch = body.AccessToken.Value ?? TokenSettingsPatch.Nothing;

            if (!TokenSettingsView.Apply(new TokenSettingsView(row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg), patch, caller.Snapshot.Keys, caller.Now)
                .Is(out var token, out var refusal))
            {
                return refusal;
            }

            (row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg) = (token.Format, token.LifetimeSeconds, token.Alg);
        }

        return body.Assertions.Is(out var assertions) ? assertions is null ? Refusal.Invalid("assertions", "must be an object") : assertions.Apply(row) : null;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await Visible(db, caller, Write).SingleOrDefaultAsync(a => a.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        var refusal = Precondition.Check(http, caller, row)
            ?? await safeguards.AgainstStrongerAsync(caller, id, ct)
            ?? await safeguards.AgainstLockoutAsync(caller, id, ct);

        if (refusal is not null)
        {
            return Problems.Of(caller, refusal);
        }

        // By row, not by the database alone, so that every node hears that the tenant has other rules now.
        db.TrustRules.RemoveRange(await db.TrustRules.Where(r => r.AccountId == id).ToListAsync(ct));
        db.ExchangeRules.RemoveRange(await db.ExchangeRules.Where(r => r.ClientAccountId == id).ToListAsync(ct));
        db.ServiceAccounts.Remove(row);
        await store.CommitAsync(db, caller.Event("service-account.deleted", row.Id.ToString(), row, row.Id), ct);

        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<RevokedView>, ProblemHttpResult>> RevokeTokensAsync(
        AdminCaller caller, Db db, Store store, Safeguards safeguards, Guid id, RevokeTokensBody? body, CancellationToken ct)
    {
        if (await Visible(db, caller, "tokens.revoke").AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("service account"));
        }

        if (await safeguards.AgainstStrongerAsync(caller, id, ct) is { } refusal)
        {
            return Problems.Of(caller, refusal);
        }

        var before = body?.IssuedBefore ?? caller.Now;

        if (before > caller.Now)
        {
            return Problems.Of(caller, Refusal.Invalid("issued_before", "must not be ahead"));
        }

        if (body?.Credential is { } credential && await Credentials.OwnerAsync(db, caller.TenantId, credential, ct) != id)
        {
            return Problems.Of(caller, Refusal.NotFound("credential of this account"));
        }

        var target = body?.Credential ?? id;
        db.Revocations.Add(Revocations.Before(caller.TenantId, body?.Credential is null ? "account" : "credential", target, before, caller.Now));
        await store.CommitAsync(db, caller.Event("tokens.revoked", target.ToString(), row, row.Id), ct);

        return TypedResults.Ok(new RevokedView(before));
    }
}

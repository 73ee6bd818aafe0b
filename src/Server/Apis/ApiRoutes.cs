using Countersign.OAuth;
using Countersign.Server.Admin;
using Countersign.Server.Data;
using Countersign.Server.Organizations;
using Countersign.Server.ServiceAccounts;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Server.Apis;

internal sealed record ScopeBody(string Name, string? Description = null);

internal sealed record ApiCreate(string Identifier, string Name, ScopeBody[] Scopes, OwnerBody? Owner = null, TokenSettingsPatch? AccessToken = null);

internal sealed record ApiPatch
{
    public Patch<string> Name { get; init; }

    public Patch<ScopeBody[]> Scopes { get; init; }

    public Patch<TokenSettingsPatch?> AccessToken { get; init; }
}

internal sealed record ApiView(
    Guid Id, string Identifier, string Name, OwnerView? Owner, bool BuiltIn, ScopeBody[] Scopes, TokenSettingsView AccessToken, DateTimeOffset CreatedAt)
{
    public static ApiView Of(ApiRow row) => new(
        row.Id,
        row.Identifier,
        row.Name,
        OwnerView.Of(row),
        row.BuiltIn,
        [.. row.Scopes.OrderBy(s => s.Name, StringComparer.Ordinal).Select(s => new ScopeBody(s.Name, s.Description))],
        new TokenSettingsView(row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg),
        row.CreatedAt);
}

/// <summary>APIs: the protected resources, each with its identifier (the audience of its tokens) and its scopes.</summary>
internal static class ApiRoutes
{
    /// <summary>The most characters that the scopes of one API may have together, so that a token with all of them fits 4 KiB (R131).</summary>
    public const int MostScopeText = 2048;

    private const string Read = "apis.read";
    private const string Write = "apis.write";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var routes = admin.MapGroup("/apis").WithTags("apis");
        routes.MapGet("/", ListAsync).Requires(Read);
        routes.MapPost("/", CreateAsync).Requires(Write);
        routes.MapGet("/{id:guid}", GetAsync).Requires(Read);
        routes.MapPatch("/{id:guid}", PatchAsync).Requires(Write);
        routes.MapDelete("/{id:guid}", DeleteAsync).Requires(Write);
    }

    /// <summary>An API of the tenant by id or identifier.</summary>
    public static ApiFacts? Find(TenantSnapshot tenant, string idOrIdentifier) =>
        tenant.ApisByIdentifier.GetValueOrDefault(idOrIdentifier)
        ?? (Guid.TryParse(idOrIdentifier, out var id) ? tenant.Apis.GetValueOrDefault(id) : null);

    /// <summary>As the other, if the caller reaches it or all may use it: an API of somebody else reads like none (R215).</summary>
    public static ApiFacts? Find(AdminCaller caller, string permission, string idOrIdentifier) =>
        Find(caller.Snapshot, idOrIdentifier) is { } api
        && (api is { GroupId: null, OrganizationId: null } || caller.Reach(permission).Covers(api.GroupId, api.OrganizationId))
            ? api
            : null;

    /// <summary>An API that the caller may change, tracked with its scopes.</summary>
    public static async Task<Outcome<ApiRow>> WritableAsync(Db db, AdminCaller caller, Guid id, CancellationToken ct)
    {
        var row = await db.Apis.Include(a => a.Scopes).Where(a => a.TenantId == caller.TenantId).Within(caller.Reach(Write)).SingleOrDefaultAsync(a => a.Id == id, ct);

        return row is null ? Refusal.NotFound("API") : row.BuiltIn ? Refusal.Conflict("the built-in API stays as it is") : row;
    }

    private static async Task<Ok<Page<ApiView>>> ListAsync(AdminCaller caller, Db db, PageRequest page, string? identifier, CancellationToken ct)
    {
        var after = page.AfterId;
        var rows = Visible(db, caller).Where(a => a.Id > after);

        if (identifier is not null)
        {
            rows = rows.Where(a => a.Identifier == identifier);
        }

        return TypedResults.Ok(await page.ReadAsync(rows.OrderBy(a => a.Id), ApiView.Of, a => a.Id.ToString(), ct));
    }

    private static async Task<Results<Created<ApiView>, ProblemHttpResult>> CreateAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, ApiCreate body, CancellationToken ct)
    {
        if (Fault(body) is { } fault)
        {
            return Problems.Of(caller, fault);
        }

        // Without an owner an API of somebody who reaches the whole tenant is the tenant's own.
        var owner = new Owner(null, null);

        if (body.Owner is not null || !caller.ReachesTenant(Write))
        {
            if (!(await Ownership.ResolveAsync(db, caller, Write, body.Owner, ct)).Is(out owner, out var refusal))
            {
                return Problems.Of(caller, refusal);
            }
        }

        if (!TokenSettingsView.Apply(new TokenSettingsView(null, null, null), body.AccessToken, caller.Snapshot.Keys, caller.Now).Is(out var token, out var tokenFault))
        {
            return Problems.Of(caller, tokenFault);
        }

        var row = new ApiRow
        {
            Id = Guid.CreateVersion7(caller.Now),
            TenantId = caller.TenantId,
            GroupId = owner.GroupId,
            OrganizationId = owner.OrganizationId,
            Identifier = body.Identifier,
            Name = body.Name,
            TokenFormat = token.Format,
            TokenLifetimeSeconds = token.LifetimeSeconds,
            TokenAlg = token.Alg,
            CreatedAt = caller.Now,
        };
        row.Scopes.AddRange(body.Scopes.Select(s => new ApiScopeRow { ApiId = row.Id, Name = s.Name, Description = s.Description }));
        db.Apis.Add(row);
        await store.CommitAsync(db, caller.Event("api.created", row.Identifier, row), ct);
        Precondition.Tag(http, row);

        return TypedResults.Created($"/admin/v1/apis/{row.Id}", ApiView.Of(row));
    }

    private static async Task<Results<Ok<ApiView>, ProblemHttpResult>> GetAsync(AdminCaller caller, Db db, HttpContext http, Guid id, CancellationToken ct)
    {
        if (await Visible(db, caller).SingleOrDefaultAsync(a => a.Id == id, ct) is not { } row)
        {
            return Problems.Of(caller, Refusal.NotFound("API"));
        }

        Precondition.Tag(http, row);

        return TypedResults.Ok(ApiView.Of(row));
    }

    private static async Task<Results<Ok<ApiView>, ProblemHttpResult>> PatchAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, ApiPatch body, CancellationToken ct)
    {
        if (!(await WritableAsync(db, caller, id, ct)).Is(out var row, out var refusal)
            || (refusal = Precondition.Check(http, caller, row) ?? Change(caller, row, body)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        // A change of scopes alone is a change of the API: it counts the version up and feeds.
        db.Entry(row).Property(r => r.Name).IsModified = true;
        await store.CommitAsync(db, caller.Event("api.updated", row.Identifier, row), ct);
        Precondition.Tag(http, row);

        return TypedResults.Ok(ApiView.Of(row));
    }

    private static Refusal? Change(AdminCaller caller, ApiRow row, ApiPatch body)
    {
        if (body.Name.Is(out var name))
        {
            if (Names.Fault(name) is { } fault)
            {
                return Refusal.Invalid("name", fault);
            }

            row.Name = name!;
        }

        if (body.Scopes.Is(out var scopes))
        {
            if (scopes is null)
            {
                return Refusal.Invalid("scopes", "must be a list");
            }

            if (ScopesFault(row.Identifier, scopes) is { } fault)
            {
                return fault;
            }

            row.Scopes.RemoveAll(s => !scopes.Any(n => n.Name == s.Name));

            foreach (var scope in scopes)
            {
                if (row.Scopes.SingleOrDefault(s => s.Name == scope.Name) is { } held)
                {
                    held.Description = scope.Description;
                }
                else
                {
                    row.Scopes.Add(new ApiScopeRow { ApiId = row.Id, Name = scope.Name, Description = scope.Description });
                }
            }
        }

        if (body.AccessToken.IsSet)
        {
            var patch = body.AccessToken.Value ?? TokenSettingsPatch.Nothing;

            if (!TokenSettingsView.Apply(new TokenSettingsView(row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg), patch, caller.Snapshot.Keys, caller.Now)
                .Is(out var token, out var refusal))
            {
                return refusal;
            }

            (row.TokenFormat, row.TokenLifetimeSeconds, row.TokenAlg) = (token.Format, token.LifetimeSeconds, token.Alg);
        }

        return null;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        AdminCaller caller, Db db, Store store, HttpContext http, Guid id, CancellationToken ct)
    {
        if (!(await WritableAsync(db, caller, id, ct)).Is(out var row, out var refusal)
            || (refusal = Precondition.Check(http, caller, row)) is not null)
        {
            return Problems.Of(caller, refusal);
        }

        db.Apis.Remove(row);
        await store.CommitAsync(db, caller.Event("api.deleted", row.Identifier, row), ct);

        return TypedResults.NoContent();
    }

    private static IQueryable<ApiRow> Visible(Db db, AdminCaller caller) =>
        db.Apis.AsNoTracking().Include(a => a.Scopes).Where(a => a.TenantId == caller.TenantId).WithinOrShared(caller.Reach(Read));

    private static Refusal? Fault(ApiCreate body) =>
        !ResourceIndicator.IsValid(body.Identifier) ? Refusal.Invalid("identifier", "must be an absolute URI without fragment (RFC 8707), at most 1 KiB")
        : body.Identifier.StartsWith("urn:countersign:", StringComparison.OrdinalIgnoreCase) ? Refusal.Invalid("identifier", "must not begin with urn:countersign:, which is the server's own")
        : !IsNormal(body.Identifier) ? Refusal.Invalid("identifier", "must be in normal form: scheme and host in lower case, without user, default port, dot segments and needless escapes")
        : Names.Fault(body.Name) is { } fault ? Refusal.Invalid("name", fault)
        : ScopesFault(body.Identifier, body.Scopes);

    // Identifiers are compared byte for byte: one that is only spelt otherwise would be another API (R219).
    private static bool IsNormal(string identifier)
    {
        var scheme = identifier[..identifier.IndexOf(':', StringComparison.Ordinal)];

        return !scheme.Any(char.IsAsciiLetterUpper)
            && Uri.TryCreate(identifier, UriKind.Absolute, out var uri)
            && uri.UserInfo.Length == 0
            && !uri.Host.EndsWith('.')
            && (scheme is not ("http" or "https") || uri.AbsoluteUri == identifier || uri.AbsoluteUri == identifier + "/");
    }

    private static Refusal? ScopesFault(string identifier, ScopeBody[] scopes) =>
        scopes.FirstOrDefault(s => !ScopeText.IsToken(s.Name)) is { } bad ? Refusal.Invalid("scopes", $"names a scope of other characters than RFC 6749 allows: {Printable(bad.Name)}")
        : scopes.Select(s => s.Name).Distinct().Count() != scopes.Length ? Refusal.Invalid("scopes", "names a scope twice")
        : scopes.Select(s => Names.DescriptionFault(s.Description)).FirstOrDefault(f => f is not null) is { } fault ? Refusal.Invalid("scopes", $"holds a description that {fault}")
        : identifier.Length + scopes.Sum(s => s.Name.Length + 1) > MostScopeText
            ? Refusal.Invalid("scopes", $"must not be longer than {MostScopeText} characters together with the identifier: a token with all of them must fit 4 KiB")
        : null;

    private static string Printable(string text) => new([.. text.Take(60).Select(c => c is >= ' ' and <= '~' ? c : '?')]);
}

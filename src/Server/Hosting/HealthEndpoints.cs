using Countersign.Server.Data;
using Countersign.Server.Keys;
using Countersign.Server.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Server.Hosting;

internal sealed record Health(string Status, double? SecondsBehind = null, string[]? Warnings = null);

/// <summary>Whether this node lives, and whether it knows of all changes (R243).</summary>
internal sealed class HealthEndpoints(ChangeFeed feed, TenantDirectory tenants, TimeProvider time)
{
    private static readonly TimeSpan s_stale = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_warnAhead = TimeSpan.FromDays(14);

    public static void Map(IEndpointRouteBuilder routes, HealthEndpoints endpoints)
    {
        routes.MapGet("/health/live", () => TypedResults.Ok(new Health("live"))).ExcludeFromDescription();
        routes.MapGet("/health/ready", endpoints.Ready).ExcludeFromDescription();
    }

    private Results<Ok<Health>, JsonHttpResult<Health>> Ready()
    {
        var behind = feed.Behind;

        return behind > s_stale
            ? TypedResults.Json(new Health("behind", Math.Round(behind.TotalSeconds, 1)), statusCode: StatusCodes.Status503ServiceUnavailable)
            : TypedResults.Ok(new Health("ready", Math.Round(behind.TotalSeconds, 1), Warnings()));
    }

    // Keys are told of by algorithm only: this page is open.
    private string[]? Warnings()
    {
        var now = time.GetUtcNow();
        var warnings = tenants.All
            .SelectMany(t => t.Snapshot.Keys.All)
            .Where(k => k.StateAt(now) == KeyState.Active && k.RetiresAt is null && k.EndsAt - now < s_warnAhead)
            .Select(k => $"a {k.Alg} key without a successor stops working at {k.EndsAt:O}")
            .Distinct()
            .ToArray();

        return warnings.Length == 0 ? null : warnings;
    }
}

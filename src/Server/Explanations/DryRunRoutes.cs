using Countersign.Server.Admin;
using Countersign.Server.TrustedIssuers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Server.Explanations;

/// <summary>What would become of a token: for those who may change the rules that decide it (R209).</summary>
internal static class DryRunRoutes
{
    public static void Map(IEndpointRouteBuilder admin) => admin.MapPost("/explanations", RunAsync).Requires(TrustReach.Write).WithTags("audit");

    private static async Task<Results<Ok<DryRunView>, ProblemHttpResult>> RunAsync(
        AdminCaller caller, DryRun dryRun, HttpContext http, DryRunBody body, CancellationToken ct)
    {
        if (TrustReach.Fault(caller, TrustReach.Write) is { } refusal)
        {
            return Problems.Of(caller, refusal);
        }

        return (await DryRunRequest.ReadAsync(caller, body, http.Connection.RemoteIpAddress, ct)).Is(out var request, out refusal)
            ? TypedResults.Ok(await dryRun.RunAsync(request, ct))
            : Problems.Of(caller, refusal);
    }
}

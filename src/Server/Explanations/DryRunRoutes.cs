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
    public static void Map(IEndpointRouteBuilder admin) => admin.MapPost("/explanations", RunAsync).ForWriters().WithTags("audit");

    private static async Task<Results<Ok<DryRunView>, ProblemHttpResult>> RunAsync(
        AdminCaller caller, DryRun dryRun, HttpContext http, DryRunBody body, CancellationToken ct)
    {
        return (await DryRunRequest.ReadAsync(caller, body, http.Connection.RemoteIpAddress, ct)).Is(out var request, out var refusal)
            ? TypedResults.Ok(await dryRun.RunAsync(request, ct))
            : Problems.Of(caller, refusal);
    }
}

using System.Text.Json;
using Countersign.OAuth;

namespace Countersign.Server.TrustedIssuers;

/// <summary>
/// The conditions that say what a token is, and nothing that is other in the next token of the same workload: no run, no commit, no person. Ids that are
/// never given again stand beside names (R205).
/// </summary>
internal static class RuleProposal
{
    private static readonly string[] s_github = ["sub", "repository_id", "repository_owner_id", "environment"];
    private static readonly string[] s_gitlab = ["sub", "project_id", "namespace_id", "ref", "ref_type", "ref_path", "ref_protected", "environment", "pipeline_source"];
    private static readonly string[] s_kubernetes = ["sub", "/kubernetes.io/namespace", "/kubernetes.io/serviceaccount/uid"];
    private static readonly string[] s_generic = ["sub", "azp", "client_id"];

    /// <param name="kind">What the issuer is, of <see cref="IssuerKind"/>.</param>
    /// <param name="claims">The claims of a token of its.</param>
    public static ClaimCondition[] Of(string kind, JsonElement claims) => kind switch
    {
        IssuerKind.GitHub => [.. Exactly(claims, s_github), .. Exactly(claims, Workflow(claims), Branch(claims))],
        IssuerKind.GitLab => Exactly(claims, s_gitlab),
        IssuerKind.Kubernetes => Exactly(claims, s_kubernetes),
        IssuerKind.Spiffe => Exactly(claims, "sub"),
        _ => Exactly(claims, s_generic),
    };

    // The reusable workflow that the job is of, where there is one: it says which code runs.
    private static string? Workflow(JsonElement claims) => Lasting(claims, claims.TryGetProperty("job_workflow_ref", out _) ? "job_workflow_ref" : "workflow_ref");

    private static string? Branch(JsonElement claims) => Lasting(claims, "ref");

    // Of a pull request it holds the number of that one.
    private static string? Lasting(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var at) && at.ValueKind == JsonValueKind.String && !at.GetString()!.Contains("refs/pull/", StringComparison.Ordinal) ? name : null;

    private static ClaimCondition[] Exactly(JsonElement claims, params ReadOnlySpan<string?> names)
    {
        var conditions = new List<ClaimCondition>();

        foreach (var name in names)
        {
            if (name is not null
                && ClaimPath.Parse(name, out _)!.TryFind(claims, out var value, out _)
                && value.ValueKind == JsonValueKind.String
                && value.GetString() is { Length: > 0 and <= ClaimCondition.MaxTextLength } text)
            {
                conditions.Add(ClaimCondition.Exactly(name, text));
            }
        }

        return [.. conditions];
    }
}

using System.Text.Json.Nodes;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>The claims of tokens as the platforms make them, by their public documentation.</summary>
internal static class PlatformTokens
{
    public static JsonObject Of(string kind) => JsonNode.Parse(kind switch
    {
        "github" =>
            """
            {"jti":"6d7c3f2e-1a55-4e3b-9c0e-8d1f0a2b3c4d","sub":"repo:octo-org/octo-repo:ref:refs/heads/main","aud":"https://as.example","ref":"refs/heads/main",
             "sha":"example-sha","repository":"octo-org/octo-repo","repository_owner":"octo-org","repository_owner_id":"123456","run_id":"987654","run_number":"10",
             "run_attempt":"2","runner_environment":"github-hosted","repository_visibility":"private","repository_id":"456789","actor":"octocat","actor_id":"12",
             "workflow":"deploy","head_ref":"","base_ref":"","event_name":"push","ref_type":"branch",
             "workflow_ref":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main","workflow_sha":"example-sha",
             "job_workflow_ref":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main","job_workflow_sha":"example-sha",
             "iss":"https://token.actions.githubusercontent.com"}
            """,
        "gitlab" =>
            """
            {"namespace_id":"72","namespace_path":"my-group","project_id":"20","project_path":"my-group/my-project","user_id":"1","user_login":"sample-user",
             "user_email":"sample-user@example.com","pipeline_id":"574","pipeline_source":"push","job_id":"302","ref":"feature-branch-1","ref_type":"branch",
             "ref_path":"refs/heads/feature-branch-1","ref_protected":"false","runner_id":1,"runner_environment":"self-hosted","sha":"714a629c","project_visibility":"public",
             "ci_config_ref_uri":"gitlab.example.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main","ci_config_sha":"714a629c","jti":"235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
             "iss":"https://gitlab.com","sub":"project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1","aud":"https://as.example"}
            """,
        "kubernetes" =>
            """
            {"aud":["https://as.example"],"iss":"https://kubernetes.default.svc.cluster.local","jti":"5f1c9a0e-6b1d-4c55-9d1e-0c3a6f5b7a10",
             "kubernetes.io":{"namespace":"shop","node":{"name":"node-1","uid":"58456cb0"},"pod":{"name":"exporter-7d","uid":"d0a5f1"},
             "serviceaccount":{"name":"exporter","uid":"a709ef71-30e2-489a-bd19-ade97031b9db"}},"sub":"system:serviceaccount:shop:exporter"}
            """,
        "spiffe" => """{"sub":"spiffe://prod.example/ns/shop/sa/exporter","aud":["https://as.example"]}""",
        _ => """{"iss":"https://login.partner.example","sub":"8f6c1a","azp":"sync-job","aud":"https://as.example","jti":"a","sid":"one-session"}""",
    })!.AsObject();
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>The rule that is proposed for a token: this workload's, at its next run too, and nobody else's.</summary>
public sealed class RuleProposalTests
{
    [Theory]
    [Trait("R", "205")]
    [InlineData("github")]
    [InlineData("gitlab")]
    [InlineData("kubernetes")]
    [InlineData("spiffe")]
    [InlineData("generic")]
    public void It_holds_for_the_token_and_passes_the_linter(string kind)
    {
        var claims = PlatformTokens.Of(kind);
        var proposal = Of(kind, claims);

        Assert.NotEmpty(proposal);
        Assert.All(proposal, c => Assert.True(c.Holds(Json(claims)), c.Claim));
        Assert.Empty(RuleLint.Findings(kind, requireImmutableIds: true, proposal));
    }

    [Theory]
    [Trait("R", "205")]
    [InlineData("github", """{"run_id":"1","run_number":"11","sha":"b","actor":"hubot","actor_id":"13","jti":"b","workflow_sha":"b","job_workflow_sha":"b"}""")]
    [InlineData("gitlab", """{"pipeline_id":"575","job_id":"303","sha":"b","user_id":"2","user_login":"other","jti":"b"}""")]
    [InlineData("kubernetes", """{"jti":"b"}""")]
    [InlineData("generic", """{"jti":"b","sid":"another"}""")]
    public void It_holds_for_the_next_run(string kind, string changes) => Assert.True(HoldsFor(kind, changes));

    [Theory]
    [Trait("R", "205")]
    [InlineData("github", """{"repository":"octo-org/octo-repo2","repository_id":"456790","sub":"repo:octo-org/octo-repo2:ref:refs/heads/main"}""")]
    [InlineData("github", """{"repository_id":"999"}""")]
    [InlineData("github", """{"repository_owner_id":"999"}""")]
    [InlineData("github", """{"ref":"refs/heads/other","sub":"repo:octo-org/octo-repo:ref:refs/heads/other"}""")]
    [InlineData("github", """{"event_name":"pull_request","ref":"refs/pull/7/merge","sub":"repo:octo-org/octo-repo:pull_request"}""")]
    [InlineData("github", """{"job_workflow_ref":"octo-org/octo-repo/.github/workflows/other.yml@refs/heads/main"}""")]
    [InlineData("gitlab", """{"project_id":"21"}""")]
    [InlineData("gitlab", """{"ref":"main","ref_path":"refs/heads/main","sub":"project_path:my-group/my-project:ref_type:branch:ref:main"}""")]
    [InlineData("github", """{"repository":"octo-org2/octo-repo","repository_owner":"octo-org2","repository_owner_id":"7","repository_id":"8","sub":"repo:octo-org2/octo-repo:ref:refs/heads/main"}""")]
    [InlineData("gitlab", """{"ref_type":"tag"}""")]
    [InlineData("gitlab", """{"project_id":"21","project_path":"my-group/my-project2","sub":"project_path:my-group/my-project2:ref_type:branch:ref:feature-branch-1"}""")]
    [InlineData("gitlab", """{"namespace_id":"73","namespace_path":"my-group2","project_id":"21","project_path":"my-group2/my-project"}""")]
    [InlineData("gitlab", """{"pipeline_source":"merge_request_event"}""")]
    [InlineData("spiffe", """{"sub":"spiffe://prod.example/ns/shop2/sa/exporter"}""")]
    [InlineData("spiffe", """{"sub":"spiffe://prod.example.evil.example/ns/shop/sa/exporter"}""")]
    [InlineData("generic", """{"sub":"8f6c1a2"}""")]
    [InlineData("kubernetes", """{"sub":"system:serviceaccount:shop2:exporter","kubernetes.io":{"namespace":"shop2","serviceaccount":{"name":"exporter","uid":"a709ef71-30e2-489a-bd19-ade97031b9db"}}}""")]
    [InlineData("kubernetes", """{"kubernetes.io":{"namespace":"shop","serviceaccount":{"name":"exporter","uid":"made-again"}}}""")]
    [InlineData("spiffe", """{"sub":"spiffe://prod.example/ns/shop/sa/exporter2"}""")]
    [InlineData("generic", """{"azp":"another-client"}""")]
    public void It_does_not_hold_for_a_sibling(string kind, string changes) => Assert.False(HoldsFor(kind, changes));

    [Theory]
    [Trait("R", "205")]
    [InlineData("repo:octo-org/octo-repo:ref:refs/heads/main", false)]
    [InlineData("repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main", true)]
    [InlineData("repo:octo-org/octo-repo:environment:production", false)]
    [InlineData("repo:octo-org@123456/octo-repo@456789:environment:production", true)]
    public void Both_forms_of_a_subject_of_GitHub_are_understood(string subject, bool saysIds)
    {
        var claims = PlatformTokens.Of("github");
        (claims["sub"], claims["environment"]) = (subject, subject.EndsWith("production", StringComparison.Ordinal) ? "production" : null);
        var proposal = Of("github", claims);

        Assert.Equal(claims["environment"] is not null, Array.Exists(proposal, c => c is { Claim: "environment", Literal: "production" }));
        Assert.All(proposal, c => Assert.True(c.Holds(Json(claims)), c.Claim));
        Assert.Empty(RuleLint.Findings("github", requireImmutableIds: true, proposal));

        // With ids in it the subject alone says enough.
        Assert.Equal(saysIds, RuleLint.Findings("github", requireImmutableIds: true, [.. proposal.Where(c => c.Claim == "sub")]).Count == 0);

        foreach (var sibling in new[] { "octo-org/octo-repo2:", "octo-org2/octo-repo:", "octo-org@123456/octo-repo@4567890:", "octo-org@1234567/octo-repo@456789:" })
        {
            claims["sub"] = $"repo:{sibling}{subject[(subject.IndexOf(':', 5) + 1)..]}";
            Assert.False(Array.TrueForAll(proposal, c => c.Holds(Json(claims))), sibling);
        }
    }

    [Theory]
    [InlineData("github", """{"sub":"repo:octo-org/octo-repo:pull_request","event_name":"pull_request","ref":"refs/pull/7/merge","workflow_ref":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/pull/7/merge","job_workflow_ref":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/pull/7/merge"}""")]
    [InlineData("gitlab", """{"pipeline_source":"merge_request_event"}""")]
    public void Of_a_pull_request_what_lasts_is_proposed_and_the_linter_says_what_it_is(string kind, string changes)
    {
        var claims = PlatformTokens.Of(kind);
        Change(claims, changes);
        var proposal = Of(kind, claims);

        Assert.DoesNotContain(proposal, c => c.Texts[0].Contains("refs/pull/", StringComparison.Ordinal));
        Assert.Equal(RuleLint.PullRequest, Assert.Single(RuleLint.Findings(kind, requireImmutableIds: true, proposal)).Code);
    }

    [Fact]
    public void What_is_no_text_or_not_there_is_not_proposed()
    {
        Assert.Empty(Of("generic", JsonNode.Parse("""{"sub":1,"azp":["a"],"client_id":""}""")!.AsObject()));
        Assert.Empty(Of("kubernetes", JsonNode.Parse("""{"kubernetes.io":"text"}""")!.AsObject()));
    }

    private static bool HoldsFor(string kind, string changes)
    {
        var claims = PlatformTokens.Of(kind);
        var proposal = Of(kind, claims);
        Change(claims, changes);

        return Array.TrueForAll(proposal, c => c.Holds(Json(claims)));
    }

    private static void Change(JsonObject claims, string changes)
    {
        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            claims[name] = value!.DeepClone();
        }
    }

    private static ClaimCondition[] Of(string kind, JsonObject claims) => RuleProposal.Of(kind, Json(claims));

    private static JsonElement Json(JsonObject claims) => JsonSerializer.SerializeToElement(claims);
}

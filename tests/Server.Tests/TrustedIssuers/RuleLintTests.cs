using System.Text.Json;
using Countersign.OAuth;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>What the linter finds in rules that take more than was meant, and that it leaves good ones alone.</summary>
public sealed class RuleLintTests
{
    [Theory]
    [Trait("R", "200")]
    [InlineData("github")]
    [InlineData("gitlab")]
    [InlineData("kubernetes")]
    [InlineData("spiffe")]
    [InlineData("generic")]
    public void A_rule_without_a_condition_is_refused_whatever_is_allowed(string kind)
    {
        var finding = Assert.Single(RuleLint.Findings(kind, requireImmutableIds: false, []));

        Assert.Equal((RuleLint.NoCondition, true), (finding.Code, finding.IsFatal));
        Assert.DoesNotContain(RuleLint.NoCondition, RuleLint.Allowable);
    }

    [Theory]
    [Trait("R", "200")]
    [InlineData("github", """{"claim":"iss","equals":"https://token.actions.githubusercontent.com"}""")]
    [InlineData("generic", """{"claim":"iss","prefix":"https://"}""", """{"claim":"jti","glob":"*-*"}""")]
    [InlineData("spiffe", """{"claim":"/iss","any_of":["spiffe://prod.example"]}""")]
    public void What_every_token_of_the_issuer_says_is_no_condition(string kind, params string[] conditions) =>
        Assert.True(Assert.Single(Findings(kind, conditions)) is { Code: RuleLint.NoCondition, IsFatal: true });

    [Theory]
    [Trait("R", "200")]
    [Trait("R", "205")]
    [InlineData("github", "open-prefix", """{"claim":"sub","prefix":"repo:octo"}""")]
    [InlineData("github", "open-prefix", """{"claim":"sub","prefix":"repo:octo-org/octo-re"}""")]
    [InlineData("github", "open-prefix", """{"claim":"sub","prefix":"repo:octo-org@123456/octo-repo@45"}""")]
    [InlineData("github", "open-prefix", """{"claim":"sub","glob":"*:environment:production"}""")]
    [InlineData("github", "open-prefix", """{"claim":"repository","prefix":"octo-org/octo-re"}""")]
    [InlineData("github", "open-prefix", """{"claim":"workflow_ref","prefix":"octo-org/octo-re"}""")]
    [InlineData("github", "open-prefix", """{"claim":"repository","glob":"*/octo-repo"}""")]
    [InlineData("github", "deep-wildcard", """{"claim":"sub","glob":"repo:octo-org@123456/**"}""")]
    [InlineData("github", "no-owner", """{"claim":"aud","equals":"https://as.example"}""")]
    [InlineData("github", "no-owner", """{"claim":"sub","contains":"repo:octo-org/octo-repo:ref:refs/heads/main"}""")]
    [InlineData("github", "no-owner", """{"claim":"repository_id","equals":456789}""")]
    [InlineData("github", "pull-request", """{"claim":"sub","equals":"repo:octo-org/octo-repo"}""")]
    [InlineData("github", "pull-request", """{"claim":"sub","equals":"repo:octo-org/octo-repo:ref:refs/pull/7/merge"}""")]
    [InlineData("github", "pull-request", """{"claim":"sub","glob":"repo:octo-org/octo-repo:*"}""")]
    [InlineData("github", "pull-request", """{"claim":"repository_owner","equals":"octo-org"}""")]
    [InlineData("github", "pull-request", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"ref","equals":"refs/heads/main"}""", """{"claim":"event_name","any_of":["push","pull_request_target"]}""")]
    [InlineData("github", "pull-request", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"job_workflow_ref","equals":"octo-org/ci/.github/workflows/deploy.yml@refs/heads/main"}""")]
    [InlineData("github", "pull-request", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"ref","glob":"**main"}""")]
    [InlineData("gitlab", "open-prefix", """{"claim":"sub","prefix":"project_path:my-group/my-pro"}""")]
    [InlineData("gitlab", "open-prefix", """{"claim":"project_path","glob":"my-*/my-project"}""")]
    [InlineData("gitlab", "no-owner", """{"claim":"job_project_id","equals":"20"}""")]
    [InlineData("gitlab", "pull-request", """{"claim":"namespace_id","equals":"72"}""", """{"claim":"ref_path","prefix":"refs/heads/"}""")]
    [InlineData("gitlab", "pull-request", """{"claim":"project_id","equals":"20"}""", """{"claim":"pipeline_source","equals":"parent_pipeline"}""")]
    [InlineData("gitlab", "pull-request", """{"claim":"project_id","equals":"20"}""", """{"claim":"ref_protected","equals":true}""")]
    [InlineData("gitlab", "pull-request", """{"claim":"project_id","equals":"20"}""", """{"claim":"ref_protected","equals":"true"}""", """{"claim":"pipeline_source","any_of":["push","merge_request_event"]}""")]
    [InlineData("gitlab", "pull-request", """{"claim":"sub","glob":"project_path:my-group/my-project:ref_type:branch:ref:*"}""")]
    [InlineData("kubernetes", "open-prefix", """{"claim":"sub","prefix":"system:serviceaccount:shop:exp"}""")]
    [InlineData("kubernetes", "open-prefix", """{"claim":"kubernetes.io.namespace","glob":"shop-*"}""")]
    [InlineData("kubernetes", "no-owner", """{"claim":"sub","any_of":["system:serviceaccount:shop:exporter","exporter"]}""")]
    [InlineData("spiffe", "no-owner", """{"claim":"sub","prefix":"spiffe://prod.example/ns/"}""")]
    [InlineData("spiffe", "no-owner", """{"claim":"sub","glob":"spiffe://prod.example/ns/*/sa/exporter"}""")]
    [InlineData("spiffe", "no-owner", """{"claim":"sub","contains":"spiffe://prod.example/ns/shop/sa/exporter"}""")]
    [InlineData("generic", "no-owner", """{"claim":"email_verified","equals":true}""")]
    [InlineData("generic", "no-owner", """{"claim":"aud","equals":"https://as.example"}""", """{"claim":"admin","any_of":[true,false]}""")]
    [InlineData("generic", "open-prefix", """{"claim":"sub","glob":"team*"}""")]
    [InlineData("generic", "open-prefix", """{"claim":"sub","glob":"*-job"}""")]
    [InlineData("github", "open-prefix", """{"claim":"sub","prefix":"repo:octo-org@12"}""")]
    [InlineData("github", "open-prefix", """{"claim":"sub","prefix":"rep"}""")]
    [InlineData("github", "open-prefix", """{"claim":"repository","prefix":"octo-org"}""")]
    [InlineData("github", "open-prefix", """{"claim":"repository_owner","prefix":"octo-"}""")]
    [InlineData("github", "open-prefix", """{"claim":"repository_owner_id","prefix":"123"}""")]
    [InlineData("github", "open-prefix", """{"claim":"sub","glob":"repo:octo*/octo-repo:ref:refs/heads/main"}""")]
    [InlineData("github", "deep-wildcard", """{"claim":"sub","glob":"repo:octo-org/**"}""")]
    [InlineData("github", "deep-wildcard", """{"claim":"/sub","glob":"**:ref:refs/heads/main"}""")]
    [InlineData("github", "no-owner", """{"claim":"ref","equals":"refs/heads/main"}""")]
    [InlineData("github", "no-owner", """{"claim":"environment","equals":"production"}""")]
    [InlineData("github", "no-owner", """{"claim":"sub","glob":"repo:*/octo-repo:ref:refs/heads/main"}""")]
    [InlineData("github", "no-owner", """{"claim":"job_workflow_ref","equals":"octo-org/ci/.github/workflows/deploy.yml@refs/heads/main"}""")]
    [InlineData("github", "no-owner", """{"claim":"sub","any_of":["repo:octo-org/octo-repo:ref:refs/heads/main","anything"]}""")]
    [InlineData("github", "no-owner", """{"claim":"actor","equals":"octocat"}""")]
    [InlineData("github", "pull-request", """{"claim":"sub","equals":"repo:octo-org/octo-repo:pull_request"}""")]
    [InlineData("github", "pull-request", """{"claim":"sub","prefix":"repo:octo-org/octo-repo:"}""")]
    [InlineData("github", "pull-request", """{"claim":"sub","any_of":["repo:octo-org/octo-repo:ref:refs/heads/main","repo:octo-org/octo-repo:pull_request"]}""")]
    [InlineData("github", "pull-request", """{"claim":"repository_id","equals":"456789"}""")]
    [InlineData("github", "pull-request", """{"claim":"repository","equals":"octo-org/octo-repo"}""", """{"claim":"event_name","any_of":["push","pull_request_target"]}""")]
    [InlineData("github", "pull-request", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"ref","prefix":"refs/"}""")]
    [InlineData("github", "pull-request", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"event_name","glob":"pu*"}""")]
    [InlineData("github", "mutable-names", """{"claim":"repository","equals":"octo-org/octo-repo"}""", """{"claim":"ref","equals":"refs/heads/main"}""")]
    [InlineData("gitlab", "open-prefix", """{"claim":"sub","prefix":"project_path:my-gr"}""")]
    [InlineData("gitlab", "open-prefix", """{"claim":"namespace_path","prefix":"my-group"}""")]
    [InlineData("gitlab", "deep-wildcard", """{"claim":"sub","glob":"project_path:my-group/**"}""")]
    [InlineData("gitlab", "no-owner", """{"claim":"ref_protected","equals":"true"}""")]
    [InlineData("gitlab", "no-owner", """{"claim":"user_login","equals":"sample-user"}""")]
    [InlineData("gitlab", "pull-request", """{"claim":"project_id","equals":"20"}""")]
    [InlineData("gitlab", "pull-request", """{"claim":"project_id","equals":"20"}""", """{"claim":"pipeline_source","any_of":["push","merge_request_event"]}""")]
    [InlineData("gitlab", "pull-request", """{"claim":"project_id","equals":"20"}""", """{"claim":"ref_protected","any_of":["true","false"]}""")]
    [InlineData("gitlab", "mutable-names", """{"claim":"project_path","equals":"my-group/my-project"}""", """{"claim":"ref_protected","equals":"true"}""")]
    [InlineData("kubernetes", "no-owner", """{"claim":"/kubernetes.io/serviceaccount/name","equals":"exporter"}""")]
    [InlineData("kubernetes", "no-owner", """{"claim":"sub","glob":"system:serviceaccount:*:exporter"}""")]
    [InlineData("kubernetes", "open-prefix", """{"claim":"sub","prefix":"system:serviceaccount:shop"}""")]
    [InlineData("kubernetes", "open-prefix", """{"claim":"kubernetes.io.namespace","prefix":"shop"}""")]
    [InlineData("kubernetes", "deep-wildcard", """{"claim":"sub","glob":"system:serviceaccount:shop:**"}""")]
    [InlineData("kubernetes", "mutable-names", """{"claim":"sub","equals":"system:serviceaccount:shop:exporter"}""")]
    [InlineData("spiffe", "no-owner", """{"claim":"sub","prefix":"spiffe://prod.example/"}""")]
    [InlineData("spiffe", "no-owner", """{"claim":"sub","glob":"spiffe://*/ns/shop/sa/exporter"}""")]
    [InlineData("spiffe", "open-prefix", """{"claim":"sub","prefix":"spiffe://prod.example/ns/shop"}""")]
    [InlineData("spiffe", "deep-wildcard", """{"claim":"sub","glob":"spiffe://prod.example/ns/**"}""")]
    [InlineData("generic", "open-prefix", """{"claim":"sub","prefix":"team"}""")]
    [InlineData("generic", "deep-wildcard", """{"claim":"sub","glob":"team/**"}""")]
    public void What_takes_more_than_was_meant_is_found(string kind, string code, params string[] conditions)
    {
        var finding = Assert.Single(Findings(kind, conditions), f => f.Code == code);

        Assert.False(finding.IsFatal);
        Assert.EndsWith(".", finding.Message, StringComparison.Ordinal);
        Assert.Contains(code, RuleLint.Allowable);
    }

    [Theory]
    [Trait("R", "205")]
    [InlineData("github", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"ref","equals":"refs/heads/main"}""")]
    [InlineData("github", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"environment","equals":"production"}""")]
    [InlineData("github", """{"claim":"repository_owner_id","any_of":["1","2"]}""", """{"claim":"ref","prefix":"refs/heads/release/"}""", """{"claim":"event_name","equals":"push"}""")]
    [InlineData("github", """{"claim":"sub","equals":"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main"}""")]
    [InlineData("github", """{"claim":"sub","glob":"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/*"}""")]
    [InlineData("github", """{"claim":"sub","prefix":"repo:octo-org@123456/octo-repo@456789:environment:"}""")]
    [InlineData("github", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"sub","glob":"**:environment:production"}""")]
    [InlineData("github", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"sub","prefix":"repo:octo"}""", """{"claim":"environment","equals":"production"}""")]
    [InlineData("github", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"ref_type","equals":"tag"}""")]
    [InlineData("github", """{"claim":"repository_id","equals":"456789"}""", """{"claim":"workflow_ref","equals":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main"}""")]
    [InlineData("github", """{"claim":"sub","equals":"repo:octo-org@123456/octo-repo@456789:environment:pull_request"}""")]
    [InlineData("gitlab", """{"claim":"project_id","equals":"20"}""", """{"claim":"ref_protected","equals":"true"}""")]
    [InlineData("gitlab", """{"claim":"namespace_id","equals":"72"}""", """{"claim":"ref_path","prefix":"refs/tags/"}""")]
    [InlineData("gitlab", """{"claim":"namespace_id","equals":"72"}""", """{"claim":"ref_path","equals":"refs/heads/main"}""")]
    [InlineData("gitlab", """{"claim":"namespace_id","equals":"72"}""", """{"claim":"ref_type","equals":"tag"}""")]
    [InlineData("gitlab", """{"claim":"project_id","equals":"20"}""", """{"claim":"sub","glob":"project_path:my-group/*:ref_type:branch:ref:main"}""")]
    [InlineData("gitlab", """{"claim":"project_id","equals":"20"}""", """{"claim":"pipeline_source","any_of":["push","schedule"]}""")]
    [InlineData("gitlab", """{"claim":"project_id","equals":"20"}""", """{"claim":"environment","equals":"production"}""")]
    [InlineData("kubernetes", """{"claim":"/kubernetes.io/serviceaccount/uid","equals":"a709ef71"}""")]
    [InlineData("kubernetes", """{"claim":"sub","glob":"system:serviceaccount:shop:*"}""", """{"claim":"kubernetes.io.serviceaccount.uid","any_of":["a","b"]}""")]
    [InlineData("spiffe", """{"claim":"sub","equals":"spiffe://prod.example/ns/shop/sa/exporter"}""")]
    [InlineData("spiffe", """{"claim":"sub","glob":"spiffe://prod.example/ns/shop/sa/*"}""")]
    [InlineData("spiffe", """{"claim":"sub","prefix":"spiffe://prod.example/ns/shop/"}""")]
    [InlineData("generic", """{"claim":"sub","equals":"8f6c1a"}""")]
    [InlineData("generic", """{"claim":"sub","prefix":"team/"}""")]
    [InlineData("generic", """{"claim":"sub","glob":"team/*"}""")]
    [InlineData("generic", """{"claim":"email","glob":"*@partner.example"}""", """{"claim":"email_verified","equals":true}""")]
    [InlineData("generic", """{"claim":"groups","contains":"deployers"}""")]
    public void A_good_rule_is_left_alone(string kind, params string[] conditions) => Assert.Empty(Findings(kind, conditions));

    [Theory]
    [Trait("R", "205")]
    [InlineData("github", """{"claim":"repository","equals":"octo-org/octo-repo"}""")]
    [InlineData("gitlab", """{"claim":"project_path","equals":"my-group/my-project"}""")]
    [InlineData("kubernetes", """{"claim":"sub","equals":"system:serviceaccount:shop:exporter"}""")]
    public void Names_alone_cannot_be_allowed_where_the_issuer_asks_for_ids(string kind, string condition) => Assert.Contains(
        RuleLint.Findings(kind, requireImmutableIds: true, [Read(condition)]), f => f is { Code: RuleLint.MutableNames, IsFatal: true });

    [Theory]
    [Trait("R", "205")]
    [InlineData("github", """{"claim":"repository","equals":"octo-org/octo-repo"}""", """{"claim":"environment","equals":"production"}""")]
    [InlineData("github", """{"claim":"sub","equals":"repo:octo-org/octo-repo:ref:refs/heads/main"}""")]
    [InlineData("github", """{"claim":"sub","prefix":"repo:octo-org/octo-repo:ref:refs/heads/"}""")]
    [InlineData("github", """{"claim":"sub","glob":"repo:octo-org/*:ref:refs/heads/main"}""")]
    [InlineData("github", """{"claim":"sub","any_of":["repo:octo-org/a:ref:refs/heads/main","repo:octo-org/b:environment:production"]}""")]
    [InlineData("github", """{"claim":"repository_owner","equals":"octo-org"}""", """{"claim":"ref","prefix":"refs/tags/"}""")]
    [InlineData("github", """{"claim":"repository","prefix":"octo-org/"}""", """{"claim":"event_name","equals":"push"}""")]
    [InlineData("gitlab", """{"claim":"project_path","equals":"my-group/my-project"}""", """{"claim":"ref","equals":"main"}""", """{"claim":"ref_type","equals":"branch"}""")]
    [InlineData("gitlab", """{"claim":"sub","equals":"project_path:my-group/my-project:ref_type:branch:ref:main"}""")]
    [InlineData("gitlab", """{"claim":"sub","glob":"project_path:my-group/*:ref_type:tag:ref:v*"}""")]
    [InlineData("gitlab", """{"claim":"namespace_path","prefix":"my-group/"}""", """{"claim":"ref_protected","equals":"true"}""")]
    [InlineData("kubernetes", """{"claim":"sub","equals":"system:serviceaccount:shop:exporter"}""")]
    [InlineData("kubernetes", """{"claim":"sub","prefix":"system:serviceaccount:shop:"}""")]
    [InlineData("kubernetes", """{"claim":"kubernetes.io.namespace","any_of":["shop","stock"]}""")]
    public void Names_alone_are_told_of_and_nothing_else(string kind, params string[] conditions) =>
        Assert.True(Assert.Single(Findings(kind, conditions)) is { Code: RuleLint.MutableNames, IsFatal: false });

    [Fact]
    [Trait("R", "205")]
    public void To_allow_any_owner_does_not_make_up_for_the_ids_that_the_issuer_asks_for() => Assert.Contains(
        RuleLint.Findings("github", requireImmutableIds: true, [Read("""{"claim":"ref","equals":"refs/heads/main"}""")]), f => f is { Code: RuleLint.MutableNames, IsFatal: true });

    private static IReadOnlyList<LintFinding> Findings(string kind, string[] conditions) =>
        RuleLint.Findings(kind, requireImmutableIds: false, [.. conditions.Select(Read)]);

    private static ClaimCondition Read(string json) => ClaimCondition.Read(JsonElement.Parse(json), out var fault) ?? throw new ArgumentException(fault);
}

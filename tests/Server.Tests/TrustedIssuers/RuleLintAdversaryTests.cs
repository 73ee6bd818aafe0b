using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>
/// Every condition that one could make of a token by cutting and starring its texts, alone and in pairs, against the tokens of those who would like to be
/// taken for it: what the linter says nothing of lets none of them in.
/// </summary>
public sealed class RuleLintAdversaryTests
{
    private const string Ends = "/:@-.";

    private static readonly Dictionary<string, string[]> s_claims = new()
    {
        ["github"] = ["sub", "repository", "repository_owner", "repository_id", "repository_owner_id", "ref", "ref_type", "event_name", "workflow_ref", "job_workflow_ref", "actor", "iss"],
        ["gitlab"] = ["sub", "project_path", "namespace_path", "project_id", "namespace_id", "ref", "ref_type", "ref_path", "ref_protected", "pipeline_source", "user_login", "iss"],
        ["kubernetes"] = ["sub", "kubernetes.io.namespace", "/kubernetes.io/namespace", "/kubernetes.io/serviceaccount/name", "/kubernetes.io/serviceaccount/uid", "iss"],
        ["spiffe"] = ["sub", "iss"],
    };

    // Those that are somebody else's: whoever has a longer or a shorter name, and all else alike.
    private static readonly Dictionary<string, string[]> s_strangers = new()
    {
        ["github"] = [.. Strangers("github", "octo-org-evil", "octo-org2", "octo", "o"), .. Strangers("github", "octo-org-evil@1234567", "octo-org2@9")],
        ["gitlab"] = [.. Strangers("gitlab", "my-group-evil", "my-group2", "my", "m")],
        ["kubernetes"] = [.. Strangers("kubernetes", "shop-evil", "shop2", "s")],
        ["spiffe"] = [.. Strangers("spiffe", "/ns/shop-evil", "/ns/shop2", "/ns/evil", "")],
    };

    // Those that took the names when they were given up.
    private static readonly Dictionary<string, string> s_heirs = new()
    {
        ["github"] = """{"repository_id":"1","repository_owner_id":"2"}""",
        ["gitlab"] = """{"project_id":"1","namespace_id":"2"}""",
        ["kubernetes"] = """{"kubernetes.io":{"namespace":"shop","serviceaccount":{"name":"exporter","uid":"1"}}}""",
        ["spiffe"] = "{}",
    };

    // Of the same repository or project, of code that nobody has accepted.
    private static readonly Dictionary<string, string> s_pulls = new()
    {
        ["github"] =
            """
            {"sub":"repo:octo-org/octo-repo:pull_request","event_name":"pull_request","ref":"refs/pull/7/merge","workflow_ref":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/pull/7/merge"}
            """,
        ["gitlab"] =
            """
            {"sub":"project_path:my-group/my-project:ref_type:branch:ref:evil","pipeline_source":"merge_request_event","ref":"evil","ref_path":"refs/heads/evil","ref_protected":"false"}
            """,
        ["kubernetes"] = "{}",
        ["spiffe"] = "{}",
    };

    [Theory]
    [Trait("R", "200")]
    [Trait("R", "205")]
    [InlineData("github", "sub", "repo:octo-org/octo-repo:ref:refs/heads/main")]
    [InlineData("github", "sub", "repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main")]
    [InlineData("gitlab", "ref_protected", "true")]
    [InlineData("kubernetes", "iss", "https://kubernetes.default.svc.cluster.local")]
    [InlineData("spiffe", "iss", "spiffe://prod.example")]
    public void What_the_linter_says_nothing_of_takes_nobody_else(string kind, string claim, string value)
    {
        var own = PlatformTokens.Of(kind);
        own[claim] = value;
        var claims = JsonSerializer.SerializeToElement(own);
        var strangers = s_strangers[kind].Select(changes => Changed(own, changes)).ToArray();
        var heir = Changed(own, s_heirs[kind]);
        var pull = Changed(own, s_pulls[kind]);

        if (value.Contains('@', StringComparison.Ordinal))
        {
            heir = Changed(own, s_heirs[kind].Replace("{", "{\"sub\":\"repo:octo-org@2/octo-repo@1:ref:refs/heads/main\",", StringComparison.Ordinal));
            pull = Changed(own, s_pulls[kind].Replace("octo-org/octo-repo:", "octo-org@123456/octo-repo@456789:", StringComparison.Ordinal));
        }

        var conditions = s_claims[kind].SelectMany(c => Conditions(c, claims)).ToArray();
        var (rules, silent) = (0, 0);

        for (var i = 0; i < conditions.Length; i++)
        {
            for (var j = i; j < conditions.Length; j++)
            {
                ClaimCondition[] rule = i == j ? [conditions[i]] : [conditions[i], conditions[j]];
                var codes = RuleLint.Findings(kind, requireImmutableIds: true, rule).Select(f => f.Code).ToHashSet();
                rules++;
                silent += codes.Count == 0 ? 1 : 0;

                if (!codes.Overlaps([RuleLint.NoCondition, RuleLint.NoOwner, RuleLint.OpenPrefix, RuleLint.DeepWildcard]))
                {
                    Assert.All(strangers, stranger => AssertNotTaken(rule, stranger));
                }

                if (s_heirs[kind].Length > 2 && codes.Count == 0)
                {
                    AssertNotTaken(rule, heir);
                }

                if (s_pulls[kind].Length > 2 && !codes.Overlaps([RuleLint.NoCondition, RuleLint.PullRequest]))
                {
                    AssertNotTaken(rule, pull);
                }
            }
        }

        Assert.True(rules > (kind == "spiffe" ? 1000 : 5000) && silent > 10, $"{rules} rules, of which {silent} are left alone");
    }

    private static void AssertNotTaken(ClaimCondition[] rule, JsonElement claims) =>
        Assert.False(Array.TrueForAll(rule, c => c.Holds(claims)), $"{string.Join(" and ", rule.Select(c => $"{c.Claim} {c.Operator} {string.Join(", ", c.Texts)}"))} takes {claims}");

    private static IEnumerable<ClaimCondition> Conditions(string claim, JsonElement claims)
    {
        Assert.True(ClaimPath.Parse(claim, out _)!.TryFind(claims, out var found, out _) || claim == "iss", claim);

        if (found.ValueKind != JsonValueKind.String)
        {
            yield break;
        }

        var value = found.GetString()!;
        var texts = new List<(string Operator, JsonNode Text)> { ("equals", value), ("any_of", new JsonArray(value, "x")), ("contains", value) };

        // Cut at the ends of the words, and within them.
        foreach (var at in Enumerable.Range(1, value.Length - 1).Where(at => at == 1 || at == value.Length - 1 || Ends.Contains(value[at]) || Ends.Contains(value[at - 1]) || (at > 1 && Ends.Contains(value[at - 2]))))
        {
            texts.Add(("prefix", value[..at]));
            texts.Add(("glob", $"{value[..at]}*"));
            texts.Add(("glob", $"*{value[at..]}"));
            texts.Add(("glob", $"{value[..at]}**"));
            texts.Add(("glob", $"**{value[at..]}"));
        }

        // Each word in the middle starred.
        foreach (var word in value.Split('/', ':', '@').Where(w => w.Length > 0).Distinct())
        {
            texts.Add(("glob", value.Replace(word, "*", StringComparison.Ordinal)));
            texts.Add(("glob", value.Replace(word, $"{word[..1]}*", StringComparison.Ordinal)));
        }

        foreach (var (name, text) in texts)
        {
            // Not every one of them can be one: what matches everything is none.
            if (ClaimCondition.Read(JsonSerializer.SerializeToElement(new JsonObject { ["claim"] = claim, [name] = text }), out _) is { } condition)
            {
                yield return condition;
            }
        }
    }

    private static IEnumerable<string> Strangers(string kind, params string[] others)
    {
        foreach (var other in others)
        {
            yield return kind switch
            {
                "github" =>
                    $$"""
                    {"sub":"repo:{{other}}/{{(other.Contains('@', StringComparison.Ordinal) ? "octo-repo@456789" : "octo-repo")}}:ref:refs/heads/main","repository":"{{other.Split('@')[0]}}/octo-repo",
                     "repository_owner":"{{other.Split('@')[0]}}","repository_id":"4567890","repository_owner_id":"1234567",
                     "workflow_ref":"{{other.Split('@')[0]}}/octo-repo/.github/workflows/deploy.yml@refs/heads/main"}
                    """,
                "gitlab" =>
                    $$"""
                    {"sub":"project_path:{{other}}/my-project:ref_type:branch:ref:feature-branch-1","project_path":"{{other}}/my-project","namespace_path":"{{other}}",
                     "project_id":"201","namespace_id":"721"}
                    """,
                "kubernetes" =>
                    $$$$"""{"sub":"system:serviceaccount:{{{{other}}}}:exporter","kubernetes.io":{"namespace":"{{{{other}}}}","serviceaccount":{"name":"exporter","uid":"a709"}}}""",
                _ => $$"""{"sub":"spiffe://prod.example{{other}}/sa/exporter"}""",
            };
        }
    }

    private static JsonElement Changed(JsonObject own, string changes)
    {
        var claims = own.DeepClone().AsObject();

        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            claims[name] = value!.DeepClone();
        }

        return JsonSerializer.SerializeToElement(claims);
    }
}

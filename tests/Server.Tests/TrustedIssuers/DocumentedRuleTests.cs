using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.OAuth;
using Countersign.Server.TrustedIssuers;

namespace Countersign.Server.Tests.TrustedIssuers;

/// <summary>The rules that the documents tell people to make: the linter says of them what stands there.</summary>
public sealed partial class DocumentedRuleTests
{
    private static readonly (string Sign, string Member)[] s_operators = [("^=", "prefix"), ("~=", "glob"), ("=", "equals")];

    [Theory]
    [Trait("R", "205")]
    [InlineData("docs/guide.md", "github", "deploy:")]
    [InlineData("docs/federation/README.md", "github", "deploy:", "repositories:")]
    [InlineData("docs/federation/github-actions.md", "github", "deploy:", "octo-org:")]
    [InlineData("docs/federation/gitlab.md", "gitlab", "deploy:")]
    [InlineData("docs/federation/kubernetes.md", "kubernetes", "exporter:", "kubernetes.io.namespace=shop: mutable-names")]
    [InlineData("docs/federation/spiffe.md", "spiffe", "exporter:", "'sub~=spiffe://prod.example/ns/shop/sa/*':")]
    [InlineData("docs/federation/generic.md", "generic", "partner-sync:", "farm:")]
    public void Each_rule_of_a_document_is_as_good_as_it_says(string document, string kind, params string[] expected) => Assert.Equal(expected, Rules(document).Select(rule =>
        $"{rule.Name}: {string.Join(' ', RuleLint.Findings(kind, requireImmutableIds: false, [.. rule.Conditions.Select(Read)]).Select(f => f.Code))}".TrimEnd()));

    [Fact]
    public void What_the_linter_can_say_stands_in_the_document_with_whether_it_can_be_allowed()
    {
        var rows = Row().Matches(Text("docs/federation/README.md")).ToDictionary(row => row.Groups["code"].Value, row => row.Groups["allowed"].Value);

        Assert.Equal([RuleLint.NoCondition, .. RuleLint.Allowable], rows.Keys);
        Assert.All(rows, row => Assert.Equal(row.Key == RuleLint.NoCondition, row.Value == "no"));
    }

    // A command with its conditions, or a condition alone that stands within a sentence: that is its own name.
    private static IEnumerable<(string Name, string[] Conditions)> Rules(string document) =>
        from rule in Rule().Matches(Text(document).Replace("\\\n", " ", StringComparison.Ordinal))
        let conditions = Condition().Matches(rule.Value).Select(c => c.Groups["text"].Value).ToArray()
        where conditions.Length > 0
        select (rule.Groups["name"].Success ? rule.Groups["name"].Value : conditions[0], conditions);

    private static ClaimCondition Read(string text)
    {
        var typed = text.Trim('\'');
        var (sign, member) = s_operators.First(known => typed.Contains(known.Sign, StringComparison.Ordinal));
        var at = typed.IndexOf(sign, StringComparison.Ordinal);
        var json = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["claim"] = typed[..at], [member] = typed[(at + sign.Length)..] });

        return ClaimCondition.Read(json, out var fault) ?? throw new ArgumentException(fault);
    }

    private static string Text(string document) => File.ReadAllText(Path.Combine(
        typeof(DocumentedRuleTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "RepositoryRoot").Value!, document));

    [GeneratedRegex(@"countersign rule create (?<name>[\w-]+) [^\n]+|`--condition [^`]+`", RegexOptions.ExplicitCapture)]
    private static partial Regex Rule();

    [GeneratedRegex(@"--condition (?<text>'[^']+'|[^\s`]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Condition();

    [GeneratedRegex(@"^\| `(?<code>[a-z]+-[a-z]+)` \| [^|]+ \| (?<allowed>(no|yes|a warning)[^|]*) \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}

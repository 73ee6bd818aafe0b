using System.Text.RegularExpressions;

namespace Countersign.Conventions.Tests;

public sealed class DocumentTests
{
    private static readonly Regex Link = new(@"\[[^\]\n]*\]\((?<target>[^)\s]+)(?:\s+""[^""]*"")?\)");

    private static readonly Regex Heading = new(@"^#{1,6}\s+(?<title>.+?)\s*$", RegexOptions.Multiline);

    private static readonly Regex Fence = new(@"^(?<fence>`{3,}|~{3,}).*?^\k<fence>\s*?$", RegexOptions.Multiline | RegexOptions.Singleline);

    private static readonly Regex DecisionName = new(@"^docs/decisions/(?<number>\d{4})-[a-z0-9-]+\.md$");

    private static IEnumerable<SourceFile> Documents => Repository.Files.Where(file => file.Path.EndsWith(".md", StringComparison.Ordinal));

    private static List<SourceFile> Decisions => [.. Repository.Under("docs/decisions/").Where(file => file.Name != "README.md")];

    [Fact]
    public void Relative_links_lead_somewhere() =>
        Faults.None(
            from document in Documents.Select(WithoutCode)
            from fault in document.Faults(Link, match => Broken(document, match.Groups["target"].Value))
            select fault,
            "Correct the link, or write the page.");

    [Fact]
    public void The_documents_that_a_newcomer_looks_for_are_there() =>
        Faults.None(
            from path in (string[])["README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "docs/architecture.md"]
            where !Repository.Has(path)
            select $"{path}: is missing",
            "Write it.");

    [Fact]
    public void Decisions_have_a_number_a_title_and_a_status() =>
        Faults.None(
            from decision in Decisions
            from fault in (string?[])
            [
                DecisionName.IsMatch(decision.Path) ? null : "its name is not NNNN-title.md",
                decision.Text.StartsWith("# ", StringComparison.Ordinal) ? null : "it does not begin with a title",
                Regex.IsMatch(decision.Text, @"^\W*Status\b", RegexOptions.Multiline) ? null : "it has no Status line",
            ]
            where fault is not null
            select $"{decision.Path}: {fault}",
            "A decision is one page: # title, Status: …, why, what it costs.");

    [Fact]
    public void No_two_decisions_share_a_number() =>
        Faults.None(
            from decision in Decisions
            group decision.Path by DecisionName.Match(decision.Path).Groups["number"].Value into same
            where same.Count() > 1
            select string.Join(", ", same),
            "Give the newer one the next free number.");

    private static SourceFile WithoutCode(SourceFile document) =>
        document with { Text = Fence.Replace(document.Text, match => new string('\n', match.Value.Count(character => character == '\n'))) };

    private static string? Broken(SourceFile document, string target)
    {
        if (Regex.IsMatch(target, "^(?:https?|mailto):"))
        {
            return null;
        }

        var (path, anchor) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
        var full = path.Length == 0
            ? document.Path
            : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(document.Path)!, path)));

        if (full.StartsWith("..", StringComparison.Ordinal) || !Repository.Has(full))
        {
            return $"{target} leads nowhere";
        }

        return anchor is null || !full.EndsWith(".md", StringComparison.Ordinal) || Anchors(full).Contains(anchor) ? null : $"{target}: no such heading";
    }

    // As the hosting sites make them: lower case, punctuation dropped, spaces to hyphens.
    private static IEnumerable<string> Anchors(string path) =>
        from Match heading in Heading.Matches(File.ReadAllText(Path.Combine(Repository.Root, path)))
        let title = Regex.Replace(heading.Groups["title"].Value, @"\[([^\]]*)\]\([^)]*\)", "$1").ToLowerInvariant()
        select Regex.Replace(title, @"[^\w\- ]", "").Replace(' ', '-');
}

using System.Diagnostics;
using System.Text.RegularExpressions;
using FsCheck.Fluent;

namespace Countersign.OAuth.Tests;

public sealed class ClaimGlobTests
{
    [Theory]
    [Trait("R", "202")]
    [InlineData("repo:org/*:ref:refs/heads/main", "repo:org/app:ref:refs/heads/main", true)]
    [InlineData("repo:org/*:ref:refs/heads/main", "repo:org/:ref:refs/heads/main", true)]
    [InlineData("repo:org/*:ref:refs/heads/main", "repo:org/a/b:ref:refs/heads/main", false)]
    [InlineData("repo:org/*:ref:refs/heads/main", "repo:org/a:b:ref:refs/heads/main", false)]
    [InlineData("repo:org/*:ref:refs/heads/main", "repo:org/app:ref:refs/heads/main2", false)]
    [InlineData("repo:org/*:ref:refs/heads/main", "xrepo:org/app:ref:refs/heads/main", false)]
    [InlineData("repo:org/*", "repo:org-evil/app", false)]
    [InlineData("repo:org/*", "repo:org/app\n", true)]
    [InlineData("repo:org/app", "repo:org/app\n", false)]
    [InlineData("repo:org/**", "repo:org/app:pull_request", true)]
    [InlineData("repo:org/**", "repo:org/", true)]
    [InlineData("**:main", "a/b:c:main", true)]
    [InlineData("**:main", "a/b:c:main:x", false)]
    [InlineData("a*b*c", "a-b-b-c", true)]
    [InlineData("a*b*c", "abc", true)]
    [InlineData("a*b*c", "a/b-c", false)]
    [InlineData("a**b*c", "a/:/b-c", true)]
    [InlineData("a.c", "abc", false)]
    [InlineData("a+[b](c)?\\", "a+[b](c)?\\", true)]
    [InlineData("a?", "ab", false)]
    [InlineData("A", "a", false)]
    [InlineData("ä*", "äöü", true)]
    [InlineData("*😀", "x😀😀", true)]
    [InlineData("*", "", true)]
    [InlineData("*a", "", false)]
    public void A_star_keeps_within_a_segment_and_all_else_is_itself(string pattern, string text, bool matches) =>
        Assert.Equal(matches, Glob(pattern).IsMatch(text));

    [Theory]
    [InlineData("", "1 to 256 characters")]
    [InlineData("***", "not more in a row")]
    [InlineData("a****b", "not more in a row")]
    [InlineData("a\0", "NUL")]
    public void A_pattern_that_is_none_says_why(string text, string says)
    {
        Assert.Null(ClaimGlob.Parse(text, out var fault));
        Assert.Contains(says, fault);
    }

    [Fact]
    public void A_pattern_has_at_most_256_characters_all_whole()
    {
        Assert.True(Glob(new string('a', 256)).IsMatch(new string('a', 256)));
        Assert.Null(ClaimGlob.Parse(new string('a', 257), out _));
        Assert.Null(ClaimGlob.Parse("a\ud800", out var fault));
        Assert.Contains("half of a surrogate pair", fault);
    }

    [Fact]
    [Trait("R", "202")]
    public void It_agrees_with_an_anchored_expression() => Property.Holds(
        Property.TextOf("a", "b", "*", "*", "**", "/", ":", "ab", ".").Generator.Zip(Property.TextOf("a", "b", "/", ":", "ab", ".", "\n").Generator).ToArbitrary(),
        input =>
        {
            var (pattern, text) = input;

            return ClaimGlob.Parse(pattern, out _) is not { } glob || glob.IsMatch(text) == Expression(pattern).IsMatch(text);
        },
        tries: 10_000);

    [Fact]
    [Trait("R", "202")]
    public void What_is_made_of_the_pattern_matches_it() => Property.Holds(
        Gen.Elements("a", "*", "b", "**", "/", ":").NonEmptyListOf().ToArbitrary(),
        parts =>
        {
            var text = string.Concat(parts.Select(p => p == "*" ? "ab" : p == "**" ? "a/b:" : p));

            return ClaimGlob.Parse(string.Concat(parts), out _) is not { } glob || glob.IsMatch(text);
        },
        tries: 2000);

    [Fact]
    public void A_hostile_pattern_takes_time_in_proportion_to_the_text()
    {
        var glob = Glob(string.Concat(Enumerable.Repeat("*a", 127)) + "b");
        var text = new string('a', 16_000);
        glob.IsMatch(text);

        var best = Enumerable.Range(0, 3).Min(_ =>
        {
            var watch = Stopwatch.StartNew();
            Assert.False(glob.IsMatch(text));

            return watch.Elapsed;
        });

        // Some tens of milliseconds, with room for a machine that is busy; one way after the other it would never end.
        Assert.True(best < TimeSpan.FromSeconds(2), $"{best}");
    }

    [Fact]
    public void Matching_allocates_nothing()
    {
        var glob = Glob("repo:org/*:ref:refs/heads/**");

        Assert.Equal(0, Some.AllocatedBy(() => glob.IsMatch("repo:org/app:ref:refs/heads/main")));
    }

    private static Regex Expression(string pattern) => new(
        $@"\A(?:{Regex.Escape(pattern).Replace(@"\*\*", ".*", StringComparison.Ordinal).Replace(@"\*", "[^/:]*", StringComparison.Ordinal)})\z",
        RegexOptions.Singleline | RegexOptions.NonBacktracking);

    private static ClaimGlob Glob(string text)
    {
        var glob = ClaimGlob.Parse(text, out var fault);
        Assert.True(glob is not null, fault);
        Assert.Equal(("", text, text), (fault, glob.Text, $"{glob}"));

        return glob;
    }
}

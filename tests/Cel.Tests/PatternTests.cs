using System.Diagnostics;

namespace Countersign.Cel.Tests;

public sealed class PatternTests
{
    [Theory]
    [InlineData("abc", "b", true)]
    [InlineData("abc", "^b", false)]
    [InlineData("abc", "^abc$", true)]
    // The end is the very end.
    [InlineData("abc\\n", "^abc$", false)]
    [InlineData("abc\\nd", "(?m)^abc$", true)]
    // Digits and words are ASCII.
    [InlineData("٣", "^\\\\d$", false)]
    [InlineData("é", "^\\\\w$", false)]
    [InlineData("é", "^[^a]$", true)]
    [InlineData("7", "^[\\\\d]{1}$", true)]
    [InlineData("😀", "^.$", true)]
    [InlineData("x😀y", "^x..y$", false)]
    [InlineData("😀😀", "^😀+$", true)]
    [InlineData("a\\nb", "a.b", false)]
    [InlineData("a\\nb", "(?s)a.b", true)]
    [InlineData("ABC", "(?i)^abc$", true)]
    [InlineData("ABc", "^(?i:ab)c$", true)]
    [InlineData("ABC", "^(?i:ab)c$", false)]
    [InlineData("aab", "^(?P<name>a)+?b$", true)]
    [InlineData("a{b", "^a{b$", true)]
    [InlineData("aaa", "^a{2}$", false)]
    [InlineData("aaa", "^a{2,}$", true)]
    [InlineData("x]-y", "^[]x-]+y$", true)]
    [InlineData("ab1", "^[[:alpha:]]+[[:digit:]]$", true)]
    [InlineData("É", "^\\\\p{Lu}$", true)]
    [InlineData("a#b", "^a#b$", true)]
    [InlineData("A", "^\\\\x41$", true)]
    [InlineData("b]]", "^[a-z-[b]]]$", true)]
    [Trait("R", "208")]
    public void Patterns_mean_what_RE2_says(string text, string pattern, bool matches) =>
        Assert.Equal(CelValue.Of(matches), Value($"'{text}'.matches('{pattern}')"));

    [Theory]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData("a**")]
    [InlineData("(a)\\\\1")]
    [InlineData("(?=a)")]
    [InlineData("(?!a)")]
    [InlineData("(?<=a)b")]
    [InlineData("(?>a)")]
    [InlineData("\\\\bword")]
    [InlineData("a{1001}")]
    [InlineData("(a{100}){100}")]
    [InlineData("((((a{10}){10}){10}){10}){10}")]
    [InlineData("a{2,1}")]
    [InlineData("[z-a]")]
    [InlineData("\\\\Z")]
    [Trait("R", "207")]
    public void A_pattern_that_is_none_or_too_large_is_refused_when_it_is_written(string pattern)
    {
        var fault = Some.Refused($"claims.matches('{pattern}')");

        Assert.Equal(16, fault.Column);
        Assert.Contains(':', fault.Message);
    }

    [Fact]
    [Trait("R", "207")]
    public void A_pattern_is_bounded_in_length()
    {
        Some.Compiled($"claims.matches('{new string('a', 256)}')");
        Assert.Contains("256", Some.Refused($"claims.matches('{new string('a', 257)}')").Message);
    }

    [Theory]
    [InlineData("claims.s.matches(claims.p)")]
    [InlineData("matches(claims.s, claims.p)")]
    [InlineData("claims.s.matches('^' + claims.p)")]
    [Trait("R", "202")]
    public void A_claim_never_becomes_a_pattern(string text) => Assert.Contains("not computed", Some.Refused(text).Message);

    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("^(a|aa)+$")]
    [InlineData("(.*)(.*)(.*)(.*)(.*)[^a]$")]
    [InlineData("(x+x+)+y")]
    [InlineData("(?:a?){200}a{200}$")]
    [Trait("R", "207")]
    public void Time_grows_with_the_text_only(string pattern)
    {
        var claims = $"\"{new string('a', 8000)}!\"";
        var watch = Stopwatch.GetTimestamp();
        Some.Evaluated($"claims.matches('{pattern}')", claims, CelLimits.MostCost);

        Assert.True(Stopwatch.GetElapsedTime(watch) < TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(8000, "^a+!$", true)]
    [InlineData(100, "^[a!]{500}", true)]
    [InlineData(8000, "^[a!]{500}", false)]
    [Trait("R", "207")]
    public void A_pattern_costs_what_its_length_and_that_of_the_text_make(int length, string pattern, bool isAllowed)
    {
        var outcome = Some.Evaluated($"claims.matches('{pattern}')", $"\"{new string('a', length)}!\"");

        Assert.Equal(isAllowed, outcome.Error is null);
        Assert.InRange(outcome.Cost, isAllowed ? length : 0, CelLimits.UsualCost);
    }

    private static CelValue Value(string text)
    {
        Assert.True(Some.Evaluated(text).Is(out var value, out var error), $"{error}");

        return value;
    }
}

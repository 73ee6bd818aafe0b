using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Cel.Tests;

[Trait("R", "207")]
public sealed class LimitTests
{
    public static TheoryData<string, string> TooLarge { get; } = new()
    {
        { new string(' ', 4090) + "1 == 1", "" },
        { new string(' ', 4091) + "1 == 1", "over 4096 bytes" },
        { "'" + new string('é', 2048) + "'", "over 4096 bytes" },
        { new string('(', 32) + "1" + new string(')', 32), "" },
        { new string('(', 33) + "1" + new string(')', 33), "32 levels" },
        { new string('(', 2000) + "1" + new string(')', 2000), "32 levels" },
        { new string('(', 4096), "32 levels" },
        { new string('[', 4096), "32 levels" },
        { new string('!', 33) + "true", "32 levels" },
        { new string('-', 4000), "32 levels" },
        { string.Concat(Enumerable.Repeat("{1:", 1000)), "32 levels" },
        { string.Concat(Enumerable.Repeat("dyn(", 1000)), "32 levels" },
        { "[" + string.Join(',', Enumerable.Range(0, 900)) + "]", "" },
        { "[" + string.Join(',', Enumerable.Repeat(1, 1001)) + "]", "over 1000 parts" },
        { string.Join("+", Enumerable.Repeat("1", 200)), "" },
        { string.Join("+", Enumerable.Repeat("1", 201)), "over 200 operators" },
        { "claims" + string.Concat(Enumerable.Repeat(".a", 199)), "" },
        { "claims" + string.Concat(Enumerable.Repeat(".a", 200)), "over 200 operators" },
        { string.Join("||", Enumerable.Repeat("true", 500)), "" },
        { string.Concat(Enumerable.Repeat("true?1:", 150)) + "1", "" },
        { string.Concat(Enumerable.Repeat("true?1:", 500)) + "1", "over" },
    };

    [Theory]
    [MemberData(nameof(TooLarge), DisableDiscoveryEnumeration = true)]
    public void An_expression_is_bounded_in_length_depth_and_parts(string text, string refusal)
    {
        var watch = Stopwatch.GetTimestamp();
        var compiled = CelExpression.Compile(text, Some.Environment, out var fault);

        Assert.True(refusal.Length == 0 ? compiled is not null : fault!.Message.Contains(refusal), $"{fault}");
        Assert.True(Stopwatch.GetElapsedTime(watch) < TimeSpan.FromSeconds(2));
    }

    [Theory]
    // Macros in macros.
    [InlineData("claims.l.all(a, claims.l.all(b, claims.l.all(c, claims.l.all(d, a + b + c + d >= 0))))")]
    [InlineData("claims.l.map(a, claims.l.map(b, claims.l.map(c, claims.l))) == []")]
    // A text that doubles.
    [InlineData("['aaaaaaaa'].map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a)")]
    // A list that doubles.
    [InlineData("[[1]].map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a).map(a,a+a)")]
    // A list whose elements are the same one, compared in full.
    [InlineData("[1].map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).exists(x, x == dyn([1].map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a]).map(a,[a,a])[0]))")]
    [InlineData("claims.l.all(a, claims.s.contains('b') || claims.s.matches('^(a|aa)+$') || true)")]
    public void A_bomb_ends_at_the_cost_limit_and_nothing_turns_that_into_a_value(string text)
    {
        var claims = $$"""{"l":[{{string.Join(',', Enumerable.Range(0, 1000))}}],"s":"{{new string('a', 5000)}}"}""";
        var watch = Stopwatch.GetTimestamp();

        foreach (var bomb in (string[])[text, $"(dyn({text})) || true", $"true || false ? dyn({text}) : 1", $"[1].exists(x, dyn({text})) || true"])
        {
            var outcome = Some.Evaluated(bomb, claims);

            Assert.Contains("cost limit", outcome.Error?.Message);
            Assert.InRange(outcome.Cost, 0, CelLimits.UsualCost);
        }

        Assert.True(Stopwatch.GetElapsedTime(watch) < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void A_bomb_in_one_expression_leaves_another_what_it_had()
    {
        Assert.NotNull(Some.Evaluated("claims.l.all(a, claims.l.all(b, claims.l.all(c, true)))", $$"""{"l":[{{string.Join(',', Enumerable.Range(0, 1000))}}]}""").Error);
        Assert.True(Some.Evaluated("claims.l.all(a, a < 1000)", """{"l":[1,2,3]}""").IsTrue);
    }

    [Fact]
    public void The_cost_limit_is_the_environments()
    {
        Assert.True(Some.Evaluated("[1, 2, 3].all(x, x > 0)", cost: 100).IsTrue);
        Assert.Contains("cost limit of 5 units", Some.Evaluated("[1, 2, 3].all(x, x > 0)", cost: 5).Error!.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CelEnvironment { CostLimit = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CelEnvironment { CostLimit = 1_000_001 });
    }

    [Theory]
    [InlineData("claims.s == claims.s + ''")]
    [InlineData("claims.s < claims.t")]
    [InlineData("claims.s.startsWith('a')")]
    [InlineData("claims.s.contains('b')")]
    [InlineData("size(claims.s) > 0")]
    [InlineData("claims.s in claims")]
    [InlineData("claims[claims.s] == 1")]
    [InlineData("{claims.s: 1} == {}")]
    [InlineData("int(claims.s) == 1")]
    [InlineData("double(claims.s) == 1.0")]
    [InlineData("bytes(claims.s) == b''")]
    public void A_long_text_costs_its_length(string text) =>
        Assert.InRange(Some.Evaluated(text, $$"""{"s":"{{new string('a', 8000)}}","t":"b"}""").Cost, 1000, 5000);

    [Fact]
    public void The_deadline_ends_an_evaluation_whatever_it_has_cost()
    {
        var clock = new FakeTimeProvider();
        var deadline = new CelDeadline(clock, CelDeadline.Usual);
        var expression = Some.Compiled("claims.all(a, claims.all(b, true)) || true", Some.Condition);
        var variables = Some.With(Some.Condition, $"[{string.Join(',', Enumerable.Range(0, 100))}]");

        Assert.True(expression.Evaluate(variables, deadline).IsTrue);
        clock.Advance(TimeSpan.FromMilliseconds(6));
        var late = expression.Evaluate(variables, deadline);

        Assert.Contains("cut off", late.Error!.Message);
        Assert.InRange(late.Cost, 0, 300);
    }

    [Fact]
    public void What_costs_all_that_is_allowed_takes_milliseconds()
    {
        var claims = $"[{string.Join(',', Enumerable.Range(0, 1000))}]";
        var expression = Some.Compiled("claims.all(a, claims.all(b, a + b >= 0))", Some.Condition);
        var variables = Some.With(Some.Condition, claims);
        var best = TimeSpan.MaxValue;

        for (var i = 0; i < 20; i++)
        {
            var watch = Stopwatch.GetTimestamp();
            Assert.NotNull(expression.Evaluate(variables).Error);
            best = best < Stopwatch.GetElapsedTime(watch) ? best : Stopwatch.GetElapsedTime(watch);
        }

        Assert.True(best < TimeSpan.FromMilliseconds(50), $"{best}");
    }

    [Fact]
    public void Values_are_shown_at_most_two_hundred_characters_long()
    {
        var value = Some.Evaluated("[claims, claims, {'a': claims}, b'abc']", $"\"{string.Concat(Enumerable.Repeat("😀'\\u202e", 500))}\"");

        Assert.Equal(CelLimits.MostShown, value.ToString().Length);
        Assert.EndsWith("…", value.ToString());
        Assert.DoesNotContain('\u202E', value.ToString());
    }
}

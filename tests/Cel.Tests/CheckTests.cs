namespace Countersign.Cel.Tests;

public sealed class CheckTests
{
    [Theory]
    [InlineData("1 + 'a'", 1, "+ does not take int and string")]
    [InlineData("count == 'a'", 1, "never equals")]
    [InlineData("true && count", 9, "needs a condition")]
    [InlineData("count ? 1 : 2", 1, "needs a condition")]
    [InlineData("true ? 1 : 'a'", 1, "branches")]
    [InlineData("!count", 1, "! does not take int")]
    [InlineData("-'a'", 1, "- does not take string")]
    [InlineData("unknown == 1", 1, "write one of claims, now, roles, count")]
    [InlineData("roles == [admin]", 11, "there is no admin")]
    [InlineData("environment('HOME')", 1, "there is no function environment")]
    [InlineData("claims.invoke()", 1, "there is no function invoke")]
    [InlineData("contains(claims, 'a')", 1, "write string.contains(string)")]
    [InlineData("size == 1", 1, "size is a function")]
    [InlineData("count.name", 1, "has no members")]
    [InlineData("has(claims)", 5, "write has(claims.name)")]
    [InlineData("has(count.a)", 5, "has no members")]
    [InlineData("roles['a']", 1, "count with an int")]
    [InlineData("1 in roles", 1, "never in")]
    [InlineData("'a' in 'abc'", 1, "text.contains(part)")]
    [InlineData("roles.all(1, true)", 11, "names its elements first")]
    [InlineData("roles.all(x, x)", 14, "needs a condition")]
    [InlineData("count.all(x, true)", 1, "has no elements")]
    [InlineData("{1.0: 2}", 2, "key of a map")]
    [InlineData("now.getHours('Nowhere/City')", 14, "no such time zone")]
    [InlineData("now.getHours('../../etc/passwd')", 14, "no such time zone")]
    [InlineData("roles == null", 1, "never equals")]
    [InlineData("(1 + 2) * roles", 2, "* does not take")]
    [Trait("R", "207")]
    public void What_can_never_be_evaluated_is_refused_with_its_place_and_what_to_do(string text, int column, string message)
    {
        var fault = Some.Refused(text);

        Assert.Contains(message, fault.Message);
        Assert.Equal((1, column), (fault.Line, fault.Column));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("1 +", 4)]
    [InlineData("1 2", 3)]
    [InlineData("(1", 3)]
    [InlineData("[1, 2", 6)]
    [InlineData("size(1,)", 8)]
    [InlineData("a = 1", 3)]
    [InlineData("a & b", 3)]
    [InlineData("'a", 1)]
    [InlineData("'a\nb'", 1)]
    [InlineData("'\\q'", 2)]
    [InlineData("'\\ud800'", 2)]
    [InlineData("'\\x1'", 2)]
    [InlineData("b'\\u0041'", 3)]
    [InlineData("1a", 1)]
    [InlineData("9223372036854775808", 1)]
    [InlineData("-9223372036854775809", 1)]
    [InlineData("18446744073709551616u", 1)]
    [InlineData("1e999", 1)]
    [InlineData("while", 1)]
    [InlineData("claims.in", 8)]
    [InlineData("`claims`", 1)]
    [InlineData("claims.`a$b`", 8)]
    [InlineData("!-1", 2)]
    [InlineData("claims{a: 1}", 1)]
    [InlineData("@", 1)]
    public void What_is_no_expression_is_refused_with_its_place(string text, int column) => Assert.Equal(column, Some.Refused(text).Column);

    [Fact]
    public void Half_of_a_character_is_refused() => Assert.Equal(2, Some.Refused("'\uD83D'").Column);

    [Fact]
    public void A_place_is_told_by_line_and_column()
    {
        var fault = Some.Refused("claims.a == 1 && // first\n  claims.b = 2");

        Assert.Equal((2, 12, 37), (fault.Line, fault.Column, fault.Start));
        Assert.StartsWith("line 2, column 12: ", fault.ToString());
    }

    [Theory]
    [InlineData("1 + 1")]
    [InlineData("'true'")]
    [InlineData("claims.matches('a') ? 'yes' : 'no'")]
    public void A_condition_comes_to_true_or_false(string text) => Assert.Contains("must come to bool", Some.Refused(text, Some.Condition).Message);

    [Fact]
    [Trait("R", "203")]
    public void A_condition_that_comes_to_something_else_is_no()
    {
        var outcome = Some.Compiled("claims.a", Some.Condition).Evaluate(Some.With(Some.Condition, """{"a":"true"}"""));

        Assert.False(outcome.IsTrue);
        Assert.Equal("the expression came to string, not bool", outcome.Error!.Message);
    }
}

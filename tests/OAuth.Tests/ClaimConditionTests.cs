using System.Text.Json;
using FsCheck.Fluent;

namespace Countersign.OAuth.Tests;

public sealed class ClaimConditionTests
{
    [Theory]
    [InlineData("\"equals\":\"x\"", "\"x\"")]
    [InlineData("\"equals\":\"\"", "\"\"")]
    [InlineData("\"equals\":\"é/\"", "\"\\u00e9\\/\"")]
    [InlineData("\"equals\":true", "true")]
    [InlineData("\"equals\":12", "12")]
    [InlineData("\"equals\":12", "12.0")]
    [InlineData("\"equals\":1.5", "1.50")]
    [InlineData("\"equals\":-0.1", "-0.1")]
    [InlineData("\"equals\":18446744073709551615", "18446744073709551615")]
    [InlineData("\"prefix\":\"repo:org/\"", "\"repo:org/app\"")]
    [InlineData("\"prefix\":\"repo:org/\"", "\"repo:org/\"")]
    [InlineData("\"glob\":\"repo:org/*\"", "\"repo:org/app\"")]
    [InlineData("\"any_of\":[\"a\",1,true]", "\"a\"")]
    [InlineData("\"any_of\":[\"a\",1,true]", "1")]
    [InlineData("\"any_of\":[\"a\",1,true]", "true")]
    [InlineData("\"contains\":\"a\"", "[\"b\",\"a\"]")]
    [InlineData("\"contains\":1", "[\"1\",1]")]
    public void A_claim_that_is_as_the_condition_wants_meets_it(string condition, string claim)
    {
        Assert.True(Condition(condition).Holds(Claims(claim)));

        var report = Condition(condition).Explain(Claims(claim));
        Assert.Equal((true, null, "c", claim), (report.Passed, report.Detail, report.Claim, report.Got));
    }

    [Theory]
    [Trait("R", "203")]
    [InlineData("\"equals\":\"x\"", "\"y\"", "it is another value")]
    [InlineData("\"equals\":\"x\"", "\"X\"", "it differs in letter case")]
    [InlineData("\"equals\":\"x\"", "\"x \"", "it is another value")]
    [InlineData("\"equals\":\"x\"", "[\"x\"]", "the claim is a list, not a text")]
    [InlineData("\"equals\":\"x\"", "{\"x\":1}", "the claim is an object, not a text")]
    [InlineData("\"equals\":\"x\"", "null", "the claim is null, not a text")]
    [InlineData("\"equals\":\"12\"", "12", "the claim is a number, not a text")]
    [InlineData("\"equals\":\"true\"", "true", "the claim is a boolean, not a text")]
    [InlineData("\"equals\":12", "\"12\"", "the claim is a text, not a number")]
    [InlineData("\"equals\":12", "13", "it is another value")]
    [InlineData("\"equals\":12", "1.2e1", "it is another value")]
    [InlineData("\"equals\":0", "1e-40", "it is another value")]
    [InlineData("\"equals\":0.1", "0.10000000000000000000000000000000001", "it is another value")]
    [InlineData("\"equals\":18446744073709551615", "18446744073709551616", "it is another value")]
    [InlineData("\"equals\":true", "\"true\"", "the claim is a text, not a boolean")]
    [InlineData("\"equals\":true", "1", "the claim is a number, not a boolean")]
    [InlineData("\"equals\":true", "false", "it is another value")]
    [InlineData("\"prefix\":\"repo:org/\"", "\"repo:org-evil/app\"", "it begins otherwise")]
    [InlineData("\"prefix\":\"repo:org/\"", "\"Repo:Org/app\"", "it differs in letter case")]
    [InlineData("\"prefix\":\"repo:org/\"", "[\"repo:org/app\"]", "the claim is a list, not a text")]
    [InlineData("\"glob\":\"repo:org/*\"", "\"repo:other/app\"", "it is not of this pattern")]
    [InlineData("\"glob\":\"repo:org/*\"", "\"repo:org/app:pull_request\"", "one star does not match slashes and colons; two do")]
    [InlineData("\"glob\":\"1*\"", "12", "the claim is a number, not a text")]
    [InlineData("\"any_of\":[\"a\",\"b\"]", "\"c\"", "it is none of the values")]
    [InlineData("\"any_of\":[\"a\",\"b\"]", "\"B\"", "it differs in letter case")]
    [InlineData("\"any_of\":[\"a\",\"b\"]", "[\"a\"]", "the claim is a list, not a text")]
    [InlineData("\"any_of\":[\"a\",1]", "2", "it is none of the values")]
    [InlineData("\"contains\":\"a\"", "[\"b\"]", "the list does not hold it")]
    [InlineData("\"contains\":\"a\"", "[]", "the list does not hold it")]
    [InlineData("\"contains\":\"a\"", "[\"A\"]", "the list holds it in other letter case")]
    [InlineData("\"contains\":\"a\"", "[[\"a\"]]", "the list does not hold it")]
    [InlineData("\"contains\":\"a\"", "\"a\"", "the claim is a text, not a list")]
    [InlineData("\"contains\":\"a\"", "{\"a\":\"a\"}", "the claim is an object, not a list")]
    [InlineData("\"equals\":\"x\"", "\"\\ud800\"", "half of a surrogate pair")]
    [InlineData("\"prefix\":\"x\"", "\"\\ud800\"", "half of a surrogate pair")]
    [InlineData("\"contains\":\"x\"", "[\"\\ud800\"]", "half of a surrogate pair")]
    public void A_claim_of_another_value_or_type_does_not_and_is_told_why(string condition, string claim, string detail)
    {
        Assert.False(Condition(condition).Holds(Claims(claim)));

        var report = Condition(condition).Explain(Claims(claim));
        Assert.Equal((false, claim), (report.Passed, report.Got));
        Assert.Contains(detail, report.Detail!);
    }

    [Fact]
    [Trait("R", "203")]
    public void A_claim_that_is_absent_or_there_twice_meets_no_condition()
    {
        var condition = Read("""{"claim":"a.b","equals":"x"}""");

        Assert.False(condition.Holds(Json("{}")));
        Assert.Equal(("the claim is absent", null), (condition.Explain(Json("{}")).Detail, condition.Explain(Json("{}")).Got));
        Assert.False(condition.Holds(Json("""{"a.b":"x","a":{"b":"x"}}""")));
        Assert.Contains("JSON pointer", condition.Explain(Json("""{"a.b":"x","a":{"b":"x"}}""")).Detail);
        Assert.False(condition.Holds(Json("\"x\"")));
    }

    [Theory]
    [InlineData("\"x\"", "is an object")]
    [InlineData("[]", "is an object")]
    [InlineData("{}", "claim is absent")]
    [InlineData("""{"equals":"x"}""", "claim is absent")]
    [InlineData("""{"claim":"c"}""", "one of equals, prefix, glob, any_of and contains is absent")]
    [InlineData("""{"claim":1,"equals":"x"}""", "claim stands once")]
    [InlineData("""{"claim":"c","claim":"c","equals":"x"}""", "claim stands once")]
    [InlineData("""{"claim":"c","equals":"x","prefix":"x"}""", "write a second condition")]
    [InlineData("""{"claim":"c","equals":"x","equals":"x"}""", "write a second condition")]
    [InlineData("""{"claim":"c","equals":"x","note":1}""", "and no other")]
    [InlineData("""{"claim":"c","Equals":"x"}""", "and no other")]
    [InlineData("""{"claim":"c","regex":"x"}""", "and no other")]
    [InlineData("""{"claim":"c.","equals":"x"}""", "is empty")]
    [InlineData("""{"claim":"c","equals":null}""", "equals compares with")]
    [InlineData("""{"claim":"c","equals":["x"]}""", "equals compares with")]
    [InlineData("""{"claim":"c","equals":{"x":1}}""", "equals compares with")]
    [InlineData("""{"claim":"c","equals":1e3}""", "without exponent")]
    [InlineData("""{"claim":"c","equals":0.1000000000000000000000000000000000}""", "at most 28 characters")]
    [InlineData("""{"claim":"c","prefix":1}""", "prefix must be a text")]
    [InlineData("""{"claim":"c","glob":true}""", "glob must be a text")]
    [InlineData("""{"claim":"c","glob":"a***"}""", "not more in a row")]
    [InlineData("""{"claim":"c","any_of":"x"}""", "any_of is a list of 1 to 100")]
    [InlineData("""{"claim":"c","any_of":[]}""", "any_of is a list of 1 to 100")]
    [InlineData("""{"claim":"c","any_of":["x",null]}""", "any_of compares with")]
    [InlineData("""{"claim":"c","any_of":[["x"]]}""", "any_of compares with")]
    [InlineData("""{"claim":"c","contains":[]}""", "contains compares with")]
    [InlineData("""{"claim":"\ud800","equals":"x"}""", "half of a surrogate pair")]
    [InlineData("""{"claim":"c","equals":"\ud800"}""", "half of a surrogate pair")]
    [InlineData("""{"claim":"c","\ud800":"x"}""", "half of a surrogate pair")]
    public void A_condition_that_is_none_says_why(string json, string says) => Refused(json, says);

    [Theory]
    [Trait("R", "200")]
    [InlineData("""{"claim":"c","prefix":""}""")]
    [InlineData("""{"claim":"c","glob":"*"}""")]
    [InlineData("""{"claim":"c","glob":"**"}""")]
    public void A_condition_that_would_match_everything_is_refused(string json) => Refused(json, "matches everything");

    [Fact]
    public void Counts_and_lengths_are_capped()
    {
        Read($$"""{"claim":"c","equals":"{{new string('x', 2048)}}"}""");
        Refused($$"""{"claim":"c","equals":"{{new string('x', 2049)}}"}""", "at most 2048 characters");
        Read($$"""{"claim":"c","any_of":[{{string.Join(',', Enumerable.Range(0, 100))}}]}""");
        Refused($$"""{"claim":"c","any_of":[{{string.Join(',', Enumerable.Range(0, 101))}}]}""", "1 to 100");
        Refused($$"""{"claim":"c","glob":"{{new string('x', 257)}}"}""", "1 to 256");
    }

    [Theory]
    [InlineData("""{"claim":"/kubernetes.io/namespace","equals":"prod"}""")]
    [InlineData("""{"claim":"c","equals":1.50}""")]
    [InlineData("""{"claim":"c","equals":false}""")]
    [InlineData("""{"claim":"c","prefix":"a/"}""")]
    [InlineData("""{"claim":"c","glob":"a/*"}""")]
    [InlineData("""{"claim":"c","any_of":["a",1,true]}""")]
    [InlineData("""{"claim":"c","contains":"a"}""")]
    public void What_is_written_is_what_was_read(string json) => Assert.Equal(json, Written(Read(json)));

    [Fact]
    public void It_can_be_made_for_one_text()
    {
        var condition = ClaimCondition.Exactly("/sub", "*");

        Assert.Equal("""{"claim":"/sub","equals":"*"}""", Written(condition));
        Assert.Equal(("*", "equals", "/sub"), (condition.Literal, condition.Operator, condition.Claim));
        Assert.True(condition.Holds(Json("""{"sub":"*"}""")));
        Assert.False(condition.Holds(Json("""{"sub":"a"}""")));
        Assert.Throws<ArgumentException>(() => ClaimCondition.Exactly("", "a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => ClaimCondition.Exactly("a", new string('a', 2049)));
    }

    [Fact]
    public void The_texts_that_it_names_can_be_looked_at()
    {
        Assert.Equal("x", Condition("\"equals\":\"x\"").Literal);
        Assert.Null(Condition("\"equals\":1").Literal);
        Assert.Null(Condition("\"prefix\":\"x\"").Literal);
        Assert.Equal(["a", "b"], Condition("\"any_of\":[\"a\",1,\"b\"]").Texts);
        Assert.Equal(["a/*"], Condition("\"glob\":\"a/*\"").Texts);
    }

    [Fact]
    public void A_long_claim_is_shown_in_part()
    {
        var report = Condition("\"equals\":\"x\"").Explain(Claims($"\"{new string('y', 1000)}\""));

        Assert.Equal(257, report.Got!.Length);
        Assert.Equal("\"x\"", report.Expected);
        Assert.Equal("[\"a/é\",1]", Condition("\"any_of\":[\"a/é\",1]").Explain(Claims("1")).Expected);
    }

    [Fact]
    public void Explaining_agrees_with_holding() => Property.Holds(
        Gen.Elements("\"equals\":\"a\"", "\"equals\":1", "\"equals\":true", "\"prefix\":\"a\"", "\"glob\":\"a*\"", "\"any_of\":[\"a\",1]", "\"contains\":\"a\"")
            .Zip(Gen.Elements("\"a\"", "\"ab\"", "\"A\"", "1", "1.0", "true", "false", "null", "[]", "[\"a\"]", "[1]", "{}", "\"\\udc00\"")).ToArbitrary(),
        input =>
        {
            var (condition, claims) = (Condition(input.Item1), Claims(input.Item2));
            var report = condition.Explain(claims);

            return report.Passed == condition.Holds(claims) && report.Passed == (report.Detail is null);
        });

    [Fact]
    [Trait("R", "261")]
    public void Nothing_like_a_condition_makes_it_throw() => Property.Holds(
        Property.TextOf("{", "}", "\"claim\":", "\"equals\":", "\"glob\":", "\"any_of\":", "\"a\"", "\"*\"", "\"\\ud800\"", "1", "1e9", "[", "]", ",", ",", "null", "\"/~\""),
        text =>
        {
            try
            {
                using var json = JsonDocument.Parse($"{{{text}}}");
                var condition = ClaimCondition.Read(json.RootElement, out var fault);

                return (condition is null) == (fault.Length > 0) && (condition is null || condition.Holds(json.RootElement) == condition.Explain(json.RootElement).Passed);
            }
            catch (JsonException)
            {
                return true;
            }
        },
        tries: 5000);

    [Fact]
    public void Comparing_texts_allocates_nothing()
    {
        var (condition, any, claims) = (Condition("\"equals\":\"x\""), Condition("\"any_of\":[\"y\",\"x\"]"), Claims("\"x\""));

        Assert.Equal(0, Some.AllocatedBy(() => condition.Holds(claims)));
        Assert.Equal(0, Some.AllocatedBy(() => any.Holds(claims)));
    }

    private static ClaimCondition Condition(string operand) => Read($$"""{"claim":"c",{{operand}}}""");

    private static ClaimCondition Read(string json)
    {
        var condition = ClaimCondition.Read(Json(json), out var fault);
        Assert.True(condition is not null, fault);
        Assert.Equal("", fault);

        return condition;
    }

    private static void Refused(string json, string says)
    {
        Assert.Null(ClaimCondition.Read(Json(json), out var fault));
        Assert.Contains(says, fault);
    }

    private static string Written(ClaimCondition condition)
    {
        using var stream = new MemoryStream();

        using (var json = new Utf8JsonWriter(stream))
        {
            condition.Write(json);
        }

        return Some.Text(stream.ToArray());
    }

    private static JsonElement Claims(string claim) => Json($$"""{"other":"x","c":{{claim}}}""");

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}

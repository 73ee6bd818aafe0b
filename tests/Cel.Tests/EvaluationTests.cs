using System.Text;
using System.Text.Json;

namespace Countersign.Cel.Tests;

public sealed class EvaluationTests
{
    private const string Claims = """{"sub":"repo:acme/web","n":3,"big":9223372036854775808,"half":0.5,"whole":2.0,"none":null,"list":["a","b"],"deep":{"a":{"b":1}},"on":true}""";

    [Theory]
    [InlineData("claims.sub == 'repo:acme/web'", "true")]
    [InlineData("claims.sub.startsWith('repo:') && claims.n > 2", "true")]
    [InlineData("'a' in claims.list", "true")]
    [InlineData("'c' in claims.list", "false")]
    [InlineData("claims.deep.a.b == 1.0", "true")]
    [InlineData("claims['deep']['a']", "{'b': 1}")]
    [InlineData("claims.none == null", "true")]
    [InlineData("type(claims.n) == int && type(claims.big) == double && type(claims.whole) == double", "true")]
    [InlineData("claims.n == '3'", "false")]
    [InlineData("claims.on == 'true'", "false")]
    [InlineData("has(claims.absent)", "false")]
    [InlineData("has(claims.none)", "true")]
    [InlineData("!has(claims.absent) || claims.absent == 1", "true")]
    [InlineData("claims.list.map(x, x + '!')", "['a!', 'b!']")]
    [InlineData("claims.list.map(x, x == 'a', x + '!')", "['a!']")]
    [InlineData("claims.list.exists(x, claims.list.all(y, x <= y))", "true")]
    [InlineData("[1, 2].map(x, [3].map(x, x)[0] + x)", "[4, 5]")]
    [InlineData("timestamp('2026-01-31T23:30:00+01:00').getHours()", "22")]
    [InlineData("timestamp(0) + duration('1h30m1.5s')", "timestamp('1970-01-01T01:30:01.5Z')")]
    [InlineData("duration('-1.5s')", "duration('-1.5s')")]
    [InlineData("timestamp('2026-07-01T00:00:00Z').getHours('Europe/Berlin')", "2")]
    [InlineData("timestamp('0001-01-01T00:00:00Z').getFullYear('-05:00')", "1")]
    [InlineData("[1.0, 1e300, 2u, b'a\\x00', type(1), null]", "[1.0, 1e+300, 2u, b'a\\x00', int, null]")]
    [InlineData("'\\u007f\\n\\''", "'\\u007F\\n\\''")]
    [InlineData("string(1.0) + string(true)", "'1true'")]
    [InlineData("'\uE000' < '😀'", "true")]
    // Equality is exact; the order is that of doubles, as the conformance data wants it.
    [InlineData("dyn(9007199254740993) == 9007199254740992.0", "false")]
    [InlineData("9007199254740993 > 9007199254740992.0", "false")]
    [InlineData("9007199254740994 > 9007199254740992.0", "true")]
    [InlineData("9223372036854775807 in {9223372036854775807u: 1}", "true")]
    [InlineData("18446744073709551615u > -1", "true")]
    [InlineData("{1: 'a'}[1u] + {2u: 'b'}[2.0]", "'ab'")]
    [InlineData("2 in {2u: 1} && 2.0 in {2: 1}", "true")]
    [InlineData("true ? 1 : false ? 2 : 3", "1")]
    [InlineData("type(timestamp(0)) == google.protobuf.Timestamp", "true")]
    [InlineData(".claims.n", "3")]
    [InlineData("[0].all(claims, .claims.n == 3)", "true")]
    [InlineData("[1, 2, ] == [1, 2] // the end", "true")]
    [Trait("R", "208")]
    public void Expressions_come_to_values(string text, string value) => Assert.Equal(value, Some.Shown(text, Claims));

    [Theory]
    [InlineData("claims.absent == 'x'")]
    [InlineData("claims.absent != 'x'")]
    [InlineData("!(claims.absent == 'x')")]
    [InlineData("claims.n.startsWith('3')")]
    [InlineData("claims.sub > 1")]
    [InlineData("claims.deep.a.b.c == 1")]
    [InlineData("claims.list[2] == 'c'")]
    [InlineData("claims.list.all(x, x > 1)")]
    [InlineData("claims.n + claims.half > 0.0")]
    [InlineData("claims.n / 0 == 1")]
    [InlineData("int('x') == 1")]
    [InlineData("timestamp('2026-02-30T00:00:00Z') < timestamp(0)")]
    [InlineData("claims.sub")]
    [InlineData("claims.sub && true")]
    [Trait("R", "203")]
    public void An_absent_claim_another_type_and_an_error_are_no(string text)
    {
        var outcome = Some.Compiled(text, Some.Condition).Evaluate(Some.With(Some.Condition, Claims));

        Assert.False(outcome.IsTrue);
        Assert.NotNull(outcome.Error);
        Assert.InRange(outcome.Error.Start, 0, text.Length);
        Assert.InRange(outcome.Error.Start + outcome.Error.Length, 1, text.Length);
    }

    // T true, F false, E an error.
    [Theory]
    [InlineData("T", "T", "T", "T")]
    [InlineData("T", "F", "F", "T")]
    [InlineData("T", "E", "E", "T")]
    [InlineData("F", "T", "F", "T")]
    [InlineData("F", "F", "F", "F")]
    [InlineData("F", "E", "F", "E")]
    [InlineData("E", "T", "E", "T")]
    [InlineData("E", "F", "F", "E")]
    [InlineData("E", "E", "E", "E")]
    [Trait("R", "208")]
    public void And_and_or_take_errors_in_either_order(string left, string right, string and, string or)
    {
        static string Text(string letter) => letter switch { "T" => "true", "F" => "false", _ => "claims.absent" };
        static string Letter(CelOutcome outcome) => outcome.Error is not null ? "E" : outcome.IsTrue ? "T" : "F";

        Assert.Equal(and, Letter(Some.Evaluated($"{Text(left)} && {Text(right)}")));
        Assert.Equal(or, Letter(Some.Evaluated($"{Text(left)} || {Text(right)}")));

        // The macros are such chains over the elements.
        const string Condition = "x == 'T' ? true : x == 'F' ? false : 1 / 0 == 1";
        Assert.Equal(and, Letter(Some.Evaluated($"['{left}', '{right}'].all(x, {Condition})")));
        Assert.Equal(or, Letter(Some.Evaluated($"['{left}', '{right}'].exists(x, {Condition})")));
    }

    [Fact]
    public void An_error_says_where_it_came_from()
    {
        var text = "true && claims.deep.missing == 1";
        var error = Some.Evaluated(text, Claims).Error!;

        Assert.Equal("claims.deep.missing", text.Substring(error.Start, error.Length));
        Assert.Equal("there is no member missing: test for it with has()", error.Message);
    }

    [Fact]
    public void A_variable_without_a_value_is_an_error() =>
        Assert.Equal("count has no value", Some.Compiled("count == 1").Evaluate(new CelActivation(Some.Environment)).Error!.Message);

    [Fact]
    public void Variables_belong_to_their_environment()
    {
        Assert.Throws<ArgumentException>(() => Some.Compiled("1").Evaluate(new CelActivation(Some.Condition)));
        Assert.Throws<ArgumentException>(() => new CelActivation(Some.Condition).With("absent", CelValue.Null));
    }

    [Theory]
    [InlineData("1", CelKind.Int)]
    [InlineData("-0", CelKind.Int)]
    [InlineData("9223372036854775807", CelKind.Int)]
    [InlineData("9223372036854775808", CelKind.Double)]
    [InlineData("1.0", CelKind.Double)]
    [InlineData("1e3", CelKind.Double)]
    [InlineData("\"1\"", CelKind.String)]
    [InlineData("null", CelKind.Null)]
    [InlineData("[]", CelKind.List)]
    [InlineData("{}", CelKind.Map)]
    [InlineData("false", CelKind.Bool)]
    public void JSON_is_of_the_kind_that_claims_have(string json, CelKind kind)
    {
        Assert.Equal(kind, CelValue.FromJson(Encoding.UTF8.GetBytes(json)).Kind);
        Assert.Equal(kind, CelValue.FromJson(JsonDocument.Parse(json).RootElement).Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    [InlineData("NaN")]
    public void What_is_no_sound_JSON_is_no_value(string json) =>
        Assert.ThrowsAny<JsonException>(() => CelValue.FromJson(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Values_are_read_back_as_they_were_given()
    {
        var moment = new DateTimeOffset(2026, 1, 31, 23, 59, 59, 500, TimeSpan.FromHours(2));

        Assert.Equal("timestamp('2026-01-31T21:59:59.5Z')", CelValue.Of(moment).ToString());
        Assert.Equal((1L, 2UL, 0.5, "a"), (CelValue.Of(1L).AsInt(), CelValue.Of(2UL).AsUint(), CelValue.Of(0.5).AsDouble(), CelValue.Of("a").AsString()));
        Assert.True(CelValue.True.AsBool());
        Assert.Equal([1, 2], CelValue.Of(new byte[] { 1, 2 }).AsBytes().ToArray());
        Assert.Single(CelValue.Of([CelValue.Null]).AsList());
        Assert.Single(CelValue.Of([KeyValuePair.Create("a", CelValue.Null)]).AsMap());
        Assert.Throws<InvalidOperationException>(() => CelValue.Null.AsBool());
    }
}

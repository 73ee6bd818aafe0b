using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Cel.Tests;

public sealed class ExpressionProperties
{
    private const int Cost = 2000;

    private static readonly CelEnvironment s_checked = new(KeyValuePair.Create("claims", CelType.Dyn)) { CostLimit = Cost };
    private static readonly CelEnvironment s_unchecked = new(KeyValuePair.Create("claims", CelType.Dyn)) { CostLimit = Cost, IsChecked = false };

    private static readonly Arbitrary<string> Texts = Property.TextOf(
        "claims", ".", "a", "(", ")", "[", "]", "{", "}", ",", ":", "?", "1", "2u", "0.5", "'x'", "b'\\xff'", "+", "-", "*", "/", "%", "!", "==", "<",
        "&&", "||", " in ", ".map(x, ", ".all(x, ", ".size()", "x", "has(", "null", "true", "r'", "\"", "'''", "\\", "\n", "//", "0x", "e9", "`", "\uD800",
        "😀", ".matches('", "timestamp(", "duration(", "int(", " ");

    private static readonly Arbitrary<string> Patterns = Property.TextOf(
        "a", "b", ".", "*", "+", "?", "(", ")", "(?:", "(?i)", "(?P<n>", "|", "[", "]", "^", "$", "-", "{2}", "{1,", "}", "\\", "d", "W", "p{L}", "x41", "😀", ":",
        "[:alpha:]", "é");

    // Whole expressions, so that most of them can be evaluated.
    private static readonly Arbitrary<string> Expressions = Gen.Sized(size => Expression(Math.Min(size / 8, 5))).ToArbitrary();

    [Fact]
    [Trait("R", "207")]
    public void Any_text_is_compiled_or_refused_and_never_throws() => Property.Holds(
        Texts,
        text => (CelExpression.Compile(text, s_checked, out var fault) is null) == (fault is { Message.Length: > 0, Line: > 0, Column: > 0 }),
        tries: 3000);

    [Fact]
    [Trait("R", "207")]
    public void Any_pattern_is_compiled_or_refused_and_never_throws() => Property.Holds(
        Patterns,
        text => Pattern.Read(text, out var fault) is not null || fault.Length > 0,
        tries: 1000);

    [Fact]
    [Trait("R", "203")]
    [Trait("R", "207")]
    public void An_evaluation_never_throws_and_never_costs_more_than_it_may() => Property.Holds(
        Expressions,
        text =>
        {
            // Only a time zone that is none is refused here.
            if (CelExpression.Compile(text, s_unchecked, out var fault) is not { } expression)
            {
                return fault!.Message.Contains("time zone");
            }

            var variables = Some.With(s_unchecked, """{"a":[1,2,3,"x",{"b":null}],"b":{"a":1.5},"c":"😀é","d":-1}""");
            var outcome = expression.Evaluate(variables);
            var trace = expression.Trace(variables);

            return outcome.Cost <= Cost
                && outcome.Cost == trace.Outcome.Cost
                && outcome.ToString() == trace.Outcome.ToString()
                && outcome.ToString().Length <= CelLimits.MostShown;
        },
        tries: 2000);

    [Fact]
    [Trait("R", "208")]
    public void What_the_check_says_it_comes_to_is_what_it_comes_to()
    {
        CelType[] types = [CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.String, CelType.Bytes, CelType.Null, CelType.Timestamp, CelType.Duration];
        var environments = types.Select(type => new CelEnvironment(KeyValuePair.Create("claims", CelType.Dyn)) { Result = type }).ToArray();
        var known = 0;

        Property.Holds(
            Expressions,
            text =>
            {
                var accepted = environments.Select(environment => CelExpression.Compile(text, environment, out _)).OfType<CelExpression>().ToArray();

                // Where any type will do, it is known only when it is evaluated.
                if (accepted is not [var expression])
                {
                    return accepted.Length == 0 || accepted.Length == types.Length;
                }

                known++;
                var outcome = expression.Evaluate(Some.With(expression.Environment, """{"a":[1,2,3,"x",{"b":null}],"b":{"a":1.5},"c":"😀é"}"""));

                return outcome.Is(out var value, out var error)
                    ? value.Kind == expression.Environment.Result.Kind
                    : !error.Message.StartsWith("the expression came to", StringComparison.Ordinal);
            },
            tries: 2000);

        Assert.InRange(known, 100, 2000);
    }

    private static Gen<string> Expression(int depth)
    {
        var leaf = Gen.Elements(
            "1", "2u", "0.5", "-9223372036854775808", "18446744073709551615u", "'x'", "b'\\xff'", "true", "false", "null", "[]", "{}", "claims", "claims.a",
            "claims.b.a", "claims.c", "claims.none", "x", "int", "timestamp(0)", "duration('1s')", "1e300", "0.0/0.0");

        if (depth <= 0)
        {
            return leaf;
        }

        var part = Expression(depth - 1);
        var two = part.Zip(part);

        return Gen.OneOf(
            leaf,
            two.Zip(Gen.Elements("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"), (pair, sign) => $"({pair.Item1} {sign} {pair.Item2})"),
            two.Zip(Gen.Elements("all", "exists", "exists_one", "map", "filter"), (pair, macro) => $"({pair.Item1}).{macro}(x, {pair.Item2})"),
            two.Select(pair => $"[{pair.Item1}, {pair.Item2}]"),
            two.Select(pair => $"{{{pair.Item1}: {pair.Item2}}}"),
            two.Select(pair => $"({pair.Item1})[{pair.Item2}]"),
            two.Select(pair => $"(true ? {pair.Item1} : {pair.Item2})"),
            part.Zip(
                Gen.Elements("size", "int", "uint", "double", "string", "bytes", "bool", "type", "dyn", "timestamp", "duration", "none"),
                (inner, name) => $"{name}({inner})"),
            two.Zip(Gen.Elements("contains", "startsWith", "endsWith", "getHours", "none"), (pair, name) => $"({pair.Item1}).{name}({pair.Item2})"),
            part.Zip(Gen.Elements("size", "getFullYear", "getSeconds", "getMilliseconds"), (inner, name) => $"({inner}).{name}()"),
            part.Select(inner => $"has(({inner}).a)"),
            part.Select(inner => $"({inner}).matches('^a+$')"));
    }
}

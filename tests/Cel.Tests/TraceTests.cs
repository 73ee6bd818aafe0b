namespace Countersign.Cel.Tests;

public sealed class TraceTests
{
    [Fact]
    public void A_trace_tells_what_each_part_came_to()
    {
        var text = "claims.n > 2 && claims.list.exists(x, x == 'b')";
        var trace = Some.Compiled(text, Some.Condition).Trace(Some.With(Some.Condition, """{"n":3,"list":["a","b"]}"""));

        Assert.True(trace.Outcome.IsTrue);
        Assert.False(trace.IsCut);
        Assert.Equal(
            [
                ("claims", "{'n': 3, 'list': ['a', 'b']}"),
                ("claims.n", "3"),
                ("claims.n > 2", "true"),
                ("claims", "{'n': 3, 'list': ['a', 'b']}"),
                ("claims.list", "['a', 'b']"),
                ("x", "'a'"),
                ("x == 'b'", "false"),
                ("x", "'b'"),
                ("x == 'b'", "true"),
                ("claims.list.exists(x, x == 'b')", "true"),
                (text, "true"),
            ],
            trace.Steps.Select(step => (step.Text, step.Value)));
        Assert.All(trace.Steps, step => Assert.Equal(step.Text, text.Substring(step.Start, step.Length)));
    }

    [Fact]
    public void A_trace_shows_errors_and_comes_to_the_same()
    {
        var expression = Some.Compiled("claims.a == 1 || has(claims.b)", Some.Condition);
        var variables = Some.With(Some.Condition, "{}");
        var trace = expression.Trace(variables);

        Assert.Equal(expression.Evaluate(variables).ToString(), trace.Outcome.ToString());
        Assert.Contains(trace.Steps, step => step is { Text: "claims.a", Value: "error: there is no member a: test for it with has()" });
    }

    [Fact]
    [Trait("R", "207")]
    public void A_trace_is_bounded()
    {
        var claims = $$"""[{{string.Join(',', Enumerable.Repeat($"\"{new string('a', 1000)}\"", 500))}}]""";
        var trace = Some.Compiled("claims.all(x, x != 'b')", Some.Condition).Trace(Some.With(Some.Condition, claims));

        Assert.True(trace.IsCut);
        Assert.Equal(CelLimits.MostSteps, trace.Steps.Count);
        Assert.All(trace.Steps, step => Assert.InRange(step.Value.Length, 0, CelLimits.MostShown));
    }
}

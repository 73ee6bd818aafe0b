namespace Countersign.Cel.Tests;

public sealed class ConcurrencyTests
{
    [Fact]
    [Trait("R", "207")]
    public async Task One_expression_serves_many_threads_at_once()
    {
        var expression = Some.Compiled("claims.list.filter(x, x % claims.n == 0).map(x, [x].exists(y, y == x) ? x : -1)", Some.Environment);

        var answers = await Task.WhenAll(Enumerable.Range(1, 16).Select(n => Task.Run(() =>
        {
            var claims = $$"""{"n":{{n}},"list":[{{string.Join(',', Enumerable.Range(0, 50))}}]}""";
            var variables = Some.With(Some.Environment, claims);
            var expected = CelValue.Of(Enumerable.Range(0, 50).Where(x => x % n == 0).Select(x => CelValue.Of((long)x)).ToArray());

            return Enumerable.Range(0, 200).All(i =>
                (i % 10 == 0 ? expression.Trace(variables).Outcome : expression.Evaluate(variables)).Is(out var value, out _) && value.IsEqualTo(expected));
        })));

        Assert.All(answers, Assert.True);
    }
}

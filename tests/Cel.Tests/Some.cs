using System.Text;

namespace Countersign.Cel.Tests;

internal static class Some
{
    /// <summary>What a condition over claims is compiled for.</summary>
    public static CelEnvironment Environment { get; } = new(
        KeyValuePair.Create("claims", CelType.Dyn),
        KeyValuePair.Create("now", CelType.Timestamp),
        KeyValuePair.Create("roles", CelType.List(CelType.String)),
        KeyValuePair.Create("count", CelType.Int));

    public static CelEnvironment Condition { get; } = new(KeyValuePair.Create("claims", CelType.Dyn)) { Result = CelType.Bool };

    /// <summary>Evaluated with these claims as JSON.</summary>
    public static CelOutcome Evaluated(string text, string claims = "{}", int cost = CelLimits.UsualCost)
    {
        var environment = new CelEnvironment(KeyValuePair.Create("claims", CelType.Dyn)) { CostLimit = cost };

        return Compiled(text, environment).Evaluate(With(environment, claims));
    }

    public static string Shown(string text, string claims = "{}") => Evaluated(text, claims).ToString();

    public static CelActivation With(CelEnvironment environment, string claims) =>
        new CelActivation(environment).With("claims", CelValue.FromJson(Encoding.UTF8.GetBytes(claims)));

    public static CelExpression Compiled(string text, CelEnvironment? environment = null)
    {
        var compiled = CelExpression.Compile(text, environment ?? Environment, out var fault);
        Assert.True(compiled is not null, $"{text}: {fault}");

        return compiled;
    }

    public static CelFault Refused(string text, CelEnvironment? environment = null)
    {
        Assert.Null(CelExpression.Compile(text, environment ?? Environment, out var fault));

        return fault!;
    }
}

using System.Diagnostics.CodeAnalysis;
using Countersign.Cel;

namespace Countersign.Server.Conditions;

/// <summary>A condition in CEL on a login, compiled once. Anything but true is no, an error too (R203).</summary>
internal sealed class LoginCondition
{
    private readonly CelExpression _expression;

    private LoginCondition(CelExpression expression) => _expression = expression;

    public string Text => _expression.Text;

    /// <param name="text">The expression.</param>
    /// <param name="condition">The condition, when it compiles.</param>
    /// <param name="fault">Where it is wrong and what to do, when it does not.</param>
    public static bool TryCompile(string text, [NotNullWhen(true)] out LoginCondition? condition, [NotNullWhen(false)] out string? fault)
    {
        var expression = CelExpression.Compile(text, LoginFacts.Environment, out var found);
        condition = expression is null ? null : new LoginCondition(expression);
        fault = found?.ToString();

        return expression is not null;
    }

    /// <summary>One that was compiled when it was saved; what no longer compiles lets nobody pass.</summary>
    public static LoginCondition OfStored(string text) =>
        TryCompile(text, out var condition, out _) || TryCompile("false", out condition, out _) ? condition : throw new InvalidOperationException("false does not compile");

    public CelOutcome Evaluate(LoginFacts facts, TimeProvider time) => _expression.Evaluate(facts.Activation, new CelDeadline(time, CelDeadline.Usual));

    /// <summary>The same, and what each part came to.</summary>
    public CelTrace Trace(LoginFacts facts, TimeProvider time) => _expression.Trace(facts.Activation, new CelDeadline(time, CelDeadline.Usual));
}

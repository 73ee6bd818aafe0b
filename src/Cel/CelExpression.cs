namespace Countersign.Cel;

/// <summary>An expression in the language of cel-spec without messages, compiled once, good for any number of threads.</summary>
public sealed class CelExpression
{
    private readonly Syntax _root;
    private readonly Code _code;
    private readonly Lazy<Code> _traced;

    private CelExpression(string text, CelEnvironment environment, Syntax root, Code code)
    {
        (Text, Environment, _root, _code) = (text, environment, root, code);
        _traced = new Lazy<Code>(() => Compiler.Compile(_root, Environment, isTraced: true, out _)!);
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    public CelEnvironment Environment { get; }

    /// <summary>The expression, or null and why it is refused.</summary>
    public static CelExpression? Compile(string text, CelEnvironment environment, out CelFault? fault)
    {
        var root = Parser.Parse(text, out var found);
        var code = root is null || (environment.IsChecked && Checker.Fault(root, environment) is { } refused && (found = refused) is not null)
            ? null
            : Compiler.Compile(root, environment, isTraced: false, out found);

        if (code is null)
        {
            fault = new CelFault(text, found!.Start, found.End, found.Message);

            return null;
        }

        fault = null;

        return new CelExpression(text, environment, root!, code);
    }

    /// <summary>Evaluates it. Nothing that the values are makes it throw; they must be of the environment that it was compiled for.</summary>
    public CelOutcome Evaluate(CelActivation variables, CelDeadline? deadline = null) =>
        Run(_code, new Frame(Values(variables), _code.Locals, Environment.CostLimit, deadline));

    /// <summary>Evaluates it and tells what its parts came to.</summary>
    public CelTrace Trace(CelActivation variables, CelDeadline? deadline = null)
    {
        var steps = new TraceLog(Text);
        var outcome = Run(_traced.Value, new Frame(Values(variables), _code.Locals, Environment.CostLimit, deadline) { Trace = steps });

        return new CelTrace(outcome, steps.Steps, steps.IsCut);
    }

    public override string ToString() => Text;

    private CelOutcome Run(Code code, Frame frame)
    {
        var value = code.Run(frame);

        if (frame.Stopped is { } stopped)
        {
            value = stopped;
        }
        else if (!value.IsError && Environment.Result.Kind is not CelKind.Dyn and var wanted && value.Kind != wanted)
        {
            value = CelValue.Failure(new CelError($"the expression came to {CelType.Of(value.Kind)}, not {Environment.Result}", 0, Text.Length));
        }

        return new CelOutcome(value, frame.Cost);
    }

    private CelValue[] Values(CelActivation variables) => ReferenceEquals(variables.Environment, Environment)
        ? variables.Values
        : throw new ArgumentException("the variables are of another environment", nameof(variables));
}

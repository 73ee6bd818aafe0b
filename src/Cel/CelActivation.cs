namespace Countersign.Cel;

/// <summary>The values of an environment's variables for one or more evaluations. One that is not set is an evaluation error.</summary>
public sealed class CelActivation
{
    private readonly CelValue[] _values;

    public CelActivation(CelEnvironment environment)
    {
        Environment = environment;
        _values = new CelValue[environment.Names.Count];

        for (var i = 0; i < _values.Length; i++)
        {
            _values[i] = CelValue.Failure($"{environment.Names[i]} has no value");
        }
    }

    public CelEnvironment Environment { get; }

    internal CelValue[] Values => _values;

    /// <summary>Sets a variable; it throws for a name that the environment does not have.</summary>
    public CelActivation With(string name, CelValue value)
    {
        var slot = Environment.Slot(name);
        _values[slot >= 0 ? slot : throw new ArgumentException($"the environment has no variable {name}", nameof(name))] = value;

        return this;
    }
}

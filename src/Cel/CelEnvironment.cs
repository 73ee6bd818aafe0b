namespace Countersign.Cel;

/// <summary>What an expression may name, what it must come to and what it may cost. It never changes.</summary>
public sealed class CelEnvironment
{
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly CelType[] _types;
    private readonly string[] _names;

    /// <summary>Names are identifiers, or identifiers joined by dots.</summary>
    public CelEnvironment(params IEnumerable<KeyValuePair<string, CelType>> variables)
    {
        var all = variables.ToArray();

        foreach (var (name, _) in all)
        {
            _slots.Add(name, _slots.Count);
        }

        _types = [.. all.Select(variable => variable.Value)];
        _names = [.. all.Select(variable => variable.Key)];
    }

    /// <summary>What an expression must come to; dyn, for anything, unless it is set.</summary>
    public CelType Result { get; init; } = CelType.Dyn;

    /// <summary>The units that an evaluation may cost, 1 to 1,000,000; see <see cref="CelLimits.UsualCost"/>.</summary>
    public int CostLimit
    {
        get;
        init => field = value is > 0 and <= CelLimits.MostCost ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = CelLimits.UsualCost;

    /// <summary>The names that an expression may use.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>False: nothing is refused for its types, the evaluation comes to an error instead.</summary>
    internal bool IsChecked { get; init; } = true;

    internal int Slot(string name) => _slots.GetValueOrDefault(name, -1);

    internal CelType TypeOf(int slot) => _types[slot];
}

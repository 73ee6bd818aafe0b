namespace Countersign.Cel;

/// <summary>A map: keys are equal as the language has it, so 1, 1u and 1.0 are one key.</summary>
internal sealed class CelMap
{
    private readonly Dictionary<CelValue, CelValue> _entries = new(Keys.Instance);

    public int Count => _entries.Count;

    public IEnumerable<KeyValuePair<CelValue, CelValue>> Entries => _entries;

    public static bool CanBeKey(CelKind kind) => kind is CelKind.Bool or CelKind.Int or CelKind.Uint or CelKind.String;

    public void Set(CelValue key, CelValue value) => _entries[key] = value;

    public bool Add(CelValue key, CelValue value) => _entries.TryAdd(key, value);

    public bool Find(CelValue key, out CelValue value)
    {
        // A double finds the whole number that it equals.
        if (CanBeKey(key.Kind) || key.Kind == CelKind.Double)
        {
            return _entries.TryGetValue(key, out value);
        }

        value = default;

        return false;
    }

    public CelValue[] KeyList() => [.. _entries.Keys];

    private sealed class Keys : IEqualityComparer<CelValue>
    {
        public static Keys Instance { get; } = new();

        public bool Equals(CelValue x, CelValue y) => Equality.ScalarsAreEqual(x, y);

        public int GetHashCode(CelValue key) => key.Kind switch
        {
            CelKind.String => key.Text.GetHashCode(StringComparison.Ordinal),
            CelKind.Double => OfDouble(key.AsDouble()),
            _ => key.Bits.GetHashCode(),
        };

        // As the whole number hashes, where it is one.
        private static int OfDouble(double value) =>
            value is >= -9223372036854775808.0 and < 9223372036854775808.0 ? ((long)value).GetHashCode()
            : value is >= 9223372036854775808.0 and < 18446744073709551616.0 ? unchecked((long)(ulong)value).GetHashCode()
            : value.GetHashCode();
    }
}

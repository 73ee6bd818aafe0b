using System.Text;
using System.Text.Json;

namespace Countersign.Cel;

/// <summary>A value of the language (cel-spec, "Values"); it never changes.</summary>
public readonly struct CelValue
{
    private readonly object? _object;
    private readonly long _bits;
    private readonly int _nanos;

    private CelValue(CelKind kind, long bits = 0, object? value = null, int nanos = 0) =>
        (Kind, _bits, _object, _nanos) = (kind, bits, value, nanos);

    public static CelValue Null => default;

    public static CelValue True { get; } = new(CelKind.Bool, 1);

    public static CelValue False { get; } = new(CelKind.Bool);

    public CelKind Kind { get; }

    internal bool IsError => Kind == CelKind.Error;

    internal bool IsTrue => Kind == CelKind.Bool && _bits != 0;

    internal bool IsNumber => Kind is CelKind.Int or CelKind.Uint or CelKind.Double;

    public static CelValue Of(bool value) => value ? True : False;

    public static CelValue Of(long value) => new(CelKind.Int, value);

    public static CelValue Of(ulong value) => new(CelKind.Uint, unchecked((long)value));

    public static CelValue Of(double value) => new(CelKind.Double, BitConverter.DoubleToInt64Bits(value));

    public static CelValue Of(string value) => new(CelKind.String, value: value);

    /// <summary>The array is the value's from then on.</summary>
    public static CelValue Of(byte[] value) => new(CelKind.Bytes, value: value);

    /// <summary>The array is the value's from then on.</summary>
    public static CelValue Of(CelValue[] list) => new(CelKind.List, value: list);

    /// <summary>In the years 0001 to 9999.</summary>
    public static CelValue Of(DateTimeOffset moment) =>
        Timestamp((moment.UtcTicks / TimeSpan.TicksPerSecond) - Moment.SecondsBefore1970, (int)(moment.UtcTicks % TimeSpan.TicksPerSecond) * 100);

    /// <summary>A map with texts as keys.</summary>
    public static CelValue Of(IEnumerable<KeyValuePair<string, CelValue>> members)
    {
        var map = new CelMap();

        foreach (var (name, value) in members)
        {
            map.Set(Of(name), value);
        }

        return Of(map);
    }

    /// <summary>
    /// The value of JSON. A number without fraction and exponent that is within 64 bits with a sign is an int, any other a double (claims carry
    /// times and ids as whole numbers; plain cel-spec has doubles only).
    /// </summary>
    public static CelValue FromJson(JsonElement json) => JsonValues.Of(json);

    /// <summary>The value of JSON in UTF-8. It throws <see cref="JsonException"/> for what is none, is over 64 deep or names a member twice.</summary>
    public static CelValue FromJson(ReadOnlyMemory<byte> json) => JsonValues.Of(json);

    public bool AsBool() => Kind == CelKind.Bool ? _bits != 0 : throw Not(CelKind.Bool);

    public long AsInt() => Kind == CelKind.Int ? _bits : throw Not(CelKind.Int);

    public ulong AsUint() => Kind == CelKind.Uint ? unchecked((ulong)_bits) : throw Not(CelKind.Uint);

    public double AsDouble() => Kind == CelKind.Double ? BitConverter.Int64BitsToDouble(_bits) : throw Not(CelKind.Double);

    public string AsString() => Kind == CelKind.String ? (string)_object! : throw Not(CelKind.String);

    public ReadOnlyMemory<byte> AsBytes() => Kind == CelKind.Bytes ? (byte[])_object! : throw Not(CelKind.Bytes);

    public IReadOnlyList<CelValue> AsList() => Kind == CelKind.List ? (CelValue[])_object! : throw Not(CelKind.List);

    /// <summary>The keys and values of a map, in no order that means anything.</summary>
    public IEnumerable<KeyValuePair<CelValue, CelValue>> AsMap() => Kind == CelKind.Map ? Map.Entries : throw Not(CelKind.Map);

    /// <summary>Whether the language calls them equal: numbers by their size, lists and maps by what they hold; NaN equals nothing.</summary>
    public bool IsEqualTo(CelValue other) => Equality.AreEqual(this, other);

    /// <summary>For people, as it would stand in an expression; cut after 200 characters.</summary>
    public override string ToString() => ValueText.Of(this);

    internal static CelValue Of(CelMap map) => new(CelKind.Map, value: map);

    internal static CelValue Of(CelType type) => new(CelKind.Type, value: type.Name);

    internal static CelValue Timestamp(long seconds, int nanos) => new(CelKind.Timestamp, seconds, nanos: nanos);

    internal static CelValue Duration(long nanos) => new(CelKind.Duration, nanos);

    internal static CelValue Failure(string message) => new(CelKind.Error, value: new CelError(message));

    internal static CelValue Failure(CelError error) => new(CelKind.Error, value: error);

    internal static CelValue OfUtf8(string text) => Of(Encoding.UTF8.GetBytes(text));

    internal long Bits => _bits;

    internal int Nanos => _nanos;

    internal CelMap Map => (CelMap)_object!;

    internal CelValue[] Items => (CelValue[])_object!;

    internal byte[] Octets => (byte[])_object!;

    internal string Text => (string)_object!;

    internal CelError Error => (CelError)_object!;

    private InvalidOperationException Not(CelKind kind) => new($"the value is {Kind}, not {kind}");
}

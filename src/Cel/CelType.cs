namespace Countersign.Cel;

/// <summary>What is known of a value before it is there (cel-spec, "Type Checking").</summary>
public sealed class CelType
{
    private static readonly Dictionary<string, CelType> s_named = new(StringComparer.Ordinal);

    private CelType(CelKind kind, string name, CelType? key = null, CelType? element = null) =>
        (Kind, Name, Key, Element) = (kind, name, key, element);

    /// <summary>Known only when the expression is evaluated, as the claims of a token are.</summary>
    public static CelType Dyn { get; } = new(CelKind.Dyn, "dyn");

    public static CelType Null { get; } = Named(CelKind.Null, "null_type");

    public static CelType Bool { get; } = Named(CelKind.Bool, "bool");

    /// <summary>64 bits with a sign.</summary>
    public static CelType Int { get; } = Named(CelKind.Int, "int");

    /// <summary>64 bits without a sign.</summary>
    public static CelType Uint { get; } = Named(CelKind.Uint, "uint");

    public static CelType Double { get; } = Named(CelKind.Double, "double");

    public static CelType String { get; } = Named(CelKind.String, "string");

    public static CelType Bytes { get; } = Named(CelKind.Bytes, "bytes");

    public static CelType Timestamp { get; } = Named(CelKind.Timestamp, "google.protobuf.Timestamp");

    public static CelType Duration { get; } = Named(CelKind.Duration, "google.protobuf.Duration");

    /// <summary>The type of types.</summary>
    public static CelType Type { get; } = Named(CelKind.Type, "type");

    public CelKind Kind { get; }

    internal static CelType AnyList { get; } = Named(CelKind.List, "list", element: Dyn);

    internal static CelType AnyMap { get; } = Named(CelKind.Map, "map", Dyn, Dyn);

    /// <summary>The name that stands for the type in an expression.</summary>
    internal string Name { get; }

    /// <summary>Of a map, otherwise null.</summary>
    internal CelType? Key { get; }

    /// <summary>Of a list or of the values of a map, otherwise null.</summary>
    internal CelType? Element { get; }

    public static CelType List(CelType element) => new(CelKind.List, "list", element: element);

    /// <summary>Keys are bool, int, uint or string.</summary>
    public static CelType Map(CelType key, CelType value) => new(CelKind.Map, "map", key, value);

    public override string ToString() => Kind switch
    {
        CelKind.List when Element!.Kind != CelKind.Dyn => $"list({Element})",
        CelKind.Map when (Key!.Kind, Element!.Kind) != (CelKind.Dyn, CelKind.Dyn) => $"map({Key}, {Element})",
        CelKind.Timestamp => "timestamp",
        CelKind.Duration => "duration",
        _ => Name,
    };

    /// <summary>The type that a name stands for in an expression, or null.</summary>
    internal static CelType? ByName(string name) => s_named.GetValueOrDefault(name);

    internal static CelType Of(CelKind kind) => kind switch
    {
        CelKind.Null => Null,
        CelKind.Bool => Bool,
        CelKind.Int => Int,
        CelKind.Uint => Uint,
        CelKind.Double => Double,
        CelKind.String => String,
        CelKind.Bytes => Bytes,
        CelKind.List => AnyList,
        CelKind.Map => AnyMap,
        CelKind.Timestamp => Timestamp,
        CelKind.Duration => Duration,
        CelKind.Type => Type,
        _ => Dyn,
    };

    /// <summary>Whether a value of one can be a value of the other.</summary>
    internal bool Fits(CelType other) =>
        Kind == CelKind.Dyn || other.Kind == CelKind.Dyn
        || (Kind == other.Kind
            && (Key is null || Key.Fits(other.Key!))
            && (Element is null || Element.Fits(other.Element!)));

    /// <summary>The type of what is of either type.</summary>
    internal CelType Joined(CelType other)
    {
        if (ReferenceEquals(this, other) || (Kind == other.Kind && Element is null))
        {
            return this;
        }

        return Kind != other.Kind ? Dyn
            : Kind == CelKind.List ? List(Element!.Joined(other.Element!))
            : Map(Key!.Joined(other.Key!), Element!.Joined(other.Element!));
    }

    private static CelType Named(CelKind kind, string name, CelType? key = null, CelType? element = null) =>
        s_named[name] = new CelType(kind, name, key, element);
}

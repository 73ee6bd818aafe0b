namespace Countersign.Cel;

/// <summary>The kinds of values (cel-spec, "Values").</summary>
public enum CelKind
{
    /// <summary>The value null; also a value that nobody set.</summary>
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    List,
    Map,
    Timestamp,
    Duration,
    Type,

    /// <summary>In a type: any kind, known only when the expression is evaluated.</summary>
    Dyn,

    /// <summary>An evaluation that came to nothing; never part of a list or a map.</summary>
    Error,
}

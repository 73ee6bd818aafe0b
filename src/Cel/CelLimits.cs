namespace Countersign.Cel;

/// <summary>How large an expression may be and how much it may do (R207).</summary>
public static class CelLimits
{
    /// <summary>Bytes of UTF-8 of an expression.</summary>
    public const int MostBytes = 4096;

    /// <summary>Brackets, calls and signs within each other.</summary>
    public const int MostNesting = 32;

    /// <summary>Operators on top of each other, as in <c>a + b + c</c>; those of <c>&amp;&amp;</c> and <c>||</c> count once.</summary>
    public const int MostHeight = 200;

    /// <summary>Literals, names, operators and calls of an expression.</summary>
    public const int MostNodes = 1000;

    /// <summary>Characters of a pattern of <c>matches</c>.</summary>
    public const int MostPatternCharacters = 256;

    /// <summary>Characters of a pattern after its counted repetitions are written out.</summary>
    public const int MostPatternSize = 1000;

    /// <summary>Steps that a trace keeps.</summary>
    public const int MostSteps = 200;

    /// <summary>Characters in which a value is shown.</summary>
    public const int MostShown = 200;

    /// <summary>
    /// The units that an evaluation may cost unless the environment says otherwise: one for an operation, one for an element that is looked at,
    /// one for each eight characters or bytes of a text that is looked at or made; a pattern costs the product of both lengths, halved.
    /// </summary>
    public const int UsualCost = 50_000;

    /// <summary>The units that an environment may allow.</summary>
    public const int MostCost = 1_000_000;
}

namespace Countersign.Cel;

/// <summary>A part of an expression; where it stands in the text, from 0 in UTF-16 code units.</summary>
internal abstract record Syntax(int Start, int End)
{
    /// <summary>How many parts lie on top of each other, itself included.</summary>
    public int Height { get; set; } = 1;
}

internal sealed record Literal(int Start, int End, CelValue Value) : Syntax(Start, End);

/// <summary>A variable or a type. One with a leading dot is never the variable of a macro.</summary>
internal sealed record Name(int Start, int End, string Text, bool IsAbsolute) : Syntax(Start, End);

/// <summary>A member of a map. One between backticks is never a part of a variable's name.</summary>
internal sealed record Select(int Start, int End, Syntax Target, string Field, bool IsQuoted) : Syntax(Start, End);

internal sealed record Has(int Start, int End, Select Member) : Syntax(Start, End);

internal sealed record Index(int Start, int End, Syntax Target, Syntax Key) : Syntax(Start, End);

/// <summary>A function or an operator with its operands, the receiver of a call being the first.</summary>
internal sealed record Call(int Start, int End, string Function, CallForm Form, Syntax[] Operands) : Syntax(Start, End);

internal enum CallForm
{
    Function,
    Receiver,
    Operator,
}

internal sealed record ListOf(int Start, int End, Syntax[] Items) : Syntax(Start, End);

internal sealed record MapOf(int Start, int End, (Syntax Key, Syntax Value)[] Entries) : Syntax(Start, End);

/// <summary>A chain of <c>&amp;&amp;</c> or of <c>||</c>.</summary>
internal sealed record Logical(int Start, int End, bool IsAnd, Syntax[] Operands) : Syntax(Start, End);

internal sealed record Conditional(int Start, int End, Syntax Condition, Syntax Then, Syntax Else) : Syntax(Start, End);

/// <summary>A walk over a list, or over the keys of a map. Only map has a body of its own, and may do without the condition.</summary>
internal sealed record Walk(int Start, int End, WalkKind Kind, Syntax Target, string Variable, Syntax? Condition, Syntax? Body) : Syntax(Start, End);

internal enum WalkKind
{
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// <summary>What is wrong with a part of an expression.</summary>
internal sealed record SyntaxFault(int Start, int End, string Message);

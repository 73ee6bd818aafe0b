namespace Countersign.Cel;

internal readonly record struct Token(TokenKind Kind, int Start, int End, string Text, CelValue Value = default)
{
    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;
}

internal enum TokenKind
{
    End,
    Name,

    /// <summary>Between backticks, without them.</summary>
    Quoted,
    Int,
    Uint,
    Double,

    /// <summary>A text or bytes, in the value.</summary>
    Literal,
    Symbol,
}

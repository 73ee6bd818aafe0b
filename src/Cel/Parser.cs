namespace Countersign.Cel;

/// <summary>Tokens to syntax (cel-spec, "Syntax"). After the first fault there are no more tokens, so everything ends.</summary>
internal sealed partial class Parser : SyntaxReader
{
    private Parser(Lexer lexer)
        : base(lexer)
    {
    }

    public static Syntax? Parse(string text, out SyntaxFault? fault)
    {
        var parser = new Parser(new Lexer(text));
        var root = parser.Expression();

        if (parser.Current.Kind != TokenKind.End)
        {
            parser.Unexpected("an operator or the end");
        }

        fault = parser.Fault;

        return fault is null ? root : null;
    }

    // Else branches do not nest, whatever the grammar says: cases may be many.
    private Syntax Expression()
    {
        var cases = new List<(Syntax Condition, Syntax Then)>();
        var value = Or();

        while (Take("?"))
        {
            var then = Or();
            Expect(":");
            cases.Add((value, then));
            value = Or();
        }

        for (var i = cases.Count - 1; i >= 0; i--)
        {
            var (condition, then) = cases[i];
            value = Made(new Conditional(condition.Start, value.End, condition, then, value), condition, then, value);
        }

        return value;
    }

    private Syntax Or() => Chain("||", () => Chain("&&", Relation));

    private Syntax Chain(string symbol, Func<Syntax> operand)
    {
        var first = operand();

        if (!Current.Is(symbol))
        {
            return first;
        }

        var operands = new List<Syntax> { first };

        while (Take(symbol))
        {
            operands.Add(operand());
        }

        return Made(new Logical(first.Start, Before, symbol == "&&", [.. operands]), [.. operands]);
    }

    private Syntax Relation()
    {
        var left = Sum();

        while (Current.Kind == TokenKind.Symbol ? Current.Text is "<" or "<=" or ">" or ">=" or "==" or "!=" : Current is { Kind: TokenKind.Name, Text: "in" })
        {
            left = Binary(left, Sum);
        }

        return left;
    }

    private Syntax Sum()
    {
        var left = Product();

        while (Current.Is("+") || Current.Is("-"))
        {
            left = Binary(left, Product);
        }

        return left;
    }

    private Syntax Product()
    {
        var left = Unary();

        while (Current.Is("*") || Current.Is("/") || Current.Is("%"))
        {
            left = Binary(left, Unary);
        }

        return left;
    }

    private Call Binary(Syntax left, Func<Syntax> operand)
    {
        var symbol = Next().Text;
        var right = operand();

        return Made(new Call(left.Start, Before, symbol, CallForm.Operator, [left, right]), left, right);
    }

    private Syntax Unary()
    {
        var symbol = Current.Text;

        if (!Current.Is("!") && !Current.Is("-"))
        {
            return Member(Primary());
        }

        var signs = new List<Token>();

        while (Current.Is(symbol))
        {
            signs.Add(Next());
        }

        // The sign of a number belongs to it: the least int has no positive twin.
        var isSigned = symbol == "-" && Current.Kind is TokenKind.Int or TokenKind.Double;
        var sign = signs[^1];
        signs.RemoveRange(signs.Count - (isSigned ? 1 : 0), isSigned ? 1 : 0);

        var value = Nested(signs.Count, () => Member(isSigned ? Number(sign) : Primary()));

        for (var i = signs.Count - 1; i >= 0; i--)
        {
            value = Made(new Call(signs[i].Start, Before, symbol, CallForm.Operator, [value]), value);
        }

        return value;
    }
}

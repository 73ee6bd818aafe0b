namespace Countersign.Cel;

/// <summary>Values, members and calls.</summary>
internal sealed partial class Parser
{
    private static readonly HashSet<string> s_reserved = new(StringComparer.Ordinal)
    {
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var",
        "void", "while", "in",
    };

    private Syntax Member(Syntax target)
    {
        while (true)
        {
            if (Take("["))
            {
                var key = Nested(1, Expression);
                Expect("]");
                target = Made(new Index(target.Start, Before, target, key), target, key);
            }
            else if (Current.Is("{") && target is Name or Select)
            {
                return Fail(target.Start, Current.End, "there are no messages: write a map, as in {'name': value}");
            }
            else if (Take("."))
            {
                target = AfterDot(target);
            }
            else
            {
                return target;
            }
        }
    }

    private Syntax AfterDot(Syntax target)
    {
        var name = Current;

        if (name.Kind == TokenKind.Quoted)
        {
            Next();

            return Made(new Select(target.Start, Before, target, name.Text, IsQuoted: true), target);
        }

        // Words that are reserved may name members, but for those of the language itself.
        if (name.Kind != TokenKind.Name || name.Text is "in" or "true" or "false" or "null")
        {
            return Unexpected("the name of a member");
        }

        Next();

        if (!Take("("))
        {
            return Made(new Select(target.Start, Before, target, name.Text, IsQuoted: false), target);
        }

        var arguments = Nested(1, () => Items(")"));

        return Macros.Receiver(this, name, target, arguments, Before)
            ?? Made(new Call(target.Start, Before, name.Text, CallForm.Receiver, [target, .. arguments]), [target, .. arguments]);
    }

    private Syntax Primary()
    {
        var token = Current;

        switch (token.Kind)
        {
            case TokenKind.Int or TokenKind.Uint or TokenKind.Double:
                return Number(null);
            case TokenKind.Literal:
                return Made(new Literal(token.Start, token.End, Next().Value));
            case TokenKind.Name when token.Text is "true" or "false" or "null":
                Next();

                return Made(new Literal(token.Start, token.End, token.Text == "null" ? default : CelValue.Of(token.Text == "true")));
            case TokenKind.Name:
                return NameOrCall(token.Start, isAbsolute: false);
            case TokenKind.Symbol when Take("."):
                return NameOrCall(token.Start, isAbsolute: true);
            case TokenKind.Symbol when Take("("):
                var value = Nested(1, Expression);
                Expect(")");

                return value;
            case TokenKind.Symbol when Take("["):
                var items = Nested(1, () => Items("]"));

                return Made(new ListOf(token.Start, Before, items), items);
            case TokenKind.Symbol when Take("{"):
                return Nested(1, () => Map(token.Start));
            default:
                return Unexpected("a value");
        }
    }

    private Syntax NameOrCall(int start, bool isAbsolute)
    {
        var name = Current;

        if (name.Kind != TokenKind.Name)
        {
            return Unexpected("a name");
        }

        if (s_reserved.Contains(name.Text))
        {
            return Fail(name.Start, name.End, $"{name.Text} is a reserved word: use another name");
        }

        Next();

        if (!Take("("))
        {
            return Made(new Name(start, Before, name.Text, isAbsolute));
        }

        var arguments = Nested(1, () => Items(")"));

        return Macros.Function(this, name, arguments, Before)
            ?? Made(new Call(start, Before, name.Text, CallForm.Function, arguments), arguments);
    }

    // The sign is that before the number, or null.
    private Literal Number(Token? sign)
    {
        var token = Next();
        var start = sign?.Start ?? token.Start;
        var value = Numbers.Of(token, sign is not null);

        if (value is null)
        {
            Fail(start, token.End, token.Kind switch
            {
                TokenKind.Double => "the number is too large for a double",
                TokenKind.Int => "the number is beyond the 64 bits of an int",
                _ => "the number is beyond the 64 bits of a uint",
            });
        }

        return Made(new Literal(start, token.End, value ?? default));
    }

    // A comma may follow the last item of a list or a map, though not the last argument of a call.
    private Syntax[] Items(string close)
    {
        var items = new List<Syntax>();

        while (Fault is null && !Current.Is(close))
        {
            items.Add(Expression());

            if (!Take(",") || (close == ")" && Current.Is(close) && Unexpected("an argument") is not null))
            {
                break;
            }
        }

        Expect(close);

        return [.. items];
    }

    private MapOf Map(int start)
    {
        var entries = new List<(Syntax Key, Syntax Value)>();

        while (Fault is null && !Current.Is("}"))
        {
            var key = Expression();
            Expect(":");
            entries.Add((key, Expression()));

            if (!Take(","))
            {
                break;
            }
        }

        Expect("}");

        return Made(new MapOf(start, Before, [.. entries]), [.. entries.SelectMany(entry => (Syntax[])[entry.Key, entry.Value])]);
    }
}

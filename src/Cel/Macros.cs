namespace Countersign.Cel;

/// <summary>What looks like a call and is none (cel-spec, "Macros").</summary>
internal static class Macros
{
    /// <summary>The macro that the call of a function is, or null.</summary>
    public static Syntax? Function(Parser parser, Token name, Syntax[] arguments, int end)
    {
        if (name.Text != "has" || arguments.Length != 1)
        {
            return null;
        }

        return arguments[0] is Select member
            ? parser.Made(new Has(name.Start, end, member), member)
            : parser.Fail(arguments[0].Start, arguments[0].End, "has() asks for a member: write has(claims.name)");
    }

    /// <summary>The macro that the call on a receiver is, or null.</summary>
    public static Syntax? Receiver(Parser parser, Token name, Syntax target, Syntax[] arguments, int end)
    {
        WalkKind? kind = (name.Text, arguments.Length) switch
        {
            ("all", 2) => WalkKind.All,
            ("exists", 2) => WalkKind.Exists,
            ("exists_one" or "existsOne", 2) => WalkKind.ExistsOne,
            ("filter", 2) => WalkKind.Filter,
            ("map", 2 or 3) => WalkKind.Map,
            _ => null,
        };

        if (kind is null)
        {
            return null;
        }

        if (arguments[0] is not Name { IsAbsolute: false } variable)
        {
            return parser.Fail(arguments[0].Start, arguments[0].End, $"{name.Text} names its elements first: write {name.Text}(element, …)");
        }

        var body = kind == WalkKind.Map ? arguments[^1] : null;
        var condition = kind != WalkKind.Map ? arguments[1] : arguments.Length == 3 ? arguments[1] : null;

        return parser.Made(new Walk(target.Start, end, kind.Value, target, variable.Text, condition, body), [target, .. arguments]);
    }
}

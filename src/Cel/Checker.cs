namespace Countersign.Cel;

/// <summary>Finds what could never be evaluated: unknown names and functions, and operands of the wrong types where types are known.</summary>
internal sealed class Checker
{
    private readonly CelEnvironment _environment;
    private SyntaxFault? _fault;

    private Checker(CelEnvironment environment) => _environment = environment;

    public static SyntaxFault? Fault(Syntax root, CelEnvironment environment)
    {
        var checker = new Checker(environment);
        var type = checker.Type(root, null);

        if (!type.Fits(environment.Result))
        {
            checker.Fail(root, $"the expression comes to {type}, but must come to {environment.Result}: compare it with something");
        }

        return checker._fault;
    }

    private CelType Type(Syntax part, Scope? scope) => _fault is not null ? CelType.Dyn : part switch
    {
        Literal literal => CelType.Of(literal.Value.Kind),
        Name name => TypeOf(name, scope),
        Select select => TypeOf(select, scope),
        Has has => TypeOf(has, scope),
        Index index => TypeOf(index, scope),
        Logical logical => TypeOf(logical, scope),
        Conditional conditional => TypeOf(conditional, scope),
        Call call => TypeOf(call, scope),
        ListOf list => CelType.List(Joined(list.Items.Select(item => Type(item, scope)))),
        MapOf map => TypeOf(map, scope),
        Walk walk => TypeOf(walk, scope),
        _ => CelType.Dyn,
    };

    private static CelType Joined(IEnumerable<CelType> types) => types.ToArray() is [_, ..] all
        ? all.Aggregate((one, other) => one.Joined(other))
        : CelType.Dyn;

    private CelType TypeOf(Name name, Scope? scope)
    {
        if (!name.IsAbsolute && Scope.Find(scope, name.Text) is { } local)
        {
            return local.Type;
        }

        if (Names.Variable(name, scope, _environment) is >= 0 and var slot)
        {
            return _environment.TypeOf(slot);
        }

        return CelType.ByName(name.Text) is not null
            ? CelType.Type
            : Fail(name, Functions.Usage(name.Text) is { } usage ? $"{name.Text} is a function: write {usage}" : $"there is no {name.Text}: {Known()}");
    }

    private string Known() => _environment.Names.Count switch
    {
        0 => "put quotation marks around a text",
        <= 10 => $"write one of {string.Join(", ", _environment.Names)}, or put quotation marks around a text",
        _ => "write the name of a variable, or put quotation marks around a text",
    };

    private CelType TypeOf(Select select, Scope? scope)
    {
        if (Names.Variable(select, scope, _environment) is >= 0 and var slot)
        {
            return _environment.TypeOf(slot);
        }

        return Names.Type(select, scope) is not null ? CelType.Type : Member(select, Type(select.Target, scope));
    }

    private CelType TypeOf(Has has, Scope? scope)
    {
        Member(has.Member, Type(has.Member.Target, scope));

        return CelType.Bool;
    }

    private CelType Member(Select select, CelType target) =>
        target.Kind == CelKind.Dyn ? CelType.Dyn
        : target.Kind == CelKind.Map && target.Key!.Fits(CelType.String) ? target.Element!
        : Fail(select, $"{target} has no members: .{select.Field} works on a map with texts as keys");

    private CelType TypeOf(Index index, Scope? scope)
    {
        var target = Type(index.Target, scope);
        var key = Type(index.Key, scope);

        return target.Kind switch
        {
            CelKind.Dyn => CelType.Dyn,
            CelKind.List when key.Fits(CelType.Int) => target.Element!,
            CelKind.Map when CanBeKey(key, target) => target.Element!,
            _ => Fail(index, $"{target} has no element for {key}: {(target.Kind == CelKind.List ? "count with an int from 0" : "use a list or a map")}"),
        };
    }

    // Keys that are numbers are found by any number.
    private static bool CanBeKey(CelType key, CelType map) =>
        key.Fits(map.Key!) || (key.Kind is CelKind.Int or CelKind.Uint or CelKind.Double && map.Key!.Kind is CelKind.Int or CelKind.Uint);

    private CelType TypeOf(Logical logical, Scope? scope)
    {
        foreach (var operand in logical.Operands)
        {
            Condition(operand, scope, logical.IsAnd ? "&&" : "||");
        }

        return CelType.Bool;
    }

    private CelType TypeOf(Conditional conditional, Scope? scope)
    {
        Condition(conditional.Condition, scope, "?");
        var then = Type(conditional.Then, scope);
        var otherwise = Type(conditional.Else, scope);

        return then.Fits(otherwise)
            ? then.Joined(otherwise)
            : Fail(conditional, $"the branches come to {then} and {otherwise}: give both one type, or put dyn() around one");
    }

    private void Condition(Syntax part, Scope? scope, string user)
    {
        if (Type(part, scope) is var type && !type.Fits(CelType.Bool))
        {
            Fail(part, $"{user} needs a condition, not {type}: compare it with something");
        }
    }

    private CelType TypeOf(MapOf map, Scope? scope)
    {
        var keys = map.Entries.Select(entry => Type(entry.Key, scope)).ToArray();
        var wrong = Array.FindIndex(keys, type => type.Kind != CelKind.Dyn && !CelMap.CanBeKey(type.Kind));

        return wrong < 0
            ? CelType.Map(Joined(keys), Joined(map.Entries.Select(entry => Type(entry.Value, scope))))
            : Fail(map.Entries[wrong].Key, $"{keys[wrong]} cannot be the key of a map: use a text, an int, a uint or a bool");
    }

    private CelType TypeOf(Walk walk, Scope? scope)
    {
        var target = Type(walk.Target, scope);
        var element = target.Kind switch
        {
            CelKind.List => target.Element!,
            CelKind.Map => target.Key!,
            CelKind.Dyn => target,
            _ => Fail(walk.Target, $"{target} has no elements: use a list or a map"),
        };
        var inner = new Scope(walk.Variable, 0, element, scope);

        if (walk.Condition is not null)
        {
            Condition(walk.Condition, inner, walk.Kind switch { WalkKind.Map => "map", WalkKind.Filter => "filter", _ => "this macro" });
        }

        return walk.Kind switch
        {
            WalkKind.Map => CelType.List(Type(walk.Body!, inner)),
            WalkKind.Filter => CelType.List(element),
            _ => CelType.Bool,
        };
    }

    private CelType TypeOf(Call call, Scope? scope)
    {
        var operands = call.Operands.Select(operand => Type(operand, scope)).ToArray();

        if (_fault is not null)
        {
            return CelType.Dyn;
        }

        if (call is { Form: CallForm.Operator, Function: "==" or "!=" })
        {
            return operands[0].Fits(operands[1])
                ? CelType.Bool
                : Fail(call, $"{operands[0]} never equals {operands[1]}: convert one of them, as in string(…), or put dyn() around it");
        }

        if (call is { Form: CallForm.Operator, Function: "in" })
        {
            return Member(call, operands[0], operands[1]);
        }

        var overloads = Functions.Find(call);

        if (overloads.Length == 0)
        {
            return Fail(call, Functions.Usage(call.Function) is { } usage
                ? $"{call.Function} is called in another way: write {usage}"
                : $"there is no function {call.Function}: conditions have those of cel-spec, and no others");
        }

        var fitting = overloads.Where(overload => overload.Operands.Zip(operands, (wanted, given) => wanted.Fits(given)).All(fits => fits)).ToArray();

        return fitting.Length > 0
            ? fitting.Select(overload => overload.Result).Aggregate((one, other) => one.Joined(other))
            : Fail(call, $"{call.Function} does not take {string.Join(" and ", (IEnumerable<CelType>)operands)}: write for example {overloads[0]}");
    }

    private CelType Member(Call call, CelType element, CelType target) => target.Kind switch
    {
        CelKind.Dyn => CelType.Bool,
        CelKind.List when element.Fits(target.Element!) => CelType.Bool,
        CelKind.Map when CanBeKey(element, target) => CelType.Bool,
        CelKind.List or CelKind.Map => Fail(call, $"{element} is never in {target}: convert one of them, or put dyn() around it"),
        _ => Fail(call, $"in looks into a list or a map, not into {target}{(target.Kind == CelKind.String ? ": write text.contains(part)" : "")}"),
    };

    private CelType Fail(Syntax part, string message)
    {
        _fault ??= new SyntaxFault(part.Start, part.End, message);

        return CelType.Dyn;
    }
}

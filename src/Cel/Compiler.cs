namespace Countersign.Cel;

/// <summary>A part of an expression, ready to run.</summary>
internal delegate CelValue Run(Frame frame);

/// <summary>An expression that is ready to run, and how many variables its macros need at a time.</summary>
internal sealed record Code(Run Run, int Locals);

/// <summary>Syntax to closures. They hold nothing that changes.</summary>
internal sealed class Compiler
{
    private readonly CelEnvironment _environment;
    private readonly bool _isTraced;
    private SyntaxFault? _fault;
    private int _locals;

    private Compiler(CelEnvironment environment, bool isTraced) => (_environment, _isTraced) = (environment, isTraced);

    /// <summary>The code; null, and what is wrong, where a pattern or a time zone is none.</summary>
    public static Code? Compile(Syntax root, CelEnvironment environment, bool isTraced, out SyntaxFault? fault)
    {
        var compiler = new Compiler(environment, isTraced);
        var run = compiler.Part(root, null);
        fault = compiler._fault;

        return fault is null ? new Code(run, compiler._locals) : null;
    }

    private Run Part(Syntax part, Scope? scope)
    {
        if (part is Literal { Value: var value })
        {
            return _ => value;
        }

        var run = Plain(part, scope);
        var where = (part.Start, Length: part.End - part.Start);

        // An error says where it came from.
        CelValue Placed(Frame frame)
        {
            if (!frame.Spend(1))
            {
                return frame.Halt;
            }

            var result = run(frame);

            return result is { IsError: true, Error: { Start: < 0 } error } ? CelValue.Failure(error with { Start = where.Start, Length = where.Length }) : result;
        }

        return !_isTraced ? Placed : frame =>
        {
            var result = Placed(frame);
            frame.Trace!.Add(part, result);

            return result;
        };
    }

    private Run Plain(Syntax part, Scope? scope) => part switch
    {
        Name name => Of(name, scope),
        Select select => Of(select, scope),
        Has has => Of(has, scope),
        Index index => Of(index, scope),
        Logical logical => Of(logical, scope),
        Conditional conditional => Of(conditional, scope),
        Call call => Of(call, scope),
        ListOf list => Of(list, scope),
        MapOf map => Of(map, scope),
        Walk walk => Of(walk, scope),
        _ => throw new InvalidOperationException($"{part.GetType()} is no part that runs"),
    };

    private Run Of(Name name, Scope? scope)
    {
        if (!name.IsAbsolute && Scope.Find(scope, name.Text) is { } local)
        {
            var slot = local.Slot;

            return frame => frame.Locals[slot];
        }

        return Declared(name, scope) ?? Failing($"there is no {name.Text}");
    }

    private Run? Declared(Syntax part, Scope? scope)
    {
        if (Names.Variable(part, scope, _environment) is >= 0 and var slot)
        {
            return frame => frame.Variables[slot];
        }

        return Names.Type(part, scope) is { } type && CelValue.Of(type) is var value ? _ => value : null;
    }

    private static Run Failing(string message)
    {
        var failure = CelValue.Failure(message);

        return _ => failure;
    }

    private Run Of(Select select, Scope? scope)
    {
        if (Declared(select, scope) is { } declared)
        {
            return declared;
        }

        var target = Part(select.Target, scope);
        var field = CelValue.Of(select.Field);

        return One(target, (_, value, _) => Elements.Member(value, field));
    }

    private Run Of(Has has, Scope? scope)
    {
        var target = Part(has.Member.Target, scope);
        var field = CelValue.Of(has.Member.Field);

        return One(target, (_, value, _) => value.Kind == CelKind.Map
            ? CelValue.Of(value.Map.Find(field, out _))
            : CelValue.Failure($"{CelType.Of(value.Kind)} has no members"));
    }

    private Run Of(Index index, Scope? scope)
    {
        var target = Part(index.Target, scope);
        var key = Part(index.Key, scope);

        return Two(target, key, Elements.At);
    }

    private Run Of(Logical logical, Scope? scope)
    {
        var operands = logical.Operands.Select(operand => Part(operand, scope)).ToArray();
        var decides = !logical.IsAnd;
        var symbol = logical.IsAnd ? "&&" : "||";

        // An error counts only when no operand decides (cel-spec, "Logical Operators").
        return frame =>
        {
            CelValue? fault = null;

            foreach (var operand in operands)
            {
                var value = operand(frame);

                if (value.Kind != CelKind.Bool)
                {
                    fault ??= value.IsError ? value : CelValue.Failure($"{symbol} does not take {CelType.Of(value.Kind)}");
                }
                else if (value.IsTrue == decides)
                {
                    return value;
                }

                if (frame.Stopped is not null)
                {
                    return frame.Halt;
                }
            }

            return fault ?? CelValue.Of(!decides);
        };
    }

    private Run Of(Conditional conditional, Scope? scope)
    {
        var condition = Part(conditional.Condition, scope);
        var then = Part(conditional.Then, scope);
        var otherwise = Part(conditional.Else, scope);

        return frame => condition(frame) switch
        {
            { Kind: CelKind.Bool } value => value.IsTrue ? then(frame) : otherwise(frame),
            { IsError: true } error => error,
            var value => CelValue.Failure($"? does not take {CelType.Of(value.Kind)}"),
        };
    }

    private Run Of(Call call, Scope? scope)
    {
        var operands = call.Operands.Select(operand => Part(operand, scope)).ToArray();

        if (call.Function == "matches" && call.Form != CallForm.Operator && operands.Length == 2)
        {
            return Matches(call, operands[0]);
        }

        if (TimeFunctions.InZone(call, out var fault) is { } inZone)
        {
            var moment = operands[0];

            return One(moment, (_, value, _) => inZone(value));
        }

        if (fault is not null)
        {
            return Refused(call.Operands[1], fault);
        }

        if (call is { Form: CallForm.Operator, Function: "==" or "!=" or "in" })
        {
            return Two(operands[0], operands[1], call.Function switch
            {
                "==" => (frame, a, b) => Elements.Answer(frame, Equality.Compare(frame, a, b)),
                "!=" => (frame, a, b) => Elements.Answer(frame, !Equality.Compare(frame, a, b)),
                _ => Elements.IsIn,
            });
        }

        var overloads = Functions.Find(call);

        if (overloads.Length == 0)
        {
            return Failing($"there is no function {call.Function}");
        }

        if (operands is [var only])
        {
            return One(only, (frame, value, _) => Functions.Run(overloads, frame, value));
        }

        return Two(operands[0], operands[1], (frame, a, b) => Functions.Run(overloads, frame, a, b));
    }

    private static Run One(Run operand, Body run) => frame =>
    {
        var value = operand(frame);

        return value.IsError ? value : run(frame, value, default);
    };

    private static Run Two(Run first, Run second, Body run) => frame =>
    {
        var a = first(frame);

        if (a.IsError)
        {
            return a;
        }

        var b = second(frame);

        return b.IsError ? b : run(frame, a, b);
    };

    private Run Matches(Call call, Run text)
    {
        if (call.Operands[1] is not Literal { Value: { Kind: CelKind.String } written })
        {
            return Refused(call.Operands[1], "a pattern is written between quotation marks, not computed: a claim must not become one");
        }

        if (Pattern.Read(written.Text, out var fault) is not { } pattern)
        {
            return Refused(call.Operands[1], fault);
        }

        return One(text, (frame, value, _) => pattern.Matches(frame, value));
    }

    private Run Refused(Syntax part, string message)
    {
        _fault ??= new SyntaxFault(part.Start, part.End, message);

        return Failing(message);
    }

    private Run Of(ListOf list, Scope? scope) => Elements.List([.. list.Items.Select(item => Part(item, scope))]);

    private Run Of(MapOf map, Scope? scope) => Elements.Map([.. map.Entries.Select(entry => (Part(entry.Key, scope), Part(entry.Value, scope)))]);

    private Run Of(Walk walk, Scope? scope)
    {
        var slot = scope is null ? 0 : scope.Slot + 1;
        var inner = new Scope(walk.Variable, slot, CelType.Dyn, scope);
        _locals = Math.Max(_locals, slot + 1);

        return Walks.Run(
            walk.Kind,
            slot,
            Part(walk.Target, scope),
            walk.Condition is null ? null : Part(walk.Condition, inner),
            walk.Body is null ? null : Part(walk.Body, inner));
    }
}

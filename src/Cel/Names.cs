namespace Countersign.Cel;

/// <summary>The variable of a macro and those around it.</summary>
internal sealed record Scope(string Name, int Slot, CelType Type, Scope? Outer)
{
    public static Scope? Find(Scope? scope, string name)
    {
        while (scope is not null && scope.Name != name)
        {
            scope = scope.Outer;
        }

        return scope;
    }
}

/// <summary>What names mean (cel-spec, "Name Resolution"): the longest one that is declared, unless a macro's variable stands before it.</summary>
internal static class Names
{
    // No variable has more, and a chain of members may be long.
    private const int MostParts = 8;

    /// <summary>The slot of the variable that this is as a whole, or -1.</summary>
    public static int Variable(Syntax part, Scope? scope, CelEnvironment environment) =>
        Dotted(part, scope, MostParts) is { } name ? environment.Slot(name) : -1;

    /// <summary>The type that this names as a whole, or null.</summary>
    public static CelType? Type(Syntax part, Scope? scope) => Dotted(part, scope, MostParts) is { } name ? CelType.ByName(name) : null;

    private static string? Dotted(Syntax part, Scope? scope, int parts) => part switch
    {
        _ when parts == 0 => null,
        Name name => name.IsAbsolute || Scope.Find(scope, name.Text) is null ? name.Text : null,
        Select { IsQuoted: false } select => Dotted(select.Target, scope, parts - 1) is { } target ? $"{target}.{select.Field}" : null,
        _ => null,
    };
}

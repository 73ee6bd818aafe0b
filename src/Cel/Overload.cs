namespace Countersign.Cel;

/// <summary>What a function does with values of its kinds; the second is null where there is but one.</summary>
internal delegate CelValue Body(Frame frame, CelValue first, CelValue second);

/// <summary>A function or an operator for operands of certain types, one or two of them; a receiver is the first.</summary>
internal sealed record Overload(string Name, CallForm Form, CelType Result, CelType[] Operands, Body Run)
{
    public bool Takes(CelKind first) => Takes(0, first);

    public bool Takes(CelKind first, CelKind second) => Takes(0, first) && Takes(1, second);

    /// <summary>As it is written, for people.</summary>
    public override string ToString() => Form switch
    {
        CallForm.Receiver => $"{Operands[0]}.{Name}({string.Join(", ", Operands.Skip(1))})",
        CallForm.Function => $"{Name}({string.Join(", ", (IEnumerable<CelType>)Operands)})",
        _ => Operands.Length == 1 ? $"{Name}{Operands[0]}" : $"{Operands[0]} {Name} {Operands[1]}",
    };

    private bool Takes(int at, CelKind kind) => Operands[at].Kind is var wanted && (wanted == CelKind.Dyn || wanted == kind);
}

namespace Countersign.Cel;

/// <summary>Functions of texts, and the size of things.</summary>
internal static class TextFunctions
{
    public static IEnumerable<Overload> Overloads { get; } =
    [
        OfTexts("contains", (text, part) => text.Contains(part, StringComparison.Ordinal)),
        OfTexts("startsWith", (text, part) => text.StartsWith(part, StringComparison.Ordinal)),
        OfTexts("endsWith", (text, part) => text.EndsWith(part, StringComparison.Ordinal)),
        // The compiler takes the pattern out of the text; what is left over is none that was written down.
        Matches(CallForm.Receiver),
        Matches(CallForm.Function),
        .. Size(CelType.String, (frame, value) =>
            frame.SpendLength(value.Text.Length) ? CelValue.Of((long)CodePoints(value.Text)) : frame.Halt),
        .. Size(CelType.Bytes, (_, value) => CelValue.Of((long)value.Octets.Length)),
        .. Size(CelType.AnyList, (_, value) => CelValue.Of((long)value.Items.Length)),
        .. Size(CelType.AnyMap, (_, value) => CelValue.Of((long)value.Map.Count)),
    ];

    private static int CodePoints(string text)
    {
        var count = 0;

        foreach (var character in text)
        {
            count += char.IsLowSurrogate(character) ? 0 : 1;
        }

        return count;
    }

    // Vectorized search is linear but for made-up texts; those pay for both lengths.
    private static Overload OfTexts(string name, Func<string, string, bool> holds) =>
        new(name, CallForm.Receiver, CelType.Bool, [CelType.String, CelType.String], (frame, text, part) =>
            frame.SpendLength((long)text.Text.Length + part.Text.Length + ((long)text.Text.Length * part.Text.Length / 256))
                ? CelValue.Of(holds(text.Text, part.Text))
                : frame.Halt);

    private static Overload Matches(CallForm form) =>
        new("matches", form, CelType.Bool, [CelType.String, CelType.String], (_, _, _) => CelValue.Failure("a pattern is written down, not computed"));

    private static IEnumerable<Overload> Size(CelType type, Func<Frame, CelValue, CelValue> run) =>
    [
        new("size", CallForm.Function, CelType.Int, [type], (frame, value, _) => run(frame, value)),
        new("size", CallForm.Receiver, CelType.Int, [type], (frame, value, _) => run(frame, value)),
    ];
}

namespace Countersign.Cel;

/// <summary>The one table of functions and operators (cel-spec, "List of Standard Definitions"). There are no others.</summary>
internal static class Functions
{
    private static readonly Dictionary<(string, CallForm, int), Overload[]> s_all =
        Arithmetic.Overloads.Concat(TextFunctions.Overloads).Concat(Conversions.Overloads).Concat(TimeFunctions.Overloads)
            .GroupBy(overload => (overload.Name, overload.Form, overload.Operands.Length))
            .ToDictionary(group => group.Key, group => group.ToArray());

    /// <summary>The overloads of a call, none when there is no such function.</summary>
    public static Overload[] Find(Call call) => s_all.GetValueOrDefault((call.Function, call.Form, call.Operands.Length), []);

    /// <summary>How a function of this name is called, for people; null when there is none.</summary>
    public static string? Usage(string name) =>
        s_all.Values.FirstOrDefault(overloads => overloads[0].Name == name && overloads[0].Form != CallForm.Operator)?[0].ToString();

    public static CelValue Run(Overload[] overloads, Frame frame, CelValue operand)
    {
        foreach (var overload in overloads)
        {
            if (overload.Takes(operand.Kind))
            {
                return overload.Run(frame, operand, default);
            }
        }

        return CelValue.Failure($"{overloads[0].Name} does not take {CelType.Of(operand.Kind)}");
    }

    public static CelValue Run(Overload[] overloads, Frame frame, CelValue first, CelValue second)
    {
        foreach (var overload in overloads)
        {
            if (overload.Takes(first.Kind, second.Kind))
            {
                return overload.Run(frame, first, second);
            }
        }

        return CelValue.Failure($"{overloads[0].Name} does not take {CelType.Of(first.Kind)} and {CelType.Of(second.Kind)}");
    }
}

using System.Text.Json;

namespace Countersign.OAuth;

/// <summary>Reads a condition as it was written; what is not understood is refused, and so is what would match everything (R200).</summary>
internal static class ClaimConditionReader
{
    private static readonly string[] s_operators = ["equals", "prefix", "glob", "any_of", "contains"];

    public static ClaimCondition? Read(JsonElement json, out string fault)
    {
        try
        {
            return ReadObject(json, out fault);
        }
        catch (InvalidOperationException)
        {
            fault = "a text of the condition holds half of a surrogate pair";

            return null;
        }
    }

    private static ClaimCondition? ReadObject(JsonElement json, out string fault)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            fault = "a condition is an object with claim and one of equals, prefix, glob, any_of and contains";

            return null;
        }

        var (claim, name, operand) = ((string?)null, (string?)null, default(JsonElement));

        foreach (var member in json.EnumerateObject())
        {
            if (member.NameEquals("claim"u8))
            {
                if (claim is not null || member.Value.ValueKind != JsonValueKind.String)
                {
                    fault = "claim stands once in a condition and is a text";

                    return null;
                }

                claim = member.Value.GetString();
            }
            else if (Array.IndexOf(s_operators, member.Name) < 0)
            {
                fault = "a condition has the members claim and one of equals, prefix, glob, any_of and contains, and no other";

                return null;
            }
            else if (name is not null)
            {
                fault = "a condition has one of equals, prefix, glob, any_of and contains: write a second condition for the other";

                return null;
            }
            else
            {
                (name, operand) = (member.Name, member.Value);
            }
        }

        if (claim is null || name is null)
        {
            fault = claim is null ? "claim is absent" : "one of equals, prefix, glob, any_of and contains is absent";

            return null;
        }

        return ClaimPath.Parse(claim, out fault) is not { } path || Values(name, operand, out fault) is not { } values
            ? null
            : name == "glob" ? WithGlob(path, values, out fault)
            : new ClaimCondition(path, name, values);
    }

    private static ClaimCondition? WithGlob(ClaimPath path, ClaimScalar[] values, out string fault)
    {
        if (ClaimGlob.Parse(values[0].Text!, out fault) is not { } glob)
        {
            return null;
        }

        fault = glob.IsStarsAlone ? "a glob of stars alone matches everything" : "";

        return fault.Length > 0 ? null : new ClaimCondition(path, "glob", values, glob);
    }

    private static ClaimScalar[]? Values(string name, JsonElement operand, out string fault)
    {
        if (name == "any_of" && (operand.ValueKind != JsonValueKind.Array || operand.GetArrayLength() is 0 or > ClaimCondition.MostValues))
        {
            fault = $"any_of is a list of 1 to {ClaimCondition.MostValues} texts, numbers or booleans";

            return null;
        }

        List<JsonElement> items = name == "any_of" ? [.. operand.EnumerateArray()] : [operand];
        var values = new List<ClaimScalar>(items.Count);

        foreach (var item in items)
        {
            if (ClaimScalar.Read(item) is not { } value)
            {
                fault = $"{name} compares with a text, a boolean, or a number of at most 28 characters without exponent";

                return null;
            }

            values.Add(value);
        }

        fault = values.Exists(v => v.Text?.Length > ClaimCondition.MaxTextLength) ? $"a text of {name} has at most {ClaimCondition.MaxTextLength} characters"
            : name is not ("prefix" or "glob") ? ""
            : values[0].Text is not { } text ? $"{name} must be a text"
            : text.Length == 0 && name == "prefix" ? "an empty prefix matches everything"
            : "";

        return fault.Length == 0 ? [.. values] : null;
    }
}

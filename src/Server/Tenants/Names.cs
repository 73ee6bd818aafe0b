using System.Text;

namespace Countersign.Server.Tenants;

/// <summary>Names of things as people write them, and the one form in which they are compared (R219).</summary>
internal static class Names
{
    public const int Longest = 200;
    public const int LongestDescription = 2000;

    private static readonly string[] s_reserved = [TenantSetup.DefaultName, .. AdminApi.BuiltInRoles.Select(r => r.Name)];

    /// <summary>
    /// The form for comparing: full-width letters as plain ones, every dash as a hyphen, without invisible characters, in lower case, with single
    /// spaces. What Unicode's own normal forms add to that, <see cref="Fault"/> refuses: the program carries no tables for them.
    /// </summary>
    public static string Key(string name)
    {
        var key = new StringBuilder(name.Length);

        foreach (var rune in name.EnumerateRunes())
        {
            var folded = Letters.Fold(rune);

            if (Letters.IsInvisible(rune))
            {
                continue;
            }

            if (!Rune.IsWhiteSpace(folded))
            {
                key.Append(folded);
            }
            else if (key.Length > 0 && key[^1] != ' ')
            {
                key.Append(' ');
            }
        }

        return key.ToString().TrimEnd();
    }

    /// <summary>What is wrong with a name, or null.</summary>
    public static string? Fault(string? name) =>
        string.IsNullOrWhiteSpace(name) ? "must not be empty"
        : name.Length > Longest ? $"must not be longer than {Longest} characters"
        : name.Any(char.IsControl) ? "must not hold control characters"
        : name.EnumerateRunes().Any(Letters.IsAmbiguous) ? "must be written in plain, composed letters (Unicode NFKC)"
        : Key(name) is not { Length: > 0 } key ? "must hold a visible character"
        : s_reserved.FirstOrDefault(r => Letters.Skeleton(key) == r && key != r) is { } reserved ? $"looks like {reserved}, which is reserved"
        : null;

    /// <summary>What is wrong with a description, or null.</summary>
    public static string? DescriptionFault(string? text) =>
        text is null ? null
        : text.Length > LongestDescription ? $"must not be longer than {LongestDescription} characters"
        : text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? "must not hold control characters"
        : null;
}

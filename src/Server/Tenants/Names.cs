using System.Globalization;
using System.Text;

namespace Countersign.Server.Tenants;

/// <summary>Names of things as people write them, and the one form in which they are compared (R219).</summary>
internal static class Names
{
    public const int Longest = 200;

    /// <summary>
    /// The form for comparing: compatibility-composed, so that full-width letters are the plain ones, without invisible characters, in lower
    /// case, with single spaces.
    /// </summary>
    public static string Key(string name)
    {
        var key = new StringBuilder(name.Length);

        foreach (var rune in name.Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);

            if (category is UnicodeCategory.Format or UnicodeCategory.Control)
            {
                continue;
            }

            if (Rune.IsWhiteSpace(rune))
            {
                if (key.Length > 0 && key[^1] != ' ')
                {
                    key.Append(' ');
                }
            }
            else
            {
                key.Append(Rune.ToLowerInvariant(rune));
            }
        }

        return key.ToString().TrimEnd();
    }

    /// <summary>What is wrong with a name, or null.</summary>
    public static string? Fault(string? name) =>
        string.IsNullOrWhiteSpace(name) ? "must not be empty"
        : name.Length > Longest ? $"must not be longer than {Longest} characters"
        : name.Any(char.IsControl) ? "must not hold control characters"
        : Key(name).Length == 0 ? "must hold a visible character"
        : null;
}

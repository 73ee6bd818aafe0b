using System.Text.RegularExpressions;

namespace Countersign.Conventions.Tests;

internal static class TypeDeclaration
{
    /// <summary>Groups: <c>indent</c>, <c>modifiers</c>, <c>kind</c>, <c>name</c>.</summary>
    public static Regex Pattern { get; } = new(
        """
        ^(?<indent>[ ]*)(?:\[[^\]\n]*\][ ]*)*
        (?<modifiers>(?:(?:public|internal|private|protected|file|static|sealed|abstract|readonly|ref|partial|unsafe|new)[ ]+)*)
        (?<kind>record[ ]+struct|record[ ]+class|class|record|struct|interface|enum)[ ]+(?<name>[A-Za-z_]\w*)
        """,
        RegexOptions.Multiline | RegexOptions.IgnorePatternWhitespace);
}

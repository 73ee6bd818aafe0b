using System.Text.RegularExpressions;

namespace Countersign.Conventions.Tests;

public sealed class TypeTests
{
    // Types of the program that others may see, and why.
    private static readonly Dictionary<string, string> Public = [];

    // Types that others derive from without being abstract, and why.
    private static readonly Dictionary<string, string> Open = [];

    [Fact]
    public void Types_of_the_program_are_internal() =>
        Faults.None(
            Program().SelectMany(file => file.Faults(TypeDeclaration.Pattern, NotInternal, inCode: true)),
            "Make it internal; only src/OAuth and the client libraries have a public surface. Else list it in TypeTests with the reason.");

    [Fact]
    public void Classes_are_sealed_static_or_abstract() =>
        Faults.None(
            Repository.Under("src/", ".cs").SelectMany(file => file.Faults(TypeDeclaration.Pattern, NotSealed, inCode: true)),
            "Seal it. A class that is made to be derived from is abstract, or is listed in TypeTests with the reason.");

    [Fact]
    public void Namespaces_are_file_scoped_and_follow_the_folders()
    {
        var pattern = new Regex(@"^namespace (?<name>[\w.]+)(?<end>.?)", RegexOptions.Multiline);
        Faults.None(
            from file in Repository.Under("src/", ".cs")
            from fault in file.Faults(
                pattern,
                match => match.Groups["end"].Value != ";" ? "a namespace with a block"
                    : match.Groups["name"].Value != NamespaceOf(file) ? $"is in {match.Groups["name"].Value}, not {NamespaceOf(file)}"
                    : null,
                inCode: true)
            select fault,
            "A folder is a slice and a namespace.");
    }

    private static IEnumerable<SourceFile> Program() => Repository.Under("src/Server/", ".cs").Concat(Repository.Under("src/Cli/", ".cs"));

    private static string? NotInternal(Match type)
    {
        var modifiers = type.Groups["modifiers"].Value.Split(' ');
        var name = type.Groups["name"].Value;
        var nested = type.Groups["indent"].Length > 0;

        return nested || modifiers.Contains("internal") || modifiers.Contains("file") || Public.ContainsKey(name) ? null : $"{name} is not internal";
    }

    private static string? NotSealed(Match type)
    {
        var name = type.Groups["name"].Value;
        var isClass = type.Groups["kind"].Value is "class" or "record" or "record class";
        var closed = type.Groups["modifiers"].Value.Split(' ').Any(modifier => modifier is "sealed" or "static" or "abstract");

        return isClass && !closed && !Open.ContainsKey(name) ? $"{name} is open" : null;
    }

    private static string NamespaceOf(SourceFile file) => "Countersign." + string.Join('.', file.Path.Split('/')[1..^1]);
}

using System.Text.RegularExpressions;

namespace Countersign.Conventions.Tests;

internal sealed record SourceFile(string Path, string Text)
{
    private string? _code;

    /// <summary>The C# text with comments and literals blanked out; every other character keeps its place.</summary>
    public string Code => _code ??= CSharpBlanks.Apply(Text);

    public IEnumerable<string> Lines => Text.Split('\n');

    public string Name => System.IO.Path.GetFileName(Path);

    public string At(int offset, string fault) => $"{Path}:{Text.AsSpan(0, offset).Count('\n') + 1}: {fault}";

    public IEnumerable<string> Faults(Regex pattern, Func<Match, string?> fault, bool inCode = false) =>
        from Match match in pattern.Matches(inCode ? Code : Text)
        let words = fault(match)
        where words is not null
        select At(match.Index, words);
}

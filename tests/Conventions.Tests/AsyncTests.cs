using System.Text.RegularExpressions;

namespace Countersign.Conventions.Tests;

public sealed class AsyncTests
{
    // "Task<…> Name(": only a declaration has a type, a name and a parenthesis in a row.
    private static readonly Regex AsyncMethod = new(
        @"(?<![\w.])(?:Task|ValueTask|IAsyncEnumerable)(?:<(?:[^<>;{}()]|(?<open><)|(?<-open>>))*(?(open)(?!))>)?\??\s+(?:\w+\.)*(?<name>[A-Za-z_]\w*)(?:<[\w\s,]+>)?\(");

    // A parameter: after a parenthesis, a comma or an attribute; only parameters that a caller may leave out can follow it.
    private static readonly Regex CancellationParameter = new(
        @"(?<=[(,\]]\s*)CancellationToken\??\s+(?<name>\w+)(?:\s*=\s*default)?\s*(?:(?<early>,)(?!\s*params\b|[^,()]*=)|[,)])");

    [Fact]
    public void Methods_that_return_a_task_end_with_Async() =>
        Faults.None(
            from file in Repository.Under("src/", ".cs")
            from fault in file.Faults(AsyncMethod, match => IsOfTheFramework(file, match.Index) ? null : NameFault(match), inCode: true)
            select fault,
            "End its name with Async.");

    [Fact]
    public void The_cancellation_token_comes_last_and_is_named_ct() =>
        Faults.None(
            from file in Repository.Under("src/", ".cs")
            from fault in file.Faults(CancellationParameter, match => IsOfTheFramework(file, match.Index) ? null : TokenFault(match), inCode: true)
            select fault,
            "CancellationToken ct, last (style.md).");

    private static string? NameFault(Match method) =>
        method.Groups["name"].Value is var name && (name is "Main" || name.EndsWith("Async", StringComparison.Ordinal)) ? null : $"{name} returns a task";

    private static string? TokenFault(Match parameter) =>
        parameter.Groups["early"].Success ? $"{parameter.Value} is not the last parameter"
        : parameter.Groups["name"].Value != "ct" ? $"CancellationToken {parameter.Groups["name"].Value}"
        : null;

    // Overrides, explicit implementations and the members of hosted and other framework interfaces keep the names they were given.
    private static bool IsOfTheFramework(SourceFile file, int at)
    {
        var before = file.Code.LastIndexOfAny([';', '{', '}'], Math.Max(at - 1, 0)) + 1;
        var after = file.Code.IndexOfAny([';', '{', '}'], at);
        var declaration = file.Code[before..(after < 0 ? file.Code.Length : after)];

        return Regex.IsMatch(declaration, @"\boverride\b|\bdelegate\b|\b(?:StartAsync|WaitForStartAsync|StopAsync|TryHandleAsync|CheckHealthAsync)\(|\sI[A-Z]\w*(?:<.*>)?\.\w+\(");
    }
}

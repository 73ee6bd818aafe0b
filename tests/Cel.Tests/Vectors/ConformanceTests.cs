using System.Text.Json;

namespace Countersign.Cel.Tests.Vectors;

public sealed class ConformanceTests
{
    // Messages are no part of what we have.
    private static readonly string[] s_messages = ["TestAllTypes", "google.protobuf", "objectValue", "\"container\""];

    // Where our answer is another one than the file's, and why. There is none.
    private static readonly Dictionary<string, string> s_exceptions = [];

    [Theory]
    [InlineData("basic", 43, 0)]
    [InlineData("comparisons", 334, 72)]
    [InlineData("conversions", 109, 0)]
    [InlineData("fields", 60, 0)]
    [InlineData("fp_math", 30, 0)]
    [InlineData("integer_math", 64, 0)]
    [InlineData("lists", 39, 0)]
    [InlineData("logic", 30, 0)]
    [InlineData("macros", 44, 0)]
    [InlineData("parse", 193, 26)]
    [InlineData("plumbing", 5, 0)]
    [InlineData("string", 51, 0)]
    [InlineData("timestamps", 73, 5)]
    [Trait("R", "208")]
    public void Expressions_come_to_what_the_specification_says(string file, int ran, int withMessages)
    {
        var tests = VectorFile.Tests(file);
        var chosen = tests.Where(test => !s_messages.Any(test.Test.GetRawText().Contains)).ToList();
        var wrong = chosen
            .Select(test => (Name: $"{file}/{test.Section}/{test.Test.GetProperty("name").GetString()}", Fault: Fault(test.Test)))
            .Where(answer => answer.Fault is null == s_exceptions.ContainsKey(answer.Name))
            .Select(answer => $"{answer.Name}: {answer.Fault ?? "is listed as an exception and passes"}")
            .ToList();

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal((ran, withMessages), (chosen.Count, tests.Length - chosen.Count));
    }

    private static string? Fault(JsonElement test)
    {
        var expected = test.TryGetProperty("value", out var value) ? VectorValue.Of(value) : CelValue.True;
        var isError = test.TryGetProperty("evalError", out _);
        var environment = new CelEnvironment(Declared(test)) { IsChecked = !test.TryGetProperty("disableCheck", out _) };
        var text = test.GetProperty("expr").GetString()!;

        if (CelExpression.Compile(text, environment, out var fault) is not { } compiled)
        {
            return $"{text} is refused: {fault}";
        }

        var outcome = compiled.Evaluate(Bound(test, environment));

        return outcome.Is(out var actual, out var error)
            ? !isError && VectorValue.AreSame(actual, expected) ? null : $"{text} came to {actual}, not to {(isError ? "an error" : expected)}"
            : isError ? null : $"{text} came to an error: {error}";
    }

    private static IEnumerable<KeyValuePair<string, CelType>> Declared(JsonElement test) =>
        test.TryGetProperty("typeEnv", out var types)
            ? types.EnumerateArray().Select(type =>
                KeyValuePair.Create(type.GetProperty("name").GetString()!, VectorValue.Type(type.GetProperty("ident").GetProperty("type"))))
            : [];

    // One test binds a variable that it does not declare.
    private static CelActivation Bound(JsonElement test, CelEnvironment environment)
    {
        var variables = new CelActivation(environment);

        if (test.TryGetProperty("bindings", out var bindings))
        {
            foreach (var binding in bindings.EnumerateObject().Where(binding => environment.Names.Contains(binding.Name)))
            {
                variables.With(binding.Name, VectorValue.Of(binding.Value.GetProperty("value")));
            }
        }

        return variables;
    }
}

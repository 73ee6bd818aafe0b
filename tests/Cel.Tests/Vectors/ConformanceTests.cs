using System.Text.Json;

namespace Countersign.Cel.Tests.Vectors;

public sealed class ConformanceTests(ITestOutputHelper output)
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
        output.WriteLine($"{file}: all {ran} without messages pass");
    }

    /// <summary>The files of what lies beside the language: what of them passes anyway, and by name what does not, with the reason.</summary>
    [Theory]
    [InlineData("bindings_ext", 6, 0, "the macro cel.bind, an extension")]
    [InlineData("block_ext", 25, 0, "cel.block, an extension that optimisers write and people do not")]
    [InlineData("encoders_ext", 4, 0, "base64, an extension")]
    [InlineData("enums", 2, 0, "enumerations are of protobuf")]
    [InlineData("macros2", 46, 0, "macros with two variables, an extension")]
    [InlineData("math_ext", 199, 0, "math.*, an extension")]
    [InlineData("namespace", 3, 3, "the others use containers, which are of protobuf packages")]
    [InlineData("network_ext", 69, 0, "addresses and networks, an extension")]
    [InlineData("optionals", 59, 0, "optional values, an extension")]
    [InlineData("string_ext", 212, 40, "more text functions, an extension")]
    [InlineData("type_deduction", 26, 2, "deduced types are not shown: an expression is only checked for its result")]
    [Trait("R", "208")]
    public void What_is_left_out_is_left_out_for_a_reason(string file, int count, int passing, string reason)
    {
        var chosen = VectorFile.Tests(file).Where(test => !s_messages.Any(test.Test.GetRawText().Contains)).ToList();
        var left = new List<string>();

        foreach (var (section, test) in chosen)
        {
            string? fault;

            try
            {
                fault = Fault(test);
            }
            catch (Exception exception) when (exception is InvalidOperationException or KeyNotFoundException or NotSupportedException or ArgumentException)
            {
                fault = "its value is of no type that is here";
            }

            if (fault is not null)
            {
                left.Add($"{section}/{test.GetProperty("name").GetString()}");
            }
        }

        output.WriteLine($"{file}: {chosen.Count - left.Count} of {chosen.Count} pass. Left out ({reason}): {string.Join(", ", left)}");
        Assert.Equal((count, passing), (chosen.Count, chosen.Count - left.Count));
    }

    [Fact]
    [Trait("R", "208")]
    public void The_files_are_all_there_and_counted()
    {
        var (ofLanguage, ofAll) = (0, 0);
        string[] language = ["basic", "comparisons", "conversions", "fields", "fp_math", "integer_math", "lists", "logic", "macros", "parse", "plumbing", "string", "timestamps"];

        foreach (var file in VectorFile.Names())
        {
            var count = VectorFile.Tests(file).Count(test => !s_messages.Any(test.Test.GetRawText().Contains));
            ofAll += count;
            ofLanguage += language.Contains(file) ? count : 0;
        }

        output.WriteLine($"{ofLanguage} of {ofAll} tests without protobuf messages are of the language itself, and all pass; of the others, of extensions mostly, 45 do");
        Assert.Equal((1075, 1726), (ofLanguage, ofAll));
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

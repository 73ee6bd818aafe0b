using System.Reflection;
using System.Text.Json;

namespace Countersign.Cel.Tests.Vectors;

/// <summary>The conformance data of cel-spec. It is no part of this repository: a test that finds none says so and is skipped.</summary>
internal static class VectorFile
{
    private const string Variable = "COUNTERSIGN_VECTORS";

    private static string Root { get; } = typeof(VectorFile).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "RepositoryRoot").Value!;

    /// <summary>The tests of a file with the names of their sections.</summary>
    public static (string Section, JsonElement Test)[] Tests(string name)
    {
        var folder = Folder();

        return
        [
            .. from section in JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, $"{name}.json"))).RootElement.GetProperty("section").EnumerateArray()
               from test in section.GetProperty("test").EnumerateArray()
               select (section.GetProperty("name").GetString()!, test),
        ];
    }

    /// <summary>The names of all files.</summary>
    public static string[] Names() => [.. Directory.EnumerateFiles(Folder(), "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    private static string Folder()
    {
        var folder = Environment.GetEnvironmentVariable(Variable) ?? Beside(Root);
        Assert.SkipUnless(Directory.Exists(folder), $"there are no test vectors: put them into shared/vectors beside the repository, or name their folder in {Variable}");

        return Path.Combine(folder!, "cel-spec", "json");
    }

    // The nearest one upwards.
    private static string? Beside(string root)
    {
        for (var at = new DirectoryInfo(root); at is not null; at = at.Parent)
        {
            var folder = Path.Combine(at.FullName, "shared", "vectors");

            if (Directory.Exists(folder))
            {
                return folder;
            }
        }

        return null;
    }
}

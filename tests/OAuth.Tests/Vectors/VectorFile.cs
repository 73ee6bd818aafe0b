using System.Reflection;
using System.Text.Json;

namespace Countersign.OAuth.Tests.Vectors;

/// <summary>Published test vectors. They are no part of this repository: a test that finds none says so and is skipped.</summary>
internal static class VectorFile
{
    private const string Variable = "COUNTERSIGN_VECTORS";

    private static string Root { get; } = typeof(VectorFile).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "RepositoryRoot").Value!;

    public static JsonElement Read(string path)
    {
        var folder = Environment.GetEnvironmentVariable(Variable) ?? Beside(Root);
        Assert.SkipUnless(Directory.Exists(folder), $"there are no test vectors: put them into shared/vectors beside the repository, or name their folder in {Variable}");

        return JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder!, path))).RootElement;
    }

    /// <summary>The groups of a file with their tests.</summary>
    public static IEnumerable<(JsonElement Group, JsonElement[] Tests)> Groups(string path) =>
        Read($"wycheproof/{path}_test.json").GetProperty("testGroups").EnumerateArray()
            .Select(group => (group, group.GetProperty("tests").EnumerateArray().ToArray()));

    public static int Number(this JsonElement test) => test.GetProperty("tcId").GetInt32();

    public static string Text(this JsonElement test, string member) => test.GetProperty(member).GetString()!;

    public static byte[] Hex(this JsonElement test, string member) => Convert.FromHexString(test.Text(member));

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

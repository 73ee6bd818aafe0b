using System.Diagnostics;
using System.Reflection;

namespace Countersign.Conventions.Tests;

/// <summary>The files that are, or would be, committed.</summary>
internal static class Repository
{
    private static readonly string[] Binary = [".png", ".ico", ".gz", ".zip", ".db", ".woff2"];

    private static readonly Lazy<IReadOnlyList<SourceFile>> Tracked = new(ReadTracked);

    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "RepositoryRoot").Value!;

    public static IReadOnlyList<SourceFile> Files => Tracked.Value;

    public static IEnumerable<SourceFile> Under(string folder, string extension = "") =>
        Files.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal) && file.Path.EndsWith(extension, StringComparison.Ordinal));

    public static bool Has(string path) => Path.Exists(Path.Combine(Root, path));

    private static List<SourceFile> ReadTracked() =>
        [
            .. from path in List()
               where !Binary.Contains(Path.GetExtension(path)) && File.Exists(Path.Combine(Root, path))
               orderby path
               select new SourceFile(path, File.ReadAllText(Path.Combine(Root, path))),
        ];

    // Files not yet added count too, so that a fault shows before the commit.
    private static string[] List()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };

        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.True(git.ExitCode == 0, "git ls-files failed: the conventions are tested in a git work tree");

        return output.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}

using System.Xml.Linq;

namespace Countersign.Conventions.Tests;

public sealed class ProjectTests
{
    // References run one way: what stands on the left may know what stands on the right.
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["OAuth"] = [],
        ["Cel"] = [],
        ["Server"] = ["OAuth", "Cel"],
        ["Cli"] = ["Server", "OAuth"],
    };

    private static IEnumerable<SourceFile> Projects => Repository.Files.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal));

    [Fact]
    public void References_run_one_way() =>
        Faults.None(
            from project in Repository.Under("src/", ".csproj")
            let name = Path.GetFileNameWithoutExtension(project.Path)
            from reference in Included(project, "ProjectReference")
            let target = Path.GetFileNameWithoutExtension(reference)
            where !MayReference.TryGetValue(name, out var allowed) || !allowed.Contains(target)
            select $"{project.Path}: {name} references {target}",
            "OAuth ← Server ← Cli. Turn the dependency round, or for a new project say in ProjectTests what it may know.");

    [Fact]
    public void The_protocol_knows_neither_the_web_server_nor_the_database()
    {
        string[] refused = ["Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "Microsoft.Data.", "Npgsql", "Microsoft.Extensions.Hosting"];
        var project = Repository.Under("src/OAuth/OAuth.csproj").Single();

        Faults.None(
            [
                .. Included(project, "FrameworkReference").Select(reference => $"{project.Path}: {reference}"),
                .. from file in Repository.Under("src/OAuth/").Where(file => file.Name is "OAuth.csproj" or "packages.lock.json")
                   from name in refused
                   where file.Text.Contains(name, StringComparison.Ordinal)
                   select $"{file.Path}: {name}",
                .. project.Text.StartsWith("<Project Sdk=\"Microsoft.NET.Sdk\">", StringComparison.Ordinal) ? [] : new[] { $"{project.Path}: another SDK" },
            ],
            "src/OAuth is the protocol without I/O. What needs more belongs in src/Server.");
    }

    [Fact]
    public void Every_project_is_in_the_solution_and_has_its_lock_file()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Countersign.slnx"));
        Faults.None(
            [
                .. from project in Projects
                   where !solution.Contains($"\"{project.Path}\"", StringComparison.Ordinal)
                   select $"{project.Path}: is not in Countersign.slnx",
                .. from project in Projects
                   where !Repository.Files.Any(file => file.Path == Path.GetDirectoryName(project.Path) + "/packages.lock.json")
                   select $"{project.Path}: has no packages.lock.json",
            ],
            "dotnet sln add, dotnet restore, and commit what they change.");
    }

    [Fact]
    public void Versions_of_packages_are_central_and_exact() =>
        Faults.None(
            [
                .. from project in Projects
                   from reference in XDocument.Parse(project.Text).Descendants("PackageReference")
                   where reference.Attribute("Version") is not null || reference.Attribute("VersionOverride") is not null
                   select $"{project.Path}: {reference}",
                .. from version in XDocument.Parse(Repository.Under("Directory.Packages.props").Single().Text).Descendants("PackageVersion")
                   where version.Attribute("Version")!.Value.Any(character => character is '*' or '[' or '(' or ',')
                   select $"Directory.Packages.props: {version}",
            ],
            "Give one exact version in Directory.Packages.props.");

    private static IEnumerable<string> Included(SourceFile project, string item) =>
        XDocument.Parse(project.Text).Descendants(item).Select(element => element.Attribute("Include")?.Value ?? "");
}

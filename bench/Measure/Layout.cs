namespace Countersign.Measure;

/// <summary>Where the built programs and the script lie, seen from this one.</summary>
internal static class Layout
{
    private static readonly DirectoryInfo Here = new(AppContext.BaseDirectory);

    public static string Countersign => Built("Cli", "countersign");

    /// <summary>The server's runtime settings (garbage collector, tiered compilation): the ceilings run under the same.</summary>
    public static string RuntimeSettings => Built("Cli", "countersign.runtimeconfig.json");

    public static string Ceiling => Built("Ceiling", "Countersign.Ceiling.dll");

    public static string Probe => Built("Probe", "Countersign.Probe.dll");

    public static string WrkScript { get; } = Path.Combine(AppContext.BaseDirectory, "post.lua");

    private static string Built(string project, string file)
    {
        var path = Path.Combine(Here.Parent!.Parent!.FullName, project, Here.Name, file);
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException("bench/load and bench/accounts build what is measured; start those", path);
    }
}

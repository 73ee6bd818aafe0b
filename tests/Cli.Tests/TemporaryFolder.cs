// File modes are what some of the tests are about.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]

namespace Countersign.Cli.Tests;

internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("countersign-cli-");

    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public string Write(string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.WriteAllText(Path(name), text);
        File.SetUnixFileMode(Path(name), mode);

        return Path(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

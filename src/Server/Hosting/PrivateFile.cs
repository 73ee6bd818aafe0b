using System.Text;

namespace Countersign.Server.Hosting;

/// <summary>Files that hold secrets: readable by their owner only, from the moment they exist.</summary>
internal static class PrivateFile
{
    /// <exception cref="IOException">The file exists and <paramref name="mode"/> is to make a new one.</exception>
    public static void Write(string path, string text, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };

        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

            // A file that is there keeps its mode: take that of others away before the secret is in it.
            if (mode != FileMode.CreateNew && File.Exists(path))
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        using var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    public static bool IsReadByOthers(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;
}

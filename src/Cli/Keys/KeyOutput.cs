using System.CommandLine;
using Countersign.Server.Hosting;

namespace Countersign.Cli.Keys;

/// <summary>Where keys are written: private ones into files for their owner alone, and never over what is there unless told to.</summary>
internal sealed class KeyOutput
{
    public const string StandardOutput = "-";

    private readonly Option<bool> _force = new("--force") { Description = "Write over files that exist." };

    public Option Force => _force;

    /// <summary>Refused before anything is made: half of a pair alone helps nobody.</summary>
    public void CheckFree(Call call, params string?[] paths)
    {
        foreach (var path in paths)
        {
            if (path is not null and not StandardOutput && File.Exists(path) && !call.Get(_force))
            {
                throw CommandFault.Usage($"{path} exists: give another file, or --force to write over it");
            }
        }
    }

    public async Task WritePrivateAsync(Call call, string path, string text)
    {
        if (path == StandardOutput)
        {
            await call.Shell.Out.WriteAsync(text);
        }
        else
        {
            PrivateFile.Write(path, text, Mode(call));
        }
    }

    public async Task WritePublicAsync(Call call, string? path, string text)
    {
        if (path is null or StandardOutput)
        {
            await call.Shell.Out.WriteAsync(text);

            return;
        }

        await using var file = new StreamWriter(path, new FileStreamOptions { Mode = Mode(call), Access = FileAccess.Write });
        await file.WriteAsync(text);
    }

    private FileMode Mode(Call call) => call.Get(_force) ? FileMode.Create : FileMode.CreateNew;
}

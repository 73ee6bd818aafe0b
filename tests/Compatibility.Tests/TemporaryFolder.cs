namespace Countersign.Compatibility.Tests;

/// <summary>A folder in which a test's commands run.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("countersign-test-").FullName;

    public Task<string> BashAsync(string command, params (string Name, string? Value)[] environment) => ClientProgram.BashInAsync(Path, command, environment);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

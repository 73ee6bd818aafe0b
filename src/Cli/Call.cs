using System.CommandLine;
using System.Text.Json;

namespace Countersign.Cli;

/// <summary>One run of one command: its arguments, where it writes, and the server it talks to.</summary>
internal sealed class Call(ParseResult parsed, CommandLine root) : IDisposable
{
    private AdminClient? _admin;

    public Shell Shell => root.Shell;

    public Output Output => field ??= new Output(Shell, parsed.GetValue(root.Json));

    /// <summary>The profile's path, given or by default.</summary>
    public string ProfilePath => parsed.GetValue(root.Profile) ?? Profile.DefaultPath(Shell);

    /// <summary>Made on first use, so that what needs no server needs no profile.</summary>
    public AdminClient Admin => _admin ??= AdminClient.For(Profile.Read(ProfilePath, Shell), Shell.Time);

    public DateTimeOffset Now => Shell.Time.GetUtcNow();

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => parsed.GetRequiredValue(argument);

    public bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    public Task<JsonElement> FindAsync(Kind kind, string text, CancellationToken ct) => Lookup.FindAsync(Admin, kind, text, ct);

    /// <summary>The path of the one thing that the text names.</summary>
    public async Task<string> PathAsync(Kind kind, string text, CancellationToken ct) => $"{kind.Path}/{await IdAsync(kind, text, ct)}";

    public async Task<string> IdAsync(Kind kind, string text, CancellationToken ct) => Json.Text(await FindAsync(kind, text, ct), "id")!;

    public async Task<string?> IdOrNoneAsync(Kind kind, string? text, CancellationToken ct) =>
        text is null ? null : await IdAsync(kind, text, ct);

    public void Dispose() => _admin?.Dispose();
}

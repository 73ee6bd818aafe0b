using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli;

/// <summary>Which server, and as whom.</summary>
internal sealed class Profile(string server, string clientId, string clientSecret)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The issuer, without a slash at its end.</summary>
    public string Server { get; } = server.TrimEnd('/');

    public string ClientId => clientId;

    public string RevealSecret() => clientSecret;

    public override string ToString() => $"{ClientId} at {Server} (secret)";

    public static string DefaultPath(Shell shell)
    {
        if (shell.Environment("COUNTERSIGN_PROFILE") is { Length: > 0 } path)
        {
            return path;
        }

        var folder = shell.Environment("XDG_CONFIG_HOME") is { Length: > 0 } given
            ? given
            : Path.Combine(shell.Environment("HOME") is { Length: > 0 } home ? home : ".", ".config");

        return Path.Combine(folder, "countersign", "profile.json");
    }

    /// <summary>The file's values, with what the environment says in their place.</summary>
    public static Profile Read(string path, Shell shell)
    {
        var server = shell.Environment("COUNTERSIGN_SERVER");
        var clientId = shell.Environment("COUNTERSIGN_CLIENT_ID");
        var secret = shell.Environment("COUNTERSIGN_CLIENT_SECRET");

        if (server is null || clientId is null || secret is null)
        {
            var file = ReadFile(path);

            server ??= Json.Text(file, "server") ?? Json.Text(file, "issuer");
            clientId ??= Json.Text(file, "client_id") ?? Json.Text(file, "admin.client_id");
            secret ??= Json.Text(file, "client_secret") ?? Json.Text(file, "admin.client_secret");
        }

        return server is { Length: > 0 } && clientId is { Length: > 0 } && secret is { Length: > 0 }
            ? new Profile(CheckedServer(server), clientId, secret)
            : throw CommandFault.Usage($"the profile {path} needs server, client_id and client_secret");
    }

    /// <summary>A secret must not cross a network in the clear, so plain http is for this machine only.</summary>
    public static string CheckedServer(string server) =>
        Uri.TryCreate(server, UriKind.Absolute, out var uri) && uri.Query is "" && uri.Fragment is "" && uri.UserInfo is ""
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && IsThisMachine(uri)))
            ? server.TrimEnd('/')
            : throw CommandFault.Usage($"'{server}' is not a server: an https URL is needed, or http on localhost");

    public void Write(string path)
    {
        using var file = Create(path);
        Fill(file, path);
    }

    /// <summary>Opens the new file beside the old one, before the secret for it exists: a full disk shows now.</summary>
    public static FileStream Create(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;

        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            options.UnixCreateMode = OwnerOnly;
        }

        File.Delete(path + ".new");

        return new FileStream(path + ".new", options);
    }

    public void Fill(FileStream file, string path)
    {
        var body = new JsonObject { ["server"] = Server, ["client_id"] = ClientId, ["client_secret"] = clientSecret };

        file.Write(JsonSerializer.SerializeToUtf8Bytes(body, Output.Indented));
        file.Flush(flushToDisk: true);
        File.Move(file.Name, path, overwrite: true);
    }

    private static bool IsThisMachine(Uri uri) =>
        uri.IsLoopback || uri.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static JsonElement ReadFile(string path)
    {
        try
        {
            using var file = File.OpenRead(path);

            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & ~OwnerOnly & ~UnixFileMode.UserExecute) != 0)
            {
                throw CommandFault.Usage($"others can read the profile {path}, which holds a secret: chmod 600 {path}");
            }

            using var document = JsonDocument.Parse(file);

            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CommandFault.Usage(
                $"there is no profile {path}: make one with `countersign setup` or `countersign profile set`, or give --profile");
        }
        catch (JsonException)
        {
            // The parser's words may quote what the file holds.
            throw CommandFault.Usage($"the profile {path} is not JSON");
        }
    }
}

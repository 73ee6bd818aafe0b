using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.OAuth;
using Countersign.Server.Hosting;

namespace Countersign.Cli;

/// <summary>Which server, and as whom: with a secret, or with a key file in its place.</summary>
internal sealed class Profile(string server, string clientId, string? clientSecret, string? keyFile = null)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The issuer, without a slash at its end.</summary>
    public string Server { get; } = server.TrimEnd('/');

    public string ClientId => clientId;

    /// <summary>The file with the key; null where there is a secret.</summary>
    public string? KeyPath => keyFile;

    public override string ToString() => $"{ClientId} at {Server} (secret)";

    /// <summary>What proves to the server that it is this client.</summary>
    public ClientIdentity Identity() => keyFile is null
        ? new ClientIdentity(clientId, clientSecret!)
        : new ClientIdentity(
            clientId,
            PrivateKeyText.Read(ReadKeyFile(keyFile), out _, out var fault) ?? throw CommandFault.Usage($"the key file {keyFile}: {fault}"));

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
        var key = shell.Environment("COUNTERSIGN_KEY_FILE");

        if (secret is not null && key is not null)
        {
            throw CommandFault.Usage("COUNTERSIGN_CLIENT_SECRET and COUNTERSIGN_KEY_FILE are both set: one of them is enough");
        }

        // A key file may say by itself what else is needed.
        if (key is not null && KeyFile.Read(ReadKeyFile(key)) is { } given)
        {
            (server, clientId) = (server ?? given.Issuer, clientId ?? given.ClientId);
        }

        if (server is null || clientId is null || (secret ?? key) is null)
        {
            var file = ReadFile(path);

            server ??= Json.Text(file, "server") ?? Json.Text(file, "issuer");
            clientId ??= Json.Text(file, "client_id") ?? Json.Text(file, "admin.client_id");

            if (secret is null)
            {
                key ??= Json.Text(file, "key_file") is { } name ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, name) : null;
                secret = key is null ? Json.Text(file, "client_secret") ?? Json.Text(file, "admin.client_secret") : null;
            }
        }

        return server is { Length: > 0 } && clientId is { Length: > 0 } && (secret ?? key) is { Length: > 0 }
            ? new Profile(CheckedServer(server), clientId, secret, key)
            : throw CommandFault.Usage($"the profile {path} needs server, client_id and client_secret or key_file");
    }

    /// <summary>A URL of a server, which has no query.</summary>
    public static string CheckedServer(string server) => Wire.CheckedUrl(server).Query is ""
        ? server.TrimEnd('/')
        : throw CommandFault.Usage($"'{server}' is not a server: its URL has no query");

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
        var body = new JsonObject { ["server"] = Server, ["client_id"] = ClientId }
            .With("client_secret", clientSecret)
            .With("key_file", keyFile);

        file.Write(JsonSerializer.SerializeToUtf8Bytes(body, Output.Indented));
        file.Flush(flushToDisk: true);
        File.Move(file.Name, path, overwrite: true);
    }

    private static string ReadKeyFile(string path) =>
        !File.Exists(path) ? throw CommandFault.Usage($"there is no key file {path}")
        : PrivateFile.IsReadByOthers(path) ? throw CommandFault.Usage($"others can read the key file {path}: chmod 600 {path}")
        : File.ReadAllText(path);

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

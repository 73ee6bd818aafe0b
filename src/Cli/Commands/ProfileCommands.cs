using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class ProfileCommands
{
    public static Noun Noun() => new("profile", "Says which server this program speaks to, and as whom.", "countersign profile show")
    {
        Set(),
        Show(),
    };

    /// <summary>What is told about a profile: all but its secret.</summary>
    public static void Written(Call call, string path, string server, string? clientId, string? keyPath = null) =>
        call.Output.Done(Shown(path, server, clientId, keyPath), $"The profile {path} is written: {clientId} at {server}.");

    private static Verb Set()
    {
        var server = new Option<string>("--server") { Description = "Issuer URL of the server.", HelpName = "url", Required = true };
        var clientId = new Option<string>("--client-id") { Description = "The service account's client_id.", Required = true };
        var file = SecretInput.FileOption("--secret-file", "the client secret");
        var key = new Option<string>("--key-file")
        {
            Description = "File with the private key (key file, JWK or PEM) to sign with in place of a secret; the profile names it.",
            HelpName = "file",
        };

        return new Verb(
            "set",
            "Writes the profile. The client secret comes from standard input or a file; with --key-file there is none.",
            "countersign profile set --server https://auth.example.com --client-id ops < secret.txt")
        {
            server, clientId, file, key,
        }.Does(async (call, ct) =>
        {
            var url = Profile.CheckedServer(call.Get(server)!);
            var keyFile = call.Get(key) is { } path ? Path.GetFullPath(path) : null;
            var secret = keyFile is null ? await SecretInput.ReadAsync(call, file, "client secret", ct) : null;
            var profile = new Profile(url, call.Get(clientId)!, secret, keyFile);

            // Read once, so that a wrong file is seen now.
            using (profile.Identity())
            {
                profile.Write(call.ProfilePath);
            }

            Written(call, call.ProfilePath, url, call.Get(clientId), keyFile);
        });
    }

    private static Verb Show() =>
        new Verb("show", "Shows the profile in use, without its secret.", "countersign profile show").Does((call, _) =>
        {
            var profile = Profile.Read(call.ProfilePath, call.Shell);
            call.Output.Answer(Shown(call.ProfilePath, profile.Server, profile.ClientId, profile.KeyPath));

            return Task.CompletedTask;
        });

    private static JsonElement Shown(string path, string server, string? clientId, string? keyPath) => JsonSerializer.SerializeToElement(
        new JsonObject { ["profile"] = path, ["server"] = server, ["client_id"] = clientId }.With("key_file", keyPath));
}

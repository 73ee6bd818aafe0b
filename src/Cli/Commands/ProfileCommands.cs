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
    public static void Written(Call call, string path, string server, string? clientId) =>
        call.Output.Done(Shown(path, server, clientId), $"The profile {path} is written: {clientId} at {server}.");

    private static Verb Set()
    {
        var server = new Option<string>("--server") { Description = "Issuer URL of the server.", HelpName = "url", Required = true };
        var clientId = new Option<string>("--client-id") { Description = "The service account's client_id.", Required = true };
        var file = SecretInput.FileOption("--secret-file", "the client secret");

        return new Verb(
            "set",
            "Writes the profile. The client secret comes from standard input or a file.",
            "countersign profile set --server https://auth.example.com --client-id ops < secret.txt")
        {
            server, clientId, file,
        }.Does(async (call, ct) =>
        {
            var url = Profile.CheckedServer(call.Get(server)!);
            var secret = await SecretInput.ReadAsync(call, file, "client secret", ct);

            new Profile(url, call.Get(clientId)!, secret).Write(call.ProfilePath);
            Written(call, call.ProfilePath, url, call.Get(clientId));
        });
    }

    private static Verb Show() =>
        new Verb("show", "Shows the profile in use, without its secret.", "countersign profile show").Does((call, _) =>
        {
            var profile = Profile.Read(call.ProfilePath, call.Shell);
            call.Output.Answer(Shown(call.ProfilePath, profile.Server, profile.ClientId));

            return Task.CompletedTask;
        });

    private static JsonElement Shown(string path, string server, string? clientId) =>
        JsonSerializer.SerializeToElement(new JsonObject { ["profile"] = path, ["server"] = server, ["client_id"] = clientId });
}

using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Cli.Commands;

internal static class SetupCommand
{
    public static Verb Verb()
    {
        var server = new Option<string>("--server") { Description = "Issuer URL of the server.", HelpName = "url", Required = true };
        var file = SecretInput.FileOption("--token-file", "the setup token");
        var force = new Option<bool>("--force") { Description = "Replace a profile that exists." };

        return new Verb(
            "setup",
            "Makes the first administrator of a new server and writes the profile. The setup token is what `countersign serve` prints.",
            "countersign setup --server https://auth.example.com < setup-token.txt")
        {
            server, file, force,
        }.Does(async (call, ct) =>
        {
            var url = Profile.CheckedServer(call.Get(server)!);
            var path = call.ProfilePath;

            if (File.Exists(path) && !call.Get(force))
            {
                throw CommandFault.Usage($"the profile {path} exists: give --force to replace it, or another --profile");
            }

            var token = await SecretInput.ReadAsync(call, file, "setup token", ct);

            // The token works once, so the place for what it gives is made first.
            await using var profile = Profile.Create(path);
            using var anonymous = AdminClient.Anonymous(url, call.Shell.Time);
            JsonElement answer;

            try
            {
                answer = await anonymous.PostAsync("setup", new JsonObject { ["setup_token"] = token }, ct);
            }
            catch (CommandFault)
            {
                File.Delete(profile.Name);

                throw;
            }

            if (Json.Text(answer, "client_id") is not { } clientId || Json.Text(answer, "client_secret") is not { } secret)
            {
                throw CommandFault.Refused("the server's answer holds no client_id and client_secret");
            }

            try
            {
                new Profile(url, clientId, secret).Fill(profile, path);
            }
            catch (IOException e)
            {
                call.Output.Secret(answer, $"The profile could not be written ({e.Message}). {Plain.ShownOnce}");

                throw;
            }

            ProfileCommands.Written(call, path, url, clientId);
        });
    }
}

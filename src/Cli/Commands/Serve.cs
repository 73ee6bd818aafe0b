using System.CommandLine;
using Countersign.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Cli.Commands;

/// <summary><c>countersign serve</c>: the server in production.</summary>
internal static class Serve
{
    public static Verb Verb()
    {
        var config = new Option<string?>("--config")
        {
            Description = "JSON file of settings; the environment (COUNTERSIGN_…) and flags win over it.",
        };
        var verb = new Verb(
            "serve",
            "Starts the server for production, with settings from a file, the environment and flags.",
            "countersign serve --database postgres://countersign@db/countersign --public-url https://auth.example.com "
            + "--tls-certificate tls.crt --tls-key tls.key --master-key-file master.key");
        var flags = SettingKeys.All
            .Where(k => k.Key != "master_key")
            .ToDictionary(k => k.Key, k => new Option<string?>($"--{k.Key.Replace('_', '-')}") { Description = k.Value });
        verb.Add(config);
        verb.Add(flags.Values);

        return verb.Does((call, ct) => RunAsync(call, call.Get(config), flags, ct));
    }

    private static async Task RunAsync(Call call, string? file, Dictionary<string, Option<string?>> flags, CancellationToken ct)
    {
        var reader = new SettingsReader();

        if (file is not null)
        {
            reader.AddFile(file);
        }

        reader.AddEnvironment(Variables());

        foreach (var (key, flag) in flags)
        {
            if (call.Get(flag) is { } value)
            {
                reader.AddFlag(key, value);
            }
        }

        if (reader.Read() is not { } settings)
        {
            throw CommandFault.Usage($"the settings do not fit:\n  {string.Join("\n  ", reader.Faults)}");
        }

        await using var app = await ServerProcess.BuildAsync(settings, ct);
        var setup = await app.Services.GetRequiredService<Bootstrap>().OfferSetupAsync(ct);
        await ServerProcess.StartAsync(app, settings, ct);
        await call.Shell.Out.WriteLineAsync($"ready {settings.PublicUrl.GetLeftPart(UriPartial.Authority)}");

        if (setup is not null)
        {
            await call.Shell.Out.WriteLineAsync(
                $"""

                There is no administrator yet. This token makes one, once, within an hour; a restart makes a new one:

                  {setup.Reveal()}

                  countersign setup --server {settings.PublicUrl.GetLeftPart(UriPartial.Authority)}
                """);
        }

        await call.Shell.Out.FlushAsync(ct);
        await app.WaitForShutdownAsync(ct);
    }

    private static IEnumerable<KeyValuePair<string, string>> Variables()
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            yield return new((string)variable.Key, (string?)variable.Value ?? "");
        }
    }
}

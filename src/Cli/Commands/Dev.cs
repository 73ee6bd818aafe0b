using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Countersign.Server.Hosting;
using Countersign.Server.Keys;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Cli.Commands;

/// <summary><c>countersign dev</c>: a server on SQLite with a demo tenant, at once.</summary>
internal static class Dev
{
    private static readonly Option<int> s_port = new("--port") { Description = "Port on localhost; 0 takes a free one.", DefaultValueFactory = _ => 8080 };
    private static readonly Option<string> s_data = new("--data") { Description = "Folder of database, master key and dev.json.", DefaultValueFactory = _ => "./data" };
    private static readonly Option<string?> s_database = new("--database") { Description = "Another database than <data>/countersign.db: postgres://user@host/database." };

    public static Verb Verb()
    {
        var verb = new Verb("dev", "Starts a server for a first try, on SQLite with a demo tenant, and prints commands to paste.", "countersign dev --port 8080 --data ./data")
            .Does(RunAsync);
        verb.Add([s_port, s_data, s_database]);
        s_port.Validators.Add(result =>
        {
            if (result.GetValue(s_port) is < 0 or > 65535)
            {
                result.AddError("--port must be from 0 to 65535");
            }
        });

        return verb;
    }

    private static async Task RunAsync(Call call, CancellationToken ct)
    {
        var data = Directory.CreateDirectory(call.Get(s_data)!).FullName;
        var port = call.Get(s_port) is > 0 and var given ? given : FreePort();
        var issuer = new Uri($"http://localhost:{port}");
        var settings = new ServerSettings
        {
            Database = call.Get(s_database) ?? $"sqlite:{Path.Combine(data, "countersign.db")}",
            PublicUrl = issuer,
            Listen = [issuer],
            Hosts = ["127.0.0.1", "[::1]"],
            MasterKey = MasterKey.ReadOrCreate(Path.Combine(data, "master.key")),
            LogLevel = "warning",
        };

        await using var app = await ServerProcess.BuildAsync(settings, ct);
        var file = Path.Combine(data, "dev.json");
        var demo = await app.Services.GetRequiredService<DemoTenant>().EnsureAsync(file, issuer.GetLeftPart(UriPartial.Authority), ct);
        await ServerProcess.StartAsync(app, settings, ct);
        await call.Shell.Out.WriteLineAsync(Guide(demo, file));
        await call.Shell.Out.FlushAsync(ct);
        await ServerProcess.WaitAsync(app, ct);
    }

    private static string Guide(DemoFile demo, string file) =>
        $"""
        ready {demo.Issuer}

        A token for the demo account:

          curl -s -u {demo.ServiceAccount.ClientId}:{demo.ServiceAccount.ClientSecret} -d grant_type=client_credentials {demo.TokenEndpoint}

        Is it good? The demo account also acts as the demo API:

          curl -s -u {demo.ServiceAccount.ClientId}:{demo.ServiceAccount.ClientSecret} -d token="$(curl -s -u {demo.ServiceAccount.ClientId}:{demo.ServiceAccount.ClientSecret} -d grant_type=client_credentials {demo.TokenEndpoint} | sed 's/.*"access_token":"\([^"]*\)".*/\1/')" {demo.Issuer}/oauth2/introspect

        The admin API:

          curl -s -H "Authorization: Bearer $(curl -s -u {demo.Admin.ClientId}:{demo.Admin.ClientSecret} -d grant_type=client_credentials {demo.TokenEndpoint} | sed 's/.*"access_token":"\([^"]*\)".*/\1/')" {demo.Issuer}/admin/v1/service-accounts

        The same by command, and why a request was refused:

          countersign account list --profile {file}
          countersign explain TRACE-ID --profile {file}

        These secrets are for this machine; they are kept in {file}. Ctrl-C stops the server.
        """;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

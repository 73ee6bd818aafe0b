using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Countersign.Server.Hosting;
using Countersign.Server.Jwks;
using Countersign.Server.Keys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Cli.Commands;

/// <summary><c>countersign dev</c>: a server on SQLite with a demo tenant, at once.</summary>
internal static class Dev
{
    public static Verb Verb()
    {
        var port = new Option<int>("--port") { Description = "Port on localhost; 0 takes a free one.", DefaultValueFactory = _ => 8080 };
        var data = new Option<string>("--data") { Description = "Folder of database, master key and dev.json.", DefaultValueFactory = _ => "./data" };
        var database = new Option<string?>("--database")
        {
            Description = "Another database than <data>/countersign.db: postgres://user@host/database.",
        };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65535)
            {
                result.AddError("--port must be from 0 to 65535");
            }
        });

        var verb = new Verb(
            "dev", "Starts a server for a first try, on SQLite with a demo tenant, and prints commands to paste.", "countersign dev --port 8080 --data ./data");
        verb.Add([port, data, database]);

        return verb.Does((call, ct) => RunAsync(call, call.Get(port), call.Get(data)!, call.Get(database), ct));
    }

    private static async Task RunAsync(Call call, int port, string data, string? database, CancellationToken ct)
    {
        data = Directory.CreateDirectory(data).FullName;
        var issuer = new Uri($"http://localhost:{(port == 0 ? FreePort() : port)}");
        var settings = new ServerSettings
        {
            Database = database ?? $"sqlite:{Path.Combine(data, "countersign.db")}",
            PublicUrl = issuer,
            Listen = [issuer],
            Hosts = ["127.0.0.1", "[::1]"],
            MasterKey = MasterKey.ReadOrCreate(Path.Combine(data, "master.key")),
            Outbound = OutboundRules.OnThisMachine,
            LogLevel = "warning",
        };

        await using var app = await ServerProcess.BuildAsync(settings, ct);
        var file = Path.Combine(data, "dev.json");
        var demo = await app.Services.GetRequiredService<DemoTenant>().EnsureAsync(file, issuer.GetLeftPart(UriPartial.Authority), ct);
        await ServerProcess.StartAsync(app, settings, ct);
        await call.Shell.Out.WriteLineAsync(Guide(demo, file));
        await call.Shell.Out.FlushAsync(ct);
        await app.WaitForShutdownAsync(ct);
    }

    private static string Guide(DemoFile demo, string file)
    {
        var account = $"{demo.ServiceAccount.ClientId}:{demo.ServiceAccount.ClientSecret}";
        var admin = $"{demo.Admin.ClientId}:{demo.Admin.ClientSecret}";

        return $"""
            ready {demo.Issuer}

            A token for the demo account:

              {Ask(account)}

            Is it good? The demo account also acts as the demo API:

              curl -s -u {account} -d token="$({Token(account)})" {demo.Issuer}/oauth2/introspect

            The admin API:

              curl -s -H "Authorization: Bearer $({Token(admin)})" {demo.Issuer}/admin/v1/service-accounts

            The same by command, and why a request was refused:

              countersign account list --profile {file}
              countersign explain TRACE-ID --profile {file}

            These secrets are for this machine; they are kept in {file}. Ctrl-C stops the server.
            """;

        string Ask(string client) => $"curl -s -u {client} -d grant_type=client_credentials {demo.TokenEndpoint}";

        string Token(string client) => $"""{Ask(client)} | sed 's/.*"access_token":"\([^"]*\)".*/\1/'""";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

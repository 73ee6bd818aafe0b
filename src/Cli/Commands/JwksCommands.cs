using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Countersign.Cli.Keys;
using Countersign.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Cli.Commands;

internal static class JwksCommands
{
    public static Noun Noun() => new("jwks", "Publishes the public halves of keys.", "countersign jwks serve --watch keys")
    {
        Serve(),
    };

    private static Verb Serve()
    {
        var keys = new Option<string[]>("--keys")
        {
            Description = "Files of keys: key file, JWK, JWK set, PEM, certificate. Only public halves are served.",
            HelpName = "file",
            AllowMultipleArgumentsPerToken = true,
        };
        var watch = new Option<string>("--watch")
        {
            Description = "Folder of such files (.pem, .pub, .jwk, .jwks, .json; not .key and .crt, which are likely the server's own); one that is added is published, one that is gone no longer.",
            HelpName = "folder",
        };
        var listen = new Option<string>("--listen")
        {
            Description = "Where to listen: an IP address or localhost; https needs the two below.",
            DefaultValueFactory = _ => "http://127.0.0.1:8085",
            HelpName = "url",
        };
        var certificate = new Option<string>("--tls-certificate") { Description = "PEM file with the certificate and its chain.", HelpName = "file" };
        var key = new Option<string>("--tls-key") { Description = "PEM file with the certificate's private key.", HelpName = "file" };
        var maxAge = new Option<string>("--max-age") { Description = "How long the set may be kept (Cache-Control).", DefaultValueFactory = _ => "5m", HelpName = "length" };

        return new Verb(
            "serve",
            "Serves the public halves of keys as a JWK set at /jwks.json and /.well-known/jwks.json, for `jwks-url set`. Files are read again when"
            + " they change. To change keys without a gap: put a new one beside the old (key generate --out keys/new.pem), wait until the servers have"
            + " fetched it (--max-age; an unknown kid makes them fetch too, at most twice a minute), sign with the new one, and take the old file"
            + " away when its last assertion has expired.",
            "countersign jwks serve --watch keys --listen https://0.0.0.0:8443 --tls-certificate tls.crt --tls-key tls.key")
        {
            keys, watch, listen, certificate, key, maxAge,
        }.Does(async (call, ct) =>
        {
            var tls = (call.Get(certificate), call.Get(key)) switch
            {
                (null, null) => ((string, string)?)null,
                ({ } crt, { } pem) => (crt, pem),
                _ => throw CommandFault.Usage("--tls-certificate and --tls-key belong together"),
            };
            var url = Url(call.Get(listen)!, tls is not null);
            var published = new PublishedKeys(call.Get(keys) ?? [], call.Get(watch), call.Shell.Time, call.Output.Remark);
            published.Current();

            await RunAsync(call, new JwksHost(published, Times.Length(call.Get(maxAge)!)), url, tls, ct);
        });
    }

    private static async Task RunAsync(Call call, JwksHost host, Uri url, (string Certificate, string Key)? tls, CancellationToken ct)
    {
        await using var app = host.Build(url, tls, call.Shell.Time, services => services.AddSingleton<IHostLifetime, SignalLifetime>());

        try
        {
            await app.StartAsync(ct);
        }
        catch (Exception e) when (e is IOException or SocketException or CryptographicException)
        {
            throw CommandFault.Usage($"cannot listen on {url.GetLeftPart(UriPartial.Authority)}: {e.Message}");
        }

        await call.Shell.Out.WriteLineAsync($"ready {app.Urls.First()}/jwks.json");
        await call.Shell.Out.FlushAsync(ct);
        await app.WaitForShutdownAsync(ct);
    }

    private static Uri Url(string text, bool isTls) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url.Scheme == (isTls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp)
            && url.AbsolutePath == "/"
            && (url.Host == "localhost" || IPAddress.TryParse(url.Host.Trim('[', ']'), out _))
            ? url
            : throw CommandFault.Usage($"'{text}' is no place to listen: http://127.0.0.1:8085, or https with --tls-certificate and --tls-key");
}

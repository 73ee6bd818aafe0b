using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Countersign.OAuth;
using Countersign.Server.Jwks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Countersign.Server.Tests.Jwks;

/// <summary>A real HTTPS host on loopback that publishes keys, well or badly.</summary>
internal sealed class KeyHost : IAsyncDisposable
{
    public const string Name = "keys.example";

    private readonly WebApplication _app;
    private readonly X509Certificate2? _certificate;
    private readonly CancellationTokenSource _stopped = new();
    private int _requests;

    private KeyHost(WebApplication app, X509Certificate2? certificate) => (_app, _certificate) = (app, certificate);

    /// <summary>The authority of all hosts that are not given another.</summary>
    public static TestAuthority Authority { get; } = new("Countersign tests");

    public int Port => new Uri(_app.Urls.First()).Port;

    public string Url => $"https://{Name}:{Port}/jwks.json";

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>The head of each request, line by line.</summary>
    public ConcurrentQueue<string[]> Heads { get; } = new();

    public ConcurrentDictionary<string, bool> Connections { get; } = new();

    public Func<HttpContext, Task> Answer { get; set; } = c => JsonAsync(c, """{"keys":[]}""");

    /// <summary>Ends what hangs when the host stops.</summary>
    public CancellationToken Stopped => _stopped.Token;

    /// <summary>What a server is given that may fetch from this host.</summary>
    public OutboundRules Rules => new() { Networks = [IPNetwork.Parse("127.0.0.1/32")], Ports = [new PortRange(Port, Port)] };

    public static async Task<KeyHost> StartAsync(X509Certificate2? certificate = null, string address = "127.0.0.1", int port = 0, bool http = false)
    {
        certificate ??= http ? null : Authority.Issue(Name);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Parse(address), port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;

                if (certificate is not null)
                {
                    // Offline: the host itself would download what its certificate names.
                    var tls = new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true) };
                    listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(tls) });
                }
            });
        });
        var app = builder.Build();
        var host = new KeyHost(app, certificate);
        app.Run(host.HandleAsync);
        await app.StartAsync();

        return host;
    }

    public void Serve(params SigningKey[] keys) => Serve(Set(keys));

    public void Serve(string body, string type = "application/jwk-set+json", int status = 200) => Answer = c => JsonAsync(c, body, type, status);

    /// <summary>Takes requests and never answers them.</summary>
    public void Hang() => Answer = c => Task.Delay(Timeout.Infinite, CancellationTokenSource.CreateLinkedTokenSource(c.RequestAborted, Stopped).Token);

    public static string Set(params SigningKey[] keys) => $$"""{"keys":[{{string.Join(',', keys.Select(k => Encoding.UTF8.GetString(k.PublicJwk)))}}]}""";

    public static async Task JsonAsync(HttpContext context, string body, string type = "application/jwk-set+json", int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(body);
    }

    /// <summary>Every name is this machine.</summary>
    public static Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        using var at = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(at.Token);
        await _app.DisposeAsync();
        _certificate?.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref _requests);
        Connections[context.Connection.Id] = true;
        Heads.Enqueue([$"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}", .. context.Request.Headers.Select(h => $"{h.Key}: {h.Value}")]);

        try
        {
            await Answer(context);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The fetch ended first, as it should.
        }
    }
}

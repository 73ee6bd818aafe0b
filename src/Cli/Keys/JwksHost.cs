using System.Net;
using Countersign.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Cli.Keys;

/// <summary>A small web server of one JWK set.</summary>
internal sealed class JwksHost(PublishedKeys keys, TimeSpan maxAge)
{
    private static readonly string[] Paths = ["/jwks.json", "/.well-known/jwks.json"];

    public WebApplication Build(Uri listen, (string Certificate, string Key)? tls, TimeProvider time, Action<IServiceCollection>? more = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.WebHost.UseKestrelCore();

        if (tls is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.Services.AddSingleton(time);
        more?.Invoke(builder.Services);
        builder.WebHost.ConfigureKestrel((_, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(12);
            Listen(kestrel, listen, tls, time);
        });

        var app = builder.Build();
        app.Run(AnswerAsync);

        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, Uri listen, (string Certificate, string Key)? tls, TimeProvider time)
    {
        Action<ListenOptions> options = options =>
        {
            if (tls is not var (certificate, key))
            {
                options.Protocols = HttpProtocols.Http1;

                return;
            }

            var logger = options.ApplicationServices.GetRequiredService<ILogger<ServerCertificate>>();
            var listener = new TlsListener(new ServerCertificate(certificate, key, time, logger), certificate);
            listener.Options();
            options.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(listener.Options()) });
        };

        if (listen.Host == "localhost")
        {
            kestrel.ListenLocalhost(listen.Port, options);
        }
        else
        {
            kestrel.Listen(IPAddress.Parse(listen.Host.Trim('[', ']')), listen.Port, options);
        }
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var isHead = HttpMethods.IsHead(http.Request.Method);

        if (!Paths.Contains(http.Request.Path.Value) || !(isHead || HttpMethods.IsGet(http.Request.Method)))
        {
            http.Response.StatusCode = Paths.Contains(http.Request.Path.Value) ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound;

            return;
        }

        var set = keys.Current();
        http.Response.Headers.ETag = set.Tag;
        http.Response.Headers.CacheControl = $"public, max-age={(int)maxAge.TotalSeconds}";
        http.Response.Headers.XContentTypeOptions = "nosniff";

        if (http.Request.Headers.IfNoneMatch.ToString().Split(',').Any(tag => tag.Trim() is "*" || tag.Trim().Replace("W/", "", StringComparison.Ordinal) == set.Tag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;

            return;
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = set.Body.Length;

        if (!isHead)
        {
            await http.Response.Body.WriteAsync(set.Body, http.RequestAborted);
        }
    }
}

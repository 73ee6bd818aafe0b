using System.Net;
using Countersign.Server.Admin;
using Countersign.Server.Audit;
using Countersign.Server.Clients;
using Countersign.Server.Data;
using Countersign.Server.Discovery;
using Countersign.Server.Dpop;
using Countersign.Server.Explanations;
using Countersign.Server.Introspection;
using Countersign.Server.Jwks;
using Countersign.Server.Keys;
using Countersign.Server.Revocation;
using Countersign.Server.Tenants;
using Countersign.Server.Token;
using Countersign.Server.Token.Grants;
using Countersign.Server.TrustedIssuers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Countersign.Server.Hosting;

/// <summary>The table of contents: what the server is made of, and what it maps.</summary>
internal static class ServerHost
{
    /// <summary>Builds the server and brings its database up to date; it listens once it is started.</summary>
    public static async Task<WebApplication> BuildAsync(ServerSettings settings, CancellationToken ct, Action<IServiceCollection>? replace = null)
    {
        // A bare LF ends no line (R6); the switch is read when the web server is made.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.WebHost.UseKestrelCore();

        if (settings.TlsCertificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.Services.AddRoutingCore();
        AddLogging(builder.Logging, settings);
        AddServer(builder.Services, settings);
        AdminRoutes.AddServices(builder.Services);
        replace?.Invoke(builder.Services);
        builder.WebHost.ConfigureKestrel((_, kestrel) => Limit(kestrel, settings));

        var app = builder.Build();
        await app.Services.GetRequiredService<Bootstrap>().RunAsync(ct);
        Map(app, settings);

        return app;
    }

    private static void AddServer(IServiceCollection services, ServerSettings settings)
    {
        var engine = DatabaseEngine.Parse(settings.Database);
        services.AddSingleton(settings);
        services.AddSingleton(engine);
        services.AddSingleton(new MasterKey(settings.MasterKey, settings.PreviousMasterKeys));
        services.TryAddSingleton(TimeProvider.System);
        services.AddPooledDbContextFactory<Db>(options =>
        {
            engine.Configure(options);

            // Migrations are written by hand and have no snapshot to compare with; a test compares the schemas.
            options.ConfigureWarnings(w => w.Ignore(RelationalEventId.PendingModelChangesWarning));
        });
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<Db>>().CreateDbContext());

        services.AddSingleton<Store>();
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<TenantLoader>();
        services.AddSingleton<AccountLoader>();
        services.AddSingleton(provider => new TenantDirectory(
            provider.GetRequiredService<TenantLoader>(),
            provider.GetRequiredService<AccountLoader>(),
            provider.GetRequiredService<IDbContextFactory<Db>>(),
            settings.AccountsInMemory));
        services.AddSingleton<Bootstrap>();
        services.AddSingleton<DemoTenant>();

        services.AddSingleton<FailureLimiter>();
        services.AddSingleton<RefusalPace>();
        services.AddSingleton<SecretUpgrade>();
        services.AddSingleton<SecretProof>();
        services.AddSingleton<UsedAssertions>();
        services.AddSingleton<AssertionProof>();
        services.AddSingleton<ForeignKeys>();
        services.AddSingleton<TemplateAccounts>();
        services.AddSingleton<ForeignProof>();
        services.AddSingleton<DryRun>();
        services.AddSingleton<DpopNonces>();
        services.AddSingleton<DpopGuard>();
        services.AddSingleton<ClientAuthentication>();
        services.AddSingleton<JwtBearerGrant>();
        services.AddSingleton<TokenExchangeGrant>();
        services.AddSingleton<RefusalBudget>();
        services.AddSingleton<AuditWriter>();
        services.AddSingleton<TokenUsage>();
        services.AddSingleton<ExchangeLog>();
        services.AddSingleton<Revocations>();
        services.AddSingleton<KeyRotation>();
        services.AddSingleton<Housekeeping>();

        services.AddSingleton(settings.Outbound);
        services.AddSingleton<ResolveHost>(SystemResolver.ResolveAsync);
        services.AddSingleton<OutboundFetch>();
        services.AddSingleton<JwksSources>();
        services.AddSingleton<JwksRefresh>();

        services.AddSingleton<TokenEndpoint>();
        services.AddSingleton<IntrospectionEndpoint>();
        services.AddSingleton<RevocationEndpoint>();
        services.AddSingleton<DiscoveryEndpoints>();
        services.AddSingleton<HealthEndpoints>();

        // Stopped in the reverse order: the writers last, after all that adds to them.
        services.AddHostedService(p => p.GetRequiredService<AuditWriter>());
        services.AddHostedService(p => p.GetRequiredService<UsedAssertions>());
        services.AddHostedService(p => p.GetRequiredService<TokenUsage>());
        services.AddHostedService(p => p.GetRequiredService<ChangeFeed>());
        services.AddHostedService(p => p.GetRequiredService<KeyRotation>());
        services.AddHostedService(p => p.GetRequiredService<Housekeeping>());
        services.AddHostedService(p => p.GetRequiredService<JwksRefresh>());

        // R259: what is in flight gets ten seconds.
        services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(10));
    }

    private static void Map(WebApplication app, ServerSettings settings)
    {
        if (settings.TrustedProxies.Length > 0)
        {
            var forwarded = new ForwardedHeadersOptions
            {
                ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
                ForwardLimit = null,
            };
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();

            foreach (var network in settings.TrustedProxies)
            {
                forwarded.KnownIPNetworks.Add(network);
            }

            app.UseForwardedHeaders(forwarded);
        }

        app.UseMiddleware<FrontDoor>();
        app.UseRouting();

        TokenEndpoint.Map(app, app.Services.GetRequiredService<TokenEndpoint>());
        IntrospectionEndpoint.Map(app, app.Services.GetRequiredService<IntrospectionEndpoint>());
        RevocationEndpoint.Map(app, app.Services.GetRequiredService<RevocationEndpoint>());
        DiscoveryEndpoints.Map(app, app.Services.GetRequiredService<DiscoveryEndpoints>());
        HealthEndpoints.Map(app, app.Services.GetRequiredService<HealthEndpoints>());
        AdminRoutes.Map(app);
    }

    private static void Limit(KestrelServerOptions kestrel, ServerSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 100;
        kestrel.Limits.MaxRequestLineSize = 8 * 1024;

        // The form's own limit says why; this one counts the framing of chunks too, and only backs it.
        kestrel.Limits.MaxRequestBodySize = 2 * OAuthForm.Limit;

        // Looked at once a second, so that the fifteenth is not passed (R7).
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(12);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        kestrel.Limits.Http2.MaxStreamsPerConnection = 100;

        kestrel.RequestHeaderEncodingSelector = name => name == HeaderNames.ContentLength ? UnsignedLength.Instance : null;

        foreach (var url in settings.Listen)
        {
            if (url.Host == "localhost")
            {
                kestrel.ListenLocalhost(url.Port, Options(url));
            }
            else
            {
                kestrel.Listen(IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) ? address : IPAddress.Any, url.Port, Options(url));
            }
        }

        Action<ListenOptions> Options(Uri url) => listen =>
        {
            if (url.Scheme != Uri.UriSchemeHttps)
            {
                listen.Protocols = HttpProtocols.Http1;

                return;
            }

            var services = listen.ApplicationServices;
            var certificate = new ServerCertificate(
                settings.TlsCertificate!,
                settings.TlsKey!,
                services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<ILogger<ServerCertificate>>());
            var tls = new TlsListener(certificate, settings.TlsCertificate!);
            tls.Options();
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(tls.Options()) });
        };
    }

    private static void AddLogging(ILoggingBuilder logging, ServerSettings settings)
    {
        logging.SetMinimumLevel(Enum.Parse<LogLevel>(settings.LogLevel, ignoreCase: true));
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // What fails is said where it is handled, in words of ours and without the statement.
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None);

        // One JSON object per line, UTC (R240).
        logging.AddJsonConsole(options =>
        {
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
        });

        // Standard output is for what the user asked for.
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}

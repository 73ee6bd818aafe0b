// A bare Kestrel to measure the server against: it reads each POST to its end, does the work of its mode and answers a fixed body.
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Countersign.Ceiling;
using Microsoft.AspNetCore.Server.Kestrel.Core;

var settings = new ConfigurationBuilder().AddCommandLine(args).Build();
if (Work.Named(settings["mode"] ?? "") is not { } work
    || !int.TryParse(settings["port"] ?? "0", CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("usage: ceiling --mode fixed|es256|rs256|verify-sign|verify-rsa-sign [--port N] [--body FILE]");
    return 2;
}

var body = settings["body"] is { } file ? await File.ReadAllBytesAsync(file) : "{}"u8.ToArray();

// The server is made the same way; with an empty builder there is no logging and no configuration.
var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
});

await using var app = builder.Build();

// Run, not Map: not even routing stands between.
app.Run(async http =>
{
    await DrainAsync(http.Request.BodyReader, http.RequestAborted);
    work();
    http.Response.ContentType = "application/json";
    http.Response.ContentLength = body.Length;
    await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
});

await app.StartAsync();
Console.WriteLine($"ready {app.Urls.Single()}");
await app.WaitForShutdownAsync();
return 0;

static async ValueTask DrainAsync(PipeReader reader, CancellationToken ct)
{
    while (true)
    {
        var read = await reader.ReadAsync(ct);
        reader.AdvanceTo(read.Buffer.End);
        if (read.IsCompleted)
        {
            return;
        }
    }
}

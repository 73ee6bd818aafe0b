using System.Text.Json;
using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>The description that a server gives of its admin API to anybody.</summary>
public sealed class OpenApiDocument : IAsyncLifetime
{
    internal JsonElement Json { get; private set; }

    public async ValueTask InitializeAsync()
    {
        await using var server = await TestServer.StartAsync();
        Json = await new Caller(server, null).ReadAsync("/openapi.json");
    }

    public ValueTask DisposeAsync() => default;
}

using System.Net;

namespace Countersign.Server.Tests.Framework;

/// <summary>One server for all tests of a class, where none leaves behind what another would trip over.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>One server for all tests of a class, behind a proxy on loopback that it trusts: a test can speak from any address.</summary>
public sealed class ServerBehindProxy : IAsyncLifetime
{
    private int _address;

    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Server = await TestServer.StartAsync(s => s with { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")] });

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>An address of the documentation range that no test has used yet.</summary>
    internal string NewAddress()
    {
        var next = Interlocked.Increment(ref _address);

        return $"2001:db8:{next >> 16:x}:{next & 0xFFFF:x}::1";
    }

    /// <summary>A form with Basic credentials, as the proxy hands it on.</summary>
    internal async Task<Answer> PostFromAsync(string address, string clientId, string secret, string path, params (string Name, string Value)[] form)
    {
        var request = TestServer.Form(path, form);
        request.Headers.Authorization = TestServer.Basic(clientId, secret);

        return await SendFromAsync(address, request);
    }

    internal Task<Answer> SendFromAsync(string address, HttpRequestMessage request)
    {
        request.Headers.Add("X-Forwarded-For", address);
        request.Headers.Add("X-Forwarded-Proto", "https");

        return Server.SendAsync(request);
    }
}

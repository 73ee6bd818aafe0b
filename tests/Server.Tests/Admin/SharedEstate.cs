using Countersign.Server.Tests.Framework;

namespace Countersign.Server.Tests.Admin;

/// <summary>One server with one estate for all tests of a class, where none changes what another looks at.</summary>
public sealed class SharedEstate : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    internal Caller Root { get; private set; } = null!;

    internal Estate Estate { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await TestServer.StartAsync();
        Root = await Server.RootAsync();
        Estate = await Estate.MakeAsync(Root);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>One server with two tenants, each with an administrator and an estate.</summary>
public sealed class TwoTenants : IAsyncLifetime
{
    public const string OtherHost = "b.example";

    internal TestServer Server { get; private set; } = null!;

    internal Caller A { get; private set; } = null!;

    internal Caller B { get; private set; } = null!;

    internal Estate OfA { get; private set; } = null!;

    internal Estate OfB { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await TestServer.StartAsync();
        A = await Server.RootAsync();
        var admin = (await A.MakeAsync("/tenants", new { name = "b", issuer = $"https://{OtherHost}" })).Json.GetProperty("admin");
        B = await Server.SignInAsync(admin.GetProperty("client_id").GetString()!, admin.GetProperty("client_secret").GetString()!, OtherHost);
        (OfA, OfB) = (await Estate.MakeAsync(A), await Estate.MakeAsync(B));
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

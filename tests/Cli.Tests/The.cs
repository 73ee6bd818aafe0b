namespace Countersign.Cli.Tests;

/// <summary>Values that the tests know by name.</summary>
internal static class The
{
    public const string Id = "019c4f6e-0000-7000-8000-000000000001";
    public const string OtherId = "019c4f6e-0000-7000-8000-000000000002";

    public const string Account =
        $$"""{"id":"{{Id}}","client_id":"ci","name":"CI","owner":{"organization":"{{OtherId}}"},"disabled":false,"last_used_at":null}""";

    public static string Items(params string[] items) => $$"""{"items":[{{string.Join(',', items)}}],"next_cursor":null}""";

    /// <summary>A server that knows one service account, by its client_id.</summary>
    public static StubServer ServerWithAccount()
    {
        var server = new StubServer();
        server.On("GET /admin/v1/service-accounts", Items(Account));

        return server;
    }
}

using System.Text.Json;

namespace Countersign.Compatibility.Tests;

/// <summary>What the clients' printed answers must say, whichever client printed them.</summary>
internal static class Answers
{
    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    public static string[] Names(this JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];

    /// <summary>{token, before, after}: obtained for both scopes, seen active, revoked, seen inactive and nothing more.</summary>
    public static void ShowAWholeLife(JsonElement life, DevFile dev, Client client)
    {
        var token = life.GetProperty("token");
        Assert.NotEmpty(token.Text("access_token"));
        Assert.Equal("bearer", token.Text("token_type"), ignoreCase: true);
        Assert.Equal(3600, token.GetProperty("expires_in").GetInt32());
        Assert.Equal(["read", "write"], token.Text("scope").Split(' ').Order());

        var before = life.GetProperty("before");
        Assert.True(before.GetProperty("active").GetBoolean());
        Assert.Equal(dev.Issuer, before.Text("iss"));
        Assert.Equal(client.ClientId, before.Text("client_id"));
        Assert.Equal(client.Id, before.Text("sub"));
        Assert.Equal(["read", "write"], before.Text("scope").Split(' ').Order());
        Assert.Equal(3600, before.GetProperty("exp").GetInt64() - before.GetProperty("iat").GetInt64());

        Assert.Equal("""{"active":false}""", JsonSerializer.Serialize(life.GetProperty("after")));
    }

    /// <summary>{status?, challenges?, error, error_description}: the standard code, and a trace id to ask an operator about.</summary>
    public static void ShowARefusal(JsonElement refusal, string error)
    {
        Assert.Equal(error, refusal.Text("error"));
        Assert.Matches(@" \(trace [0-9a-f-]{36}\)$", refusal.Text("error_description"));
    }
}

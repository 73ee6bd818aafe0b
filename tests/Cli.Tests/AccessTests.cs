using System.Text;

namespace Countersign.Cli.Tests;

public sealed class AccessTests
{
    [Fact]
    public async Task One_token_is_got_by_encoded_Basic_and_serves_every_request()
    {
        await using var server = The.ServerWithAccount();
        server.On($"DELETE /admin/v1/service-accounts/{The.Id}", "", 204);

        await Ran.Async(server, "account", "delete", "ci");

        var token = Assert.Single(server.Requests, seen => seen.Target == "/oauth2/token");
        Assert.Equal("ops:a%20secret%3A%2B%25", Encoding.UTF8.GetString(Convert.FromBase64String(token.Authorization!["Basic ".Length..])));
        Assert.Equal("grant_type=client_credentials&resource=urn%3Acountersign%3Aadmin", token.Body);
        Assert.Equal(["Bearer the-token", "Bearer the-token"], server.Calls.Select(call => call.Authorization));
    }

    [Fact]
    public async Task A_server_that_calls_itself_something_else_gets_no_secret()
    {
        await using var server = new StubServer();
        server.On(
            "GET /.well-known/oauth-authorization-server",
            """{"issuer":"https://other.example","token_endpoint":"https://other.example/t"}""");

        var ran = await Ran.Async(server, "whoami");

        Assert.Equal(2, ran.Code);
        Assert.Contains("https://other.example", ran.Error, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Refused_credentials_end_with_4_and_say_how_to_find_out_why()
    {
        await using var server = new StubServer();
        server.On(
            "POST /oauth2/token",
            $$"""{"error":"invalid_client","error_description":"client authentication failed (trace {{The.Id}})"}""",
            401);

        var ran = await Ran.Async(server, "whoami");

        Assert.Equal(4, ran.Code);
        Assert.Contains("invalid_client", ran.Error, StringComparison.Ordinal);
        Assert.Contains($"countersign explain {The.Id}", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_with_3()
    {
        var ran = await Ran.WithAsync(
            new()
            {
                ["COUNTERSIGN_SERVER"] = "http://127.0.0.1:1",
                ["COUNTERSIGN_CLIENT_ID"] = "x",
                ["COUNTERSIGN_CLIENT_SECRET"] = "canary",
            },
            "",
            "whoami");

        Assert.Equal(3, ran.Code);
        Assert.StartsWith("error: cannot reach http://127.0.0.1:1", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_shows_title_detail_fields_and_trace()
    {
        await using var server = new StubServer();
        server.On(
            "POST /admin/v1/groups",
            $$"""{"title":"Bad Request","detail":"it is not valid","errors":{"name":["is taken","is long"]},"trace_id":"{{The.Id}}"}""",
            400);

        var ran = await Ran.Async(server, "group", "create", "--name", "x");

        Assert.Equal(1, ran.Code);
        Assert.Equal(
            $"""
            error: Bad Request: it is not valid
              name: is taken
              name: is long
            Trace {The.Id}. To see every check: countersign explain {The.Id}

            """,
            ran.Error);
        Assert.Empty(ran.Out);
    }

    [Theory]
    [InlineData(403, 4)]
    [InlineData(401, 4)]
    [InlineData(404, 1)]
    [InlineData(409, 1)]
    [InlineData(412, 1)]
    [InlineData(500, 1)]
    public async Task The_exit_code_follows_the_status(int status, int code)
    {
        await using var server = new StubServer();
        server.On("POST /admin/v1/groups", """{"title":"No"}""", status);

        Assert.Equal(code, (await Ran.Async(server, "group", "create", "--name", "x")).Code);
    }

    [Theory]
    [InlineData(502, "<html>bad gateway</html>")]
    [InlineData(302, "")]
    [InlineData(400, "[1]")]
    [InlineData(400, """{"title":7,"errors":{"a":7}}""")]
    public async Task An_answer_in_no_known_form_is_a_sentence_too(int status, string body)
    {
        await using var server = new StubServer();
        server.On("GET /admin/v1/whoami", body, status);
        server.Header("Location", "https://other.example/");

        var ran = await Ran.Async(server, "whoami");

        Assert.Equal(1, ran.Code);
        Assert.Contains($"{status}", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_when_it_says_so()
    {
        await using var server = new StubServer();
        var asked = 0;
        server.On("GET /admin/v1/whoami", _ => ++asked < 3 ? (503, """{"title":"Busy"}""") : (200, """{"client_id":"ops"}"""));
        server.Header("Retry-After", "0");

        Assert.Equal(0, (await Ran.Async(server, "whoami")).Code);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task A_tenant_that_asks_for_versions_gets_the_latest()
    {
        await using var server = The.ServerWithAccount();
        server.On($"GET /admin/v1/service-accounts/{The.Id}", The.Account);
        server.On(
            $"PATCH /admin/v1/service-accounts/{The.Id}",
            seen => seen.IfMatch == "\"7\"" ? (200, The.Account) : (428, """{"title":"No"}"""));
        server.Header("ETag", "\"7\"");

        Assert.Equal(0, (await Ran.Async(server, "account", "disable", "ci")).Code);
    }

    [Fact]
    public async Task A_secret_whose_answer_was_lost_is_asked_for_again_under_the_same_key()
    {
        await using var server = The.ServerWithAccount();
        var asked = 0;
        server.On(
            $"POST /admin/v1/service-accounts/{The.Id}/secrets",
            _ => asked++ == 0 ? (StubServer.Lost, "") : (201, """{"client_secret":"x"}"""));

        Assert.Equal(0, (await Ran.Async(server, "secret", "create", "ci")).Code);
        Assert.Equal(2, asked);
        Assert.NotNull(server.Calls.Last().Key);
        Assert.Single(server.Calls.Skip(1).Select(call => call.Key).Distinct());
    }

    [Fact]
    public async Task A_change_whose_answer_was_lost_is_not_sent_again()
    {
        await using var server = new StubServer();
        server.On("POST /admin/v1/groups", _ => (StubServer.Lost, ""));

        Assert.Equal(3, (await Ran.Async(server, "group", "create", "--name", "x")).Code);
        Assert.Single(server.Calls);
    }
}

using System.Text.Json.Nodes;

namespace Countersign.Cli.Tests;

public sealed class ImportTests : IDisposable
{
    private const string Import = "POST /admin/v1/service-accounts/import";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Accounts_are_sent_in_batches_and_those_that_exist_are_skipped()
    {
        await using var server = ServerThatKeeps(out var kept);
        var file = FileOf(1200, "n");

        var first = await Ran.Async(server, "account", "import", file);
        var second = await Ran.Async(server, "account", "import", file, "--json");

        Assert.Equal("Created 1200 service accounts, skipped 0 whose client_id was there.\n", first.Out);
        Assert.Equal([500, 500, 200], server.Calls.Take(3).Select(call => call.Json["accounts"]!.AsArray().Count));
        Assert.Equal(1200, kept.Count);
        Assert.Equal(0, second.Json.GetProperty("created").GetInt32());
        Assert.Equal(1200, second.Json.GetProperty("skipped").GetArrayLength());
    }

    [Fact]
    public async Task A_batch_stays_within_what_the_server_takes()
    {
        await using var server = ServerThatKeeps(out var kept);
        var file = FileOf(500, new string('n', 4000));

        await Ran.Async(server, "account", "import", file);

        Assert.Equal(500, kept.Count);
        Assert.All(server.Calls, call => Assert.True(call.Body.Length < 1024 * 1024));
    }

    [Fact]
    public async Task Csv_holds_owner_hash_and_grant()
    {
        await using var server = ServerThatKeeps(out _);
        server.On("GET /admin/v1/organizations", The.Items($$"""{"id":"{{The.Id}}","name":"Acme, Inc."}"""));
        var file = _folder.Write(
            "a.csv",
            """
            client_id,name,organization,secret_hash,api,scopes,default_scopes
            one,"A ""good"" name","Acme, Inc.",$2b$12$x,urn:a,read write,read

            two,"over
            lines",,,,,

            """);

        Assert.Equal(0, (await Ran.Async(server, "account", "import", file)).Code);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse($$"""
                [{"client_id":"one","name":"A \"good\" name","owner":{"organization":"{{The.Id}}"},"secret_hash":"$2b$12$x",
                  "grants":[{"api":"urn:a","scopes":["read","write"],"default_scopes":["read"]}]},
                 {"client_id":"two","name":"over\nlines"}]
                """),
            server.Calls.Last().Json["accounts"]));
    }

    [Theory]
    [InlineData("""{"client_id":"b","name":"n","secret_hash":"$2b$canary""", "line 3 is not valid JSON")]
    [InlineData("""["b"]""", "line 3 is not a JSON object")]
    [InlineData("""{"name":"n"}""", "line 3 needs a client_id")]
    [InlineData("""{"client_id":"é","name":"n"}""", "line 3 needs a client_id")]
    [InlineData("""{"client_id":"b","client_id":"c","name":"n"}""", "line 3 is not valid JSON, or names a member twice")]
    [InlineData("""{"client_id":"b","name":""}""", "line 3 needs a name")]
    [InlineData("""{"client_id":"b","name":"n","nmae":1}""", "line 3 has a member 'nmae'")]
    [InlineData("""{"client_id":"b","name":"n","secret_hash":"canary"}""", "line 3 has a secret_hash")]
    [InlineData("""{"client_id":"b","name":"n","owner":{"group":"x","organization":"y"}}""", "line 3 has an owner")]
    [InlineData("""{"client_id":"b","name":"n","owner":{"group":"unknown"}}""", "line 3: there is no group 'unknown'")]
    [InlineData("""{"client_id":"b","name":"n","grants":[{"api":"a"}]}""", "line 3 has grants")]
    [InlineData("""{"client_id":"a","name":"n"}""", "line 3 has the client_id of line 1")]
    public async Task One_bad_line_refuses_the_file_before_anything_is_sent(string line, string fault)
    {
        await using var server = ServerThatKeeps(out _);
        server.On("GET /admin/v1/groups", The.Items());
        var file = _folder.Write("a.ndjson", $$"""{"client_id":"a","name":"n"}""" + "\n\n" + line + "\n");

        var ran = await Ran.Async(server, "account", "import", file);

        Assert.Equal(2, ran.Code);
        Assert.Contains(fault, ran.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was imported", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Calls, call => call.Method == "POST");
    }

    [Theory]
    [InlineData("client_id,surname\na,b\n", "line 1: the column 'surname'")]
    [InlineData("client_id,name\na,b\nc\n", "line 3 has 1 fields")]
    [InlineData("client_id,name\na,\"b\n", "line 2: a quote is opened")]
    [InlineData("client_id,name,name\na,b,c\n", "line 1: a column stands twice")]
    public async Task A_bad_line_of_csv_is_named_too(string text, string fault)
    {
        await using var server = ServerThatKeeps(out _);

        var ran = await Ran.Async(server, "account", "import", _folder.Write("a.csv", text));

        Assert.Equal(2, ran.Code);
        Assert.Contains(fault, ran.Error, StringComparison.Ordinal);
        Assert.Empty(server.Calls);
    }

    [Fact]
    public async Task A_refused_batch_names_the_line_and_what_was_stored_before()
    {
        await using var server = ServerThatKeeps(out var kept);
        var keep = 0;
        server.On(Import, seen => keep++ == 0
            ? (200, """{"created":500,"skipped":[]}""")
            : (400, """{"title":"Bad Request","detail":"accounts[2]: no API","errors":{"accounts[2].grants[0].api":["is unknown"]}}"""));
        var file = FileOf(600, "n");

        var ran = await Ran.Async(server, "account", "import", file);

        Assert.Equal(1, ran.Code);
        Assert.Contains("line 503: grants[0].api: is unknown", ran.Error, StringComparison.Ordinal);
        Assert.Contains("Bad Request: line 503: no API", ran.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing of the lines 501 to 600 was imported", ran.Error, StringComparison.Ordinal);
        Assert.Contains("500 accounts of the lines before were", ran.Error, StringComparison.Ordinal);
        Assert.Empty(kept);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_a_sentence()
    {
        await using var server = new StubServer();

        var ran = await Ran.Async(server, "account", "import", _folder.Path("none.ndjson"));

        Assert.Equal(2, ran.Code);
        Assert.Contains("none.ndjson", ran.Error, StringComparison.Ordinal);
    }

    private string FileOf(int accounts, string name) => _folder.Write(
        "a.ndjson",
        string.Join('\n', Enumerable.Range(0, accounts).Select(n => $$"""{"client_id":"c{{n}}","name":"{{name}}"}""")));

    private static StubServer ServerThatKeeps(out HashSet<string> kept)
    {
        var server = new StubServer();
        HashSet<string> ids = kept = [];
        server.On(Import, seen =>
        {
            var sent = seen.Json["accounts"]!.AsArray().Select(account => (string)account!["client_id"]!).ToList();
            var skipped = sent.Where(id => !ids.Add(id)).ToList();

            return (200, new JsonObject { ["created"] = sent.Count - skipped.Count, ["skipped"] = Json.Array(skipped) }.ToJsonString());
        });

        return server;
    }
}

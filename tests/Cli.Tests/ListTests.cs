using System.Text.Json;

namespace Countersign.Cli.Tests;

public sealed class ListTests
{
    private static StubServer ServerWithGroups(int count)
    {
        var server = new StubServer();
        server.On("GET /admin/v1/groups", seen =>
        {
            var query = System.Web.HttpUtility.ParseQueryString(seen.Target.Split('?')[1]);
            var (limit, start) = (int.Parse(query["limit"]!), int.Parse(query["cursor"] ?? "0"));
            var items = Enumerable.Range(start, Math.Min(limit, count - start)).Select(n => $$"""{"id":"{{n}}","name":"group {{n}}"}""");
            var next = start + limit < count ? $"\"{start + limit}\"" : "null";

            return (200, $$"""{"items":[{{string.Join(',', items)}}],"next_cursor":{{next}}}""");
        });

        return server;
    }

    [Theory]
    [InlineData(450, 3, "--all")]
    [InlineData(450, 3, "--all", "--limit", "1000")]
    [InlineData(300, 2, "--limit", "300")]
    [InlineData(50, 1)]
    [InlineData(7, 1, "--limit", "7")]
    public async Task Json_collects_as_many_items_as_asked(int items, int requests, params string[] options)
    {
        await using var server = ServerWithGroups(450);

        var ran = await Ran.Async(server, ["group", "list", "--json", .. options]);

        Assert.Equal(0, ran.Code);
        Assert.Equal(items, ran.Json.GetProperty("items").GetArrayLength());
        Assert.Equal(requests, server.Calls.Count());
    }

    [Fact]
    public async Task One_page_is_what_the_server_sent_and_can_be_gone_on_from()
    {
        await using var server = ServerWithGroups(3);

        var first = await Ran.Async(server, "group", "list", "--json", "--limit", "2");
        var people = await Ran.Async(server, "group", "list", "--limit", "2");
        var second = await Ran.Async(server, "group", "list", "--json", "--cursor", "2");

        Assert.Equal("2", first.Json.GetProperty("next_cursor").GetString());
        Assert.Contains("--cursor 2", people.Error, StringComparison.Ordinal);
        Assert.Equal("group 2", second.Json.GetProperty("items")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task An_empty_list_is_a_document_and_a_remark()
    {
        await using var server = ServerWithGroups(0);

        var json = await Ran.Async(server, "group", "list", "--all", "--json");
        var people = await Ran.Async(server, "group", "list");

        Assert.Equal(0, json.Json.GetProperty("items").GetArrayLength());
        Assert.Equal(("", "Nothing to show.\n"), (people.Out, people.Error));
    }

    [Fact]
    public async Task A_list_without_end_is_noticed()
    {
        await using var server = new StubServer();
        server.On("GET /admin/v1/groups", """{"items":[],"next_cursor":"again"}""");

        Assert.Equal(1, (await Ran.Async(server, "group", "list", "--all")).Code);
        Assert.Equal(2, server.Calls.Count());
    }

    [Fact]
    public async Task Filters_become_parameters()
    {
        await using var server = The.ServerWithAccount();
        server.On("GET /admin/v1/organizations", The.Items($$"""{"id":"{{The.OtherId}}","name":"Müller & Co"}"""));

        await Ran.Async(server, "account", "list", "--name", "a&b=c", "--org", "Müller & Co", "--unused-since", "30d", "--disabled");

        Assert.Equal(
            "/admin/v1/service-accounts?name=a%26b%3Dc&unused_since=2026-10-25T12%3A00%3A00Z&disabled=true"
            + $"&organization={The.OtherId}&limit=50",
            server.Calls.Last().Target);
    }

    [Fact]
    public async Task A_table_away_from_a_terminal_has_one_line_per_item_and_no_escape_codes()
    {
        await using var server = new StubServer();
        var group = new { id = The.Id, name = new string('x', 500), created_at = "t" };
        server.On("GET /admin/v1/groups", The.Items(JsonSerializer.Serialize(group)));

        var ran = await Ran.Async(server, "group", "list");

        Assert.Equal(2, ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain('\e', ran.Out);
    }

    [Theory]
    [Trait("R", "240")]
    [InlineData("\e[31mred\e[0m", @"\u{1b}[31mred\u{1b}[0m")]
    [InlineData("one\r\ntwo", @"one\u{d}\u{a}two")]
    [InlineData("\u202Egnp", @"\u{202e}gnp")]
    [InlineData("zero\u200Bwidth\u2028line", @"zero\u{200b}width\u{2028}line")]
    [InlineData("\u009B31m", @"\u{9b}31m")]
    [InlineData("[red]markup[/]", "[red]markup[/]")]
    [InlineData("Zoë 工", "Zoë 工")]
    public async Task Names_cannot_act_on_a_terminal(string name, string shown)
    {
        await using var server = new StubServer();
        var group = JsonSerializer.Serialize(new { id = The.Id, name, created_at = "t" });
        server.On("GET /admin/v1/groups", The.Items(group));
        server.On($"GET /admin/v1/groups/{The.Id}", group);
        var problem = new { title = name, detail = name, errors = new { name = new[] { name } } };
        server.On("POST /admin/v1/groups", JsonSerializer.Serialize(problem), 400);

        var list = await Ran.Async(server, "group", "list");
        var show = await Ran.Async(server, "group", "show", The.Id);
        var refused = await Ran.Async(server, "group", "create", "--name", "x");
        var json = await Ran.Async(server, "group", "list", "--json");

        Assert.All([list.Out, show.Out, refused.Error], text => Assert.Contains(shown, text, StringComparison.Ordinal));
        Assert.All(list.Out + show.Out + refused.Error + json.Out, c => Assert.True(c == '\n' || !char.IsControl(c)));
        Assert.All(json.Out, c => Assert.True(char.IsAscii(c)));
        Assert.Equal(name, json.Json.GetProperty("items")[0].GetProperty("name").GetString());
    }
}
